// What kind of packet it is.
#ifndef FIRSTACK_CLIENT_CLASSIFY
#define FIRSTACK_CLIENT_CLASSIFY

const bit<4> KIND_OTHER = 0;
const bit<4> KIND_LAN_SYN = 1;
const bit<4> KIND_LAN_DATA = 2;
const bit<4> KIND_WAN_SYNACK = 3;
const bit<4> KIND_WAN_DATA = 4;
const bit<4> KIND_WAN_ICMP = 5;         // an error about a packet that went out as the client's
const bit<4> KIND_TUNNEL = 8;           // likewise, in a tunnel
const bit<4> KIND_WAN_SYNACK_TUNNEL = 11;
const bit<4> KIND_WAN_DATA_TUNNEL = 12;
const bit<4> KIND_WAN_ICMP_TUNNEL = 13;  // an error about one that went out in a tunnel

// Of a SYN-ACK, however it comes.
#define IS_SYNACK(kind) ((kind)[2:0] == KIND_WAN_SYNACK[2:0])
#define A_SYNACK KIND_WAN_SYNACK &&& 7
#define IS_TUNNEL(kind) ((kind)[3:3] == 1)

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
        race.permitted = permitted;
    }
    action pass() {
        COUNT(redirections_counter)
        race.obstacle = OBSTACLE_NOT_REDIRECTED;
    }
    AT_STAGE(2, REDIRECT_RULES)
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

    @hidden action room() {
        race.obstacle = OBSTACLE_NONE;
    }
    @hidden action no_room() {
        race.obstacle = OBSTACLE_NO_ROOM;
    }
    @hidden action payload() {
        race.obstacle = OBSTACLE_PAYLOAD;
    }
    // A table, for hardware does not add what it compares.
    @hidden table lengths {
        key = {
            hdr.tcp.data_offset : ternary @name("data_offset");
            hdr.ipv4.total_len : ternary @name("total_len");
            hdr.tag.isValid() : ternary @name("tag");
        }
        actions = { room; no_room; payload; }
        const default_action = payload();
        size = 16;
        const entries = {
            (5, 40, _) : room();
            (6, 44, _) : room();
            (7, 48, _) : room();
            (8, 52, _) : room();
            (9, 56, _) : room();
            (10, 60, _) : room();
            (11, 64, _) : room();
            (12, 68, _) : room();
            (13, 72, true) : room();
            (14, 76, true) : room();
            (15, 80, true) : room();
            (13, 72, false) : no_room();
            (14, 76, false) : no_room();
            (15, 80, false) : no_room();
        }
    }

    @hidden action is(bit<4> kind) {
        race.kind = kind;
    }
    @hidden action from_client(bit<4> kind) {
        race.kind = kind;
        flow.number = hdr.tcp.seq_no + 1;
    }
    AT_STAGE(1, 8)
    AHEAD
    @hidden table kinds {
        key = {
            race.lan : ternary;
            hdr.tcp.isValid() : ternary;
            hdr.outer.isValid() : ternary;
            hdr.quoted_tcp.isValid() : ternary;
            hdr.quoted_outer.isValid() : ternary;
            flow.flags : ternary;
        }
        actions = { is; from_client; @defaultonly NoAction; }
        const default_action = NoAction();
        size = 8;
        const entries = {
            // lan, TCP, in a tunnel, an error that quotes TCP, in a tunnel, flags
            (1, true, false, _, _, TCP_SYN &&& TCP_HANDSHAKE) : from_client(KIND_LAN_SYN);
            (1, true, false, _, _, _) : from_client(KIND_LAN_DATA);
            (0, true, false, _, _, TCP_SYN_ACK &&& TCP_HANDSHAKE) : is(KIND_WAN_SYNACK);
            (0, true, false, _, _, _) : is(KIND_WAN_DATA);
            (0, true, true, _, _, TCP_SYN_ACK &&& TCP_HANDSHAKE) : is(KIND_WAN_SYNACK_TUNNEL);
            (0, true, true, _, _, _) : is(KIND_WAN_DATA_TUNNEL);
            (0, _, _, true, false, _) : is(KIND_WAN_ICMP);
            (0, _, _, true, true, _) : is(KIND_WAN_ICMP_TUNNEL);
        }
    }

    apply {
        sides.apply();
        if ((flow.flags & TCP_RST) != 0) {
            race.resets = 1;
        }
        if ((flow.flags & TCP_SYN) != 0) {
            lengths.apply();
        }
        if (!CONTRADICTS(hdr)) {
            kinds.apply();
        }
        if (race.kind == KIND_LAN_SYN) {
            redirections.apply();
        }
    }
}

#endif
