// Which service a packet is for, which of its origin servers it goes to, and whether it is raced.
#ifndef FIRSTACK_SERVER_SERVICES
#define FIRSTACK_SERVER_SERVICES

control Services(inout headers_t hdr, inout service_t service, inout io_t io) {
    DIRECT_COUNTER(services_counter)
    // 310: the content has replicas. Group 0: nobody to send it to.
    action replicatable(bit<16> origin_group, bit<16> first_group, bit<16> retry_group) {
        COUNT(services_counter)
        service.known = 1;
        service.replicatable = 1;
        service.origin_group = origin_group;
        service.first_group = first_group;
        service.retry_group = retry_group;
    }
    action not_replicatable(bit<16> origin_group) {
        COUNT(services_counter)
        service.known = 1;
        service.origin_group = origin_group;
    }
    table services {
        key = {
            hdr.ipv4.dst_addr : exact @name("server_addr");
            hdr.tcp.dst_port : exact @name("server_port");
        }
        actions = { replicatable; not_replicatable; @defaultonly NoAction; }
        const default_action = NoAction();
        size = SERVICES;
        USE_DIRECT_COUNTER(services_counter)
    }

    DIRECT_COUNTER(origins_counter)
    // 314: the selected server. The flow's addresses and ports choose, so a connection stays with its server.
    action at_server() {
        COUNT(origins_counter)
        service.origin_chosen = 0;
    }
    // A server on a network of this gateway's that has the service's address as well as its own.
    action beside(bit<9> port, bit<16> next_hop, bit<16> variant) {
        COUNT(origins_counter)
        service.origin_chosen = 1;
        service.variant = variant;
        io.egress_port = port;
        io.next_hop = next_hop;
    }
    // Any other: encapsulated, for the replica gateway in front of it to crack.
    action selected(ipv4_addr_t gateway_addr, ipv4_addr_t origin_addr, bit<9> port, bit<16> next_hop,
                    bit<16> variant) {
        COUNT(origins_counter)
        service.origin_chosen = 1;
        service.origin_tunnel = 1;
        service.gateway_addr = gateway_addr;
        service.origin_addr = origin_addr;
        service.variant = variant;
        io.egress_port = port;
        io.next_hop = next_hop;
    }
    ORIGIN_SELECTOR
    table origins {
        key = {
            service.origin_group : exact @name("origin_group");
            SELECTOR_KEYS
        }
        actions = { at_server; beside; selected; }
        size = ORIGIN_GROUPS;
        USE_ORIGIN_SELECTOR
        USE_DIRECT_COUNTER(origins_counter)
    }

    DIRECT_COUNTER(decisions_counter)
    // FIG. 3 as a table.
    action race_first() { COUNT(decisions_counter) service.to_server = 0; service.group = service.first_group + service.variant; }
    action race_retry() { COUNT(decisions_counter) service.to_server = 0; service.group = service.retry_group + service.variant; }
    action serve_forbidden() { COUNT(decisions_counter) service.to_server = 1; }
    action serve_not_replicatable() { COUNT(decisions_counter) service.to_server = 1; }
    action serve_no_replica() { COUNT(decisions_counter) service.to_server = 1; }
    action serve_untagged() { COUNT(decisions_counter) service.to_server = 1; }
    action serve_data() { COUNT(decisions_counter) service.to_server = 1; }
    action plain() { COUNT(decisions_counter) service.to_server = 0; }
    table decisions {
        key = {
            service.known : ternary @name("service");
            service.start : ternary @name("start");
            hdr.tag.isValid() : ternary @name("tagged");
            hdr.tag.options[7:7] : ternary @name("permitted");
            service.replicatable : ternary @name("replicatable");
            service.retry : ternary @name("retry");
            service.group_known : ternary @name("group");
        }
        actions = {
            race_first; race_retry; serve_forbidden; serve_not_replicatable; serve_no_replica; serve_untagged;
            serve_data; plain;
        }
        const default_action = plain();
        size = 16;
        USE_DIRECT_COUNTER(decisions_counter)
        const entries = {
            // service, start, tagged, permitted, replicatable, retry, group
            (0, _, _, _, _, _, _) : plain();                          // not for a server of ours
            (1, 0, _, _, _, _, _) : serve_data();                     // 304
            (1, 1, false, _, _, _, _) : serve_untagged();             // 308
            (1, 1, true, 0, _, _, _) : serve_forbidden();             // 308
            (1, 1, true, 1, 0, _, _) : serve_not_replicatable();      // 310
            (1, 1, true, 1, 1, _, 0) : serve_no_replica();
            (1, 1, true, 1, 1, 0, 1) : race_first();                  // 312, 314
            (1, 1, true, 1, 1, 1, 1) : race_retry();
        }
    }

    apply {
        if (hdr.tcp.isValid() && !hdr.outer.isValid()) {
            services.apply();
            if ((hdr.tcp.flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN) {
                service.start = 1;
            }
        }
        if (service.known == 1) {
            origins.apply();
            if (hdr.tag.isValid() && (hdr.tag.options & TAG_ATTEMPT) != 0) {
                service.retry = 1;
            }
            if ((service.retry == 0 && service.first_group != 0) || (service.retry == 1 && service.retry_group != 0)) {
                service.group_known = 1;
            }
        }
        decisions.apply();
        io.group = service.group;
    }
}

#endif
