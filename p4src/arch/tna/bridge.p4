// What egress has to know of what ingress has found: on Tofino it travels in front of the packet.
#ifndef FIRSTACK_BRIDGE
#define FIRSTACK_BRIDGE

#if defined(SERVER_GATEWAY)

header bridge_t {
    bit<16> next_hop;
    bit<16> group;
    bit<1> to_server;
    bit<1> origin_tunnel;
    @padding bit<6> pad;
    ipv4_addr_t gateway_addr;
    ipv4_addr_t origin_addr;
}
#define BRIDGE_IN(bridge, meta) \
    bridge.setValid(); \
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
    bit<4> kind;
    bit<3> attempt;
    bit<1> permitted;
    bit<8> form;
    ipv4_addr_t target_addr;
    l4_port_t target_port;
    l4_port_t gateway;
    bit<8> epoch;
    ipv4_addr_t client_addr;
}
#define BRIDGE_IN(bridge, meta) \
    bridge.setValid(); \
    bridge.next_hop = meta.io.next_hop; \
    bridge.verdict = meta.race.verdict; \
    bridge.kind = meta.race.kind; \
    bridge.attempt = meta.slot.attempt; \
    bridge.permitted = meta.race.permitted; \
    bridge.form = meta.race.form; \
    bridge.target_addr = meta.race.target_addr; \
    bridge.target_port = meta.race.target_port; \
    bridge.gateway = meta.settings.gateway; \
    bridge.epoch = meta.settings.epoch; \
    bridge.client_addr = meta.flow.client_addr;
#define BRIDGE_OUT(bridge, meta) \
    meta.io.next_hop = bridge.next_hop; \
    meta.race.verdict = bridge.verdict; \
    meta.race.kind = bridge.kind; \
    meta.slot.attempt = bridge.attempt; \
    meta.race.permitted = bridge.permitted; \
    meta.race.form = bridge.form; \
    meta.race.target_addr = bridge.target_addr; \
    meta.race.target_port = bridge.target_port; \
    meta.settings.gateway = bridge.gateway; \
    meta.settings.epoch = bridge.epoch; \
    meta.flow.client_addr = bridge.client_addr;

#else

header bridge_t {
    bit<16> next_hop;
}
#define BRIDGE_IN(bridge, meta) \
    bridge.setValid(); \
    bridge.next_hop = meta.io.next_hop;
#define BRIDGE_OUT(bridge, meta) \
    meta.io.next_hop = bridge.next_hop;

#endif

#define ARCH_HEADERS bridge_t bridge;

#endif
