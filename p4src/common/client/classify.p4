// What kind of packet it is, and whose connection it shows.
#ifndef FIRSTACK_CLIENT_CLASSIFY
#define FIRSTACK_CLIENT_CLASSIFY

const bit<4> KIND_OTHER = 0;
const bit<4> KIND_LAN_SYN = 1;
const bit<4> KIND_LAN_DATA = 2;
const bit<4> KIND_WAN_SYNACK = 3;
const bit<4> KIND_WAN_SYNACK_TUNNEL = 4;
const bit<4> KIND_WAN_DATA = 5;
const bit<4> KIND_WAN_DATA_TUNNEL = 6;
const bit<4> KIND_WAN_ICMP = 7;         // an error about a packet that went out as the client's
const bit<4> KIND_WAN_ICMP_TUNNEL = 8;  // an error about one that went out in a tunnel

// Why a SYN can't be tagged (docs/protocol.md, The tag).
const bit<3> OBSTACLE_NONE = 0;
const bit<3> OBSTACLE_NOT_REDIRECTED = 1;
const bit<3> OBSTACLE_NO_ROOM = 2;
const bit<3> OBSTACLE_PAYLOAD = 3;
const bit<3> OBSTACLE_IP_OPTIONS = 4;
const bit<3> OBSTACLE_FRAGMENT = 5;

control Classify(inout headers_t hdr, inout race_t race, inout flow_t flow, in io_t io) {
    action lan() {
        race.lan = 1;
    }
    action wan() {
        race.lan = 0;
    }
    // Ports towards clients are named; every other one is the wide area's.
    table sides {
        key = { io.ingress_port : exact @name("port"); }
        actions = { lan; wan; }
        default_action = wan();
        size = 512;
    }

    DIRECT_COUNTER(redirections_counter)
    // FIG. 2, 206 and 208; claims 4, 5, 9, 10: web data by its destination port, or whatever else a rule names.
    action redirect(bit<1> permitted) {
        COUNT(redirections_counter)
        race.redirect = 1;
        race.permitted = permitted;
    }
    action pass() {
        COUNT(redirections_counter)
        race.redirect = 0;
    }
    table redirections {
        key = {
            hdr.ipv4.src_addr : ternary @name("client_addr");
            hdr.ipv4.dst_addr : ternary @name("server_addr");
            hdr.tcp.dst_port : ternary @name("server_port");
        }
        actions = { redirect; pass; }
        default_action = pass();
        size = REDIRECT_RULES;
        USE_DIRECT_COUNTER(redirections_counter)
    }

    bit<1> payload = 0;
    action headers_only() {
        payload = 0;
    }
    action with_payload() {
        payload = 1;
    }
    // A table, for hardware does not add what it compares.
    table lengths {
        key = {
            hdr.tcp.data_offset : ternary @name("data_offset");
            hdr.ipv4.total_len : ternary @name("total_len");
        }
        actions = { headers_only; with_payload; }
        const default_action = with_payload();
        size = 16;
        const entries = {
            (5, 40) : headers_only();
            (6, 44) : headers_only();
            (7, 48) : headers_only();
            (8, 52) : headers_only();
            (9, 56) : headers_only();
            (10, 60) : headers_only();
            (11, 64) : headers_only();
            (12, 68) : headers_only();
            (13, 72) : headers_only();
            (14, 76) : headers_only();
            (15, 80) : headers_only();
        }
    }

    apply {
        sides.apply();
        if (race.lan == 1) {
            flow.number = hdr.tcp.seq_no + 1;
        } else {
            flow.number = hdr.tcp.ack_no;
        }
        bit<8> handshake = hdr.tcp.flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN);
        if (hdr.tcp.isValid() && (hdr.tcp.flags & TCP_RST) != 0) {
            race.resets = 1;
        }
        if (hdr.tcp.isValid() && race.lan == 1 && !hdr.outer.isValid()) {
            if (handshake == TCP_SYN) {
                race.kind = KIND_LAN_SYN;
                redirections.apply();
                lengths.apply();
                if (race.redirect == 0) {
                    race.obstacle = OBSTACLE_NOT_REDIRECTED;
                } else if (payload == 1) {
                    race.obstacle = OBSTACLE_PAYLOAD;
                } else if (hdr.tcp.data_offset < DATA_OFFSET_MIN ||
                           (hdr.tcp.data_offset > DATA_OFFSET_MAX_UNTAGGED && !hdr.tag.isValid())) {
                    race.obstacle = OBSTACLE_NO_ROOM;
                }
            } else {
                race.kind = KIND_LAN_DATA;
            }
        } else if (hdr.tcp.isValid() && race.lan == 0) {
            if (!hdr.outer.isValid()) {
                if (handshake == (TCP_SYN | TCP_ACK)) {
                    race.kind = KIND_WAN_SYNACK;
                } else {
                    race.kind = KIND_WAN_DATA;
                }
            } else if (AGREE(hdr.ipv4.dst_addr, hdr.outer.dst_addr)) {
                if (handshake == (TCP_SYN | TCP_ACK)) {
                    race.kind = KIND_WAN_SYNACK_TUNNEL;
                } else {
                    race.kind = KIND_WAN_DATA_TUNNEL;
                }
            }
        } else if (hdr.quoted_tcp.isValid() && race.lan == 0 && AGREE(hdr.quoted.src_addr, hdr.ipv4.dst_addr)) {
            if (!hdr.quoted_outer.isValid()) {
                race.kind = KIND_WAN_ICMP;
            } else if (AGREE(hdr.quoted_outer.src_addr, hdr.quoted.src_addr)) {
                race.kind = KIND_WAN_ICMP_TUNNEL;
            }
        } else if (hdr.ipv4.frag_offset != 0 || (hdr.ipv4.flags & 1) != 0) {
            race.obstacle = OBSTACLE_FRAGMENT;
        } else if (hdr.ipv4.ihl != 5) {
            race.obstacle = OBSTACLE_IP_OPTIONS;
        }
    }
}

#endif
