// Which replica stands for which server, and what it does with the packet at hand (FIG. 4).
#ifndef FIRSTACK_REPLICA_STAND_INS
#define FIRSTACK_REPLICA_STAND_INS

const bit<4> KIND_PLAIN = 0;
const bit<4> KIND_TUNNEL_SYN = 1;   // towards the replica
const bit<4> KIND_TUNNEL_DATA = 2;
const bit<4> KIND_SYNACK = 3;       // from the replica
const bit<4> KIND_DATA = 4;
const bit<4> KIND_REFUSAL = 5;      // its host has no listener there
const bit<4> KIND_ICMP = 6;         // an error about a packet that left in a tunnel

const bit<2> STATE_ACTIVE = 0;
const bit<2> STATE_BUSY = 1;
const bit<2> STATE_DEAD = 2;

const bit<8> REPLICA_ROUTE = 0;
const bit<8> REPLICA_DROP = 1;
const bit<8> REPLICA_CRACK_SYN = 2;
const bit<8> REPLICA_CRACK = 3;
const bit<8> REPLICA_ANSWER_B = 4;
const bit<8> REPLICA_SPOOF = 5;
const bit<8> REPLICA_TUNNEL = 6;
const bit<8> REPLICA_ICMP = 7;

control StandIns(in headers_t hdr, inout stand_in_t stand_in) {
    NewConnections() new_connections;

    DIRECT_COUNTER(stand_ins_counter)
    action stand_in_for(bit<8> form, l4_port_t replica_port, bit<2> state, bit<32> index) {
        COUNT(stand_ins_counter)
        stand_in.known = 1;
        stand_in.form = form;
        stand_in.replica_port = replica_port;
        stand_in.state = state;
        stand_in.index = index;
    }
    table stand_ins {
        key = {
            stand_in.replica_addr : exact @name("replica_addr");
            stand_in.server_addr : exact @name("server_addr");
            stand_in.server_port : exact @name("server_port");
        }
        actions = { stand_in_for; @defaultonly NoAction; }
        const default_action = NoAction();
        size = STAND_INS;
        USE_DIRECT_COUNTER(stand_ins_counter)
    }

    DIRECT_COUNTER(speakers_counter)
    action speak_as(bit<8> form, ipv4_addr_t server_addr, l4_port_t server_port) {
        COUNT(speakers_counter)
        stand_in.known = 1;
        stand_in.form = form;
        stand_in.server_addr = server_addr;
        stand_in.server_port = server_port;
    }
    table speakers {
        key = {
            stand_in.replica_addr : exact @name("replica_addr");
            stand_in.replica_port : exact @name("replica_port");
        }
        actions = { speak_as; @defaultonly NoAction; }
        const default_action = NoAction();
        size = STAND_INS;
        USE_DIRECT_COUNTER(speakers_counter)
    }

    DIRECT_COUNTER(directs_counter)
    // Who talks to the replicas as themselves: health probes, operators.
    action direct() {
        COUNT(directs_counter)
        stand_in.kind = KIND_PLAIN;
    }
    table directs {
        key = { hdr.ipv4.dst_addr : lpm @name("dst_addr"); }
        actions = { direct; @defaultonly NoAction; }
        const default_action = NoAction();
        size = DIRECTS;
        USE_DIRECT_COUNTER(directs_counter)
    }

    DIRECT_COUNTER(decisions_counter)
    action crack_syn() { COUNT(decisions_counter) stand_in.verdict = REPLICA_CRACK_SYN; }
    action crack_data() { COUNT(decisions_counter) stand_in.verdict = REPLICA_CRACK; }
    action crack_origin() { COUNT(decisions_counter) stand_in.verdict = REPLICA_CRACK; }
    action busy() { COUNT(decisions_counter) stand_in.verdict = REPLICA_DROP; }
    action busy_rate() { COUNT(decisions_counter) stand_in.verdict = REPLICA_DROP; }
    action dead() { COUNT(decisions_counter) stand_in.verdict = REPLICA_DROP; }
    action unexpected() { COUNT(decisions_counter) stand_in.verdict = REPLICA_DROP; }
    action refused() { COUNT(decisions_counter) stand_in.verdict = REPLICA_DROP; }
    action answer_a() { COUNT(decisions_counter) stand_in.verdict = REPLICA_ROUTE; }
    action answer_b() { COUNT(decisions_counter) stand_in.verdict = REPLICA_ANSWER_B; }
    action answer_c() { COUNT(decisions_counter) stand_in.verdict = REPLICA_TUNNEL; }
    action answer_origin() { COUNT(decisions_counter) stand_in.verdict = REPLICA_SPOOF; }
    action data_a() { COUNT(decisions_counter) stand_in.verdict = REPLICA_ROUTE; }
    action data_b() { COUNT(decisions_counter) stand_in.verdict = REPLICA_SPOOF; }
    action data_c() { COUNT(decisions_counter) stand_in.verdict = REPLICA_TUNNEL; }
    action data_origin() { COUNT(decisions_counter) stand_in.verdict = REPLICA_SPOOF; }
    action icmp() { COUNT(decisions_counter) stand_in.verdict = REPLICA_ICMP; }
    action plain() { COUNT(decisions_counter) stand_in.verdict = REPLICA_ROUTE; }
    table decisions {
        key = {
            stand_in.known : ternary @name("known");
            stand_in.kind : ternary @name("kind");
            stand_in.form : ternary @name("form");
            stand_in.tagged : ternary @name("tagged");
            stand_in.direct : ternary @name("direct");
            stand_in.state : ternary @name("state");
            stand_in.color : ternary @name("color");
        }
        actions = {
            crack_syn; crack_data; crack_origin; busy; busy_rate; dead; unexpected; refused;
            answer_a; answer_b; answer_c; answer_origin; data_a; data_b; data_c; data_origin; icmp; plain;
        }
        const default_action = plain();
        size = 32;
        USE_DIRECT_COUNTER(decisions_counter)
        const entries = {
            // known, kind, form, tagged, direct, state, color
            (0, _, _, _, _, _, _) : plain();
            (1, KIND_TUNNEL_SYN, FORM_ORIGIN, _, _, _, _) : crack_origin();
            (1, KIND_TUNNEL_DATA, FORM_ORIGIN, _, _, _, _) : crack_origin();
            (1, KIND_TUNNEL_SYN, _, 1, _, STATE_DEAD, _) : dead();             // 404
            (1, KIND_TUNNEL_SYN, _, 1, _, STATE_BUSY, _) : busy();             // 406, 408
            (1, KIND_TUNNEL_SYN, _, 1, _, STATE_ACTIVE, COLOR_RED) : busy_rate();
            (1, KIND_TUNNEL_SYN, _, 1, _, STATE_ACTIVE, _) : crack_syn();      // 410
            (1, KIND_TUNNEL_SYN, FORM_C, 0, 1, _, _) : crack_data();           // retransmitted to its winner
            (1, KIND_TUNNEL_DATA, FORM_C, _, 1, _, _) : crack_data();
            (1, KIND_TUNNEL_SYN, _, _, _, _, _) : unexpected();
            (1, KIND_TUNNEL_DATA, _, _, _, _, _) : unexpected();
            (1, KIND_REFUSAL, FORM_ORIGIN, _, _, _, _) : data_origin();
            (1, KIND_REFUSAL, _, _, _, _, _) : refused();
            (1, KIND_SYNACK, FORM_A, _, _, _, _) : answer_a();                 // 412
            (1, KIND_SYNACK, FORM_B, _, _, _, _) : answer_b();                 // 442
            (1, KIND_SYNACK, FORM_C, _, _, _, _) : answer_c();                 // 462
            (1, KIND_SYNACK, FORM_ORIGIN, _, _, _, _) : answer_origin();
            (1, KIND_DATA, FORM_A, _, _, _, _) : data_a();
            (1, KIND_DATA, FORM_B, _, _, _, _) : data_b();
            (1, KIND_DATA, FORM_C, _, _, _, _) : data_c();
            (1, KIND_DATA, FORM_ORIGIN, _, _, _, _) : data_origin();
            (1, KIND_ICMP, FORM_C, _, _, _, _) : icmp();
            (1, _, _, _, _, _, _) : plain();
        }
    }

    apply {
        bit<8> control_flags = hdr.tcp.flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN);
        if (hdr.outer.isValid() && hdr.tcp.isValid()) {  // and not cut off before the latter's end
            if (control_flags == TCP_SYN) {
                stand_in.kind = KIND_TUNNEL_SYN;
            } else {
                stand_in.kind = KIND_TUNNEL_DATA;
            }
            stand_in.replica_addr = hdr.outer.dst_addr;
            stand_in.server_addr = hdr.ipv4.dst_addr;
            stand_in.server_port = hdr.tcp.dst_port;
            if (hdr.tag.isValid() && (hdr.tag.options & TAG_PERMITTED) != 0) {
                stand_in.tagged = 1;
            }
            if (hdr.outer.src_addr == hdr.ipv4.src_addr) {
                stand_in.direct = 1;
            }
        } else if (hdr.quoted_outer.isValid() && hdr.quoted_outer.src_addr == hdr.ipv4.dst_addr &&
                   hdr.quoted_tcp.isValid()) {
            stand_in.kind = KIND_ICMP;
            stand_in.replica_addr = hdr.ipv4.dst_addr;
            stand_in.server_addr = hdr.quoted.src_addr;
            stand_in.server_port = hdr.quoted_tcp.src_port;
        } else if (hdr.tcp.isValid()) {
            if (control_flags == (TCP_SYN | TCP_ACK)) {
                stand_in.kind = KIND_SYNACK;
            } else if (control_flags == (TCP_RST | TCP_ACK) && hdr.tcp.seq_no == 0) {
                // A SYN refused (RFC 9293 section 3.10.7.1). A replica loses a race by silence, never by a reset.
                stand_in.kind = KIND_REFUSAL;
            } else {
                stand_in.kind = KIND_DATA;
            }
            stand_in.replica_addr = hdr.ipv4.src_addr;
            stand_in.replica_port = hdr.tcp.src_port;
            directs.apply();
        }
        if (stand_in.kind == KIND_TUNNEL_SYN || stand_in.kind == KIND_TUNNEL_DATA || stand_in.kind == KIND_ICMP) {
            stand_ins.apply();
            if (stand_in.known == 1 && stand_in.kind == KIND_TUNNEL_SYN && stand_in.tagged == 1 &&
                stand_in.state == STATE_ACTIVE && stand_in.form != FORM_ORIGIN) {
                new_connections.apply(stand_in.index, stand_in.color);
            }
        } else if (stand_in.kind != KIND_PLAIN) {
            speakers.apply();
        }
        decisions.apply();
    }
}

#endif
