// What egress has to know of what ingress has found: on Tofino it travels in front of the packet.
#ifndef FIRSTACK_BRIDGE
#define FIRSTACK_BRIDGE

#if defined(SERVER_GATEWAY)

header bridge_t {
    @flexible bit<16> next_hop;
    @flexible bit<16> group;
    @flexible bit<1> to_server;
    @flexible bit<1> origin_tunnel;
    @flexible ipv4_addr_t gateway_addr;
    @flexible ipv4_addr_t origin_addr;
}
#define BRIDGE_IN(bridge, meta) \
    bridge.next_hop = meta.io.next_hop; \
    bridge.group = meta.service.group; \
    bridge.to_server = meta.service.to_server; \
    bridge.origin_tunnel = meta.service.origin_tunnel; \
    bridge.gateway_addr = meta.service.gateway_addr; \
    bridge.origin_addr = meta.service.origin_addr;
#define BRIDGE_OUT(bridge, meta) \
    meta.io.next_hop = bridge.next_hop; \
    meta.service.group = bridge.group; \
    meta.service.to_server = bridge.to_server; \
    meta.service.origin_tunnel = bridge.origin_tunnel; \
    meta.service.gateway_addr = bridge.gateway_addr; \
    meta.service.origin_addr = bridge.origin_addr;

#elif defined(CLIENT_GATEWAY)

header bridge_t {
    bit<16> next_hop;
    bit<8> verdict;
    bit<8> attempt;
    @padding bit<7> pad;
    bit<1> permitted;
    bit<8> form;
    ipv4_addr_t target_addr;
    l4_port_t target_port;
    l4_port_t gateway;
    bit<8> epoch;
}
#define BRIDGE_IN(bridge, meta) \
    bridge.next_hop = meta.io.next_hop; \
    bridge.verdict = meta.race.verdict; \
    bridge.attempt = meta.slot.attempt; \
    bridge.permitted = meta.race.permitted; \
    bridge.form = meta.race.form; \
    bridge.gateway = meta.settings.gateway; \
    bridge.epoch = meta.settings.epoch;
#define BRIDGE_OUT(bridge, meta) \
    meta.io.next_hop = bridge.next_hop; \
    meta.race.verdict = bridge.verdict; \
    meta.slot.attempt = bridge.attempt; \
    meta.race.permitted = bridge.permitted; \
    meta.race.form = bridge.form; \
    meta.race.target_addr = bridge.target_addr; \
    meta.race.target_port = bridge.target_port; \
    meta.settings.gateway = bridge.gateway; \
    meta.settings.epoch = bridge.epoch;

#else

header bridge_t {
    @flexible bit<16> next_hop;
}
#define BRIDGE_IN(bridge, meta) \
    bridge.next_hop = meta.io.next_hop;
#define BRIDGE_OUT(bridge, meta) \
    meta.io.next_hop = bridge.next_hop;

#endif

#define ARCH_HEADERS bridge_t bridge;

#endif
