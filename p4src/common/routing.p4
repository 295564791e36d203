// A plain IPv4 router (RFC 1812), for everything a gateway does not race or translate: ARP for its own
// addresses, longest prefix match, TTL, next hops. What needs words of its own goes to the controller.
#ifndef FIRSTACK_ROUTING
#define FIRSTACK_ROUTING

control Arp(inout headers_t hdr, inout io_t io) {
    ipv4_addr_t asked;
    DIRECT_COUNTER(arp_counter)
    action answer(mac_addr_t mac) {
        COUNT(arp_counter)
        hdr.arp.operation = ARP_REPLY;
        hdr.arp.target_mac = hdr.arp.sender_mac;
        hdr.arp.target_addr = hdr.arp.sender_addr;
        hdr.arp.sender_mac = mac;
        hdr.arp.sender_addr = asked;
        hdr.ethernet.dst_addr = hdr.ethernet.src_addr;
        hdr.ethernet.src_addr = mac;
        io.egress_port = io.ingress_port;
    }
    // Replies to the controller's own requests: it keeps the neighbors.
    action learn() {
        COUNT(arp_counter)
        io.punt = 1;
        io.reason = PUNT_ARP;
    }
    action ignore() {
        COUNT(arp_counter)
        io.drop = 1;
    }
    table arp {
        key = {
            io.ingress_port : exact @name("port");
            hdr.arp.operation : exact @name("operation");
            hdr.arp.target_addr : exact @name("target_addr");
        }
        actions = { answer; learn; @defaultonly ignore; }
        const default_action = ignore();
        size = INTERFACE_ADDRESSES;
        USE_DIRECT_COUNTER(arp_counter)
    }
    apply {
        asked = hdr.arp.target_addr;
        arp.apply();
        io.done = 1;
    }
}

#define EXPIRED(hdr) \
    ((hdr.outer.isValid() && hdr.outer.ttl <= 1) || (!hdr.outer.isValid() && hdr.ipv4.ttl <= 1))

control OutermostHop(inout headers_t hdr) {
    Hop() outer_hop;
    Hop() hop;
    apply {
        if (hdr.outer.isValid()) {
            outer_hop.apply(hdr.outer);
        } else {
            hop.apply(hdr.ipv4);
        }
    }
}

control Routes(inout io_t io) {
    DIRECT_COUNTER(routes_counter)
    action forward(bit<9> port, bit<16> next_hop) {
        COUNT(routes_counter)
        io.egress_port = port;
        io.next_hop = next_hop;
    }
    action local() {
        COUNT(routes_counter)
        io.punt = 1;
        io.reason = PUNT_LOCAL;
    }
    action discard() {
        COUNT(routes_counter)
        io.drop = 1;
    }
    action unreachable() {
        COUNT(routes_counter)
        io.punt = 1;
        io.reason = PUNT_NO_ROUTE;
    }
    table routes {
        key = { io.destination : lpm @name("dst_addr"); }
        actions = { forward; local; discard; unreachable; }
        default_action = unreachable();
        size = ROUTES;
        USE_DIRECT_COUNTER(routes_counter)
    }
    apply {
        routes.apply();
    }
}

control Neighbors(inout headers_t hdr, inout io_t io) {
    DIRECT_COUNTER(neighbors_counter)
    action rewrite(mac_addr_t src_addr, mac_addr_t dst_addr) {
        COUNT(neighbors_counter)
        hdr.ethernet.src_addr = src_addr;
        hdr.ethernet.dst_addr = dst_addr;
    }
    action unresolved() {
        COUNT(neighbors_counter)
        io.drop = 1;
    }
    table neighbors {
        key = { io.next_hop : exact @name("next_hop"); }
        actions = { rewrite; @defaultonly unresolved; }
        const default_action = unresolved();
        size = NEIGHBORS;
        USE_DIRECT_COUNTER(neighbors_counter)
    }
    apply {
        if (io.next_hop != 0) {
            neighbors.apply();
        }
    }
}

#endif
