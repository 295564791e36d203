// Connections that run to a replica, as the controller remembers them (FIG. 6). Asked before the slot.
#ifndef FIRSTACK_CLIENT_TRANSLATION
#define FIRSTACK_CLIENT_TRANSLATION

control Translation(inout headers_t hdr, inout race_t race, in flow_t flow) {
    DIRECT_COUNTER(outbound_counter)
    // 612 (A) and 636 (B): the server's address is replaced by the replica's. Claims 16, 22.
    action to_replica(ipv4_addr_t replica_addr, l4_port_t replica_port) {
        COUNT(outbound_counter)
        race.translated = 1;
        race.authentic = 1;
        race.form = FORM_A;
        TARGET(race, addr) = replica_addr;
        TARGET(race, port) = replica_port;
    }
    // 656 (C): encapsulated. Claims 17, 23.
    action into_tunnel(ipv4_addr_t replica_addr) {
        COUNT(outbound_counter)
        race.translated = 1;
        race.authentic = 1;
        race.form = FORM_C;
        TARGET(race, addr) = replica_addr;
    }
    AT_STAGE(3, 32768)
    AT_STAGE(4, 32768)
    table outbound {
        key = {
            flow.from_addr : exact @name("client_addr");
            flow.from_port : exact @name("client_port");
            flow.to_addr : exact @name("server_addr");
            flow.to_port : exact @name("server_port");
        }
        actions = { to_replica; into_tunnel; @defaultonly NoAction; }
        const default_action = NoAction();
        size = TRANSLATIONS;
        USE_DIRECT_COUNTER(outbound_counter)
        TABLE_AGEING
    }

    DIRECT_COUNTER(inbound_counter)
    // 612 from the replica (A). B has the entry too, for its repeated SYN-ACKs, which come encapsulated with
    // the server as source, and for ICMP errors about packets to the replica.
    action from_replica(ipv4_addr_t server_addr, l4_port_t server_port) {
        COUNT(inbound_counter)
        race.translated = 1;
        race.form = FORM_A;
        TARGET(race, addr) = server_addr;
        TARGET(race, port) = server_port;
        race.authentic = 1;
    }
    // 658 (C): cracked, when it comes from the connection's replica.
    action from_tunnel(ipv4_addr_t replica_addr) {
        COUNT(inbound_counter)
        race.translated = 1;
        race.form = FORM_C;
        TARGET(race, addr) = replica_addr;
    }
    AT_STAGE(1, 43008)
    AT_STAGE(2, 22528)
    table inbound {
        key = {
            flow.to_addr : exact @name("client_addr");
            flow.to_port : exact @name("client_port");
            flow.from_addr : exact @name("peer_addr");
            flow.from_port : exact @name("peer_port");
        }
        actions = { from_replica; from_tunnel; @defaultonly NoAction; }
        const default_action = NoAction();
        size = TRANSLATIONS;
        USE_DIRECT_COUNTER(inbound_counter)
        TABLE_AGEING
    }

    // One after the other, for the pipelines of hardware do nothing else between a table's first stage and its last.
    apply {
        if (race.lan == 0 && !CONTRADICTS(hdr)) {
            inbound.apply();
        }
        if (race.lan == 1 && race.kind != KIND_OTHER) {
            outbound.apply();
        }
        // A comes plain, B's SYN-ACKs from the server; C from its replica, encapsulated.
        if (IS_TUNNEL(race.kind)) {
            if (race.translated == 1 && flow.source_addr == TARGET(race, addr)) {
                race.authentic = 1;
            } else {
                race.authentic = 0;
            }
        }
    }
}

#endif
