// Flow slots in registers, each touched once by a packet, in the order of the stages in which they stand here.
//
// What differs from v1model (docs/tofino.md): a SYN takes its slot for PENDING whatever the settings say, and nothing
// renews it; the slot does not ask whether there is a translation, for that is known only later in the pipeline; a
// packet from the wide area finds its slot by the client alone.
#ifndef FIRSTACK_SLOTS
#define FIRSTACK_SLOTS

#ifndef CELLS
#define CELLS "cells.p4"
#endif
#ifndef PENDING
#define PENDING 2861     // 3 s in ticks of 2^20 ns
#define TELL 477         // 0.5 s
#endif
typedef bit<16> cell_t;  // of which the slots use the low bits

struct owner_t {
    bit<32> fingerprint;
    int<32> expires;
}
struct syn_t {
    bit<32> number;
    bit<32> fingerprint;
}
struct client_t {
    bit<32> addr;
    bit<32> port;
}

control Slots(inout slot_t slot, inout race_t race, in flow_t flow, in headers_t hdr, in settings_t settings,
              in io_t io) {
    bit<16> index;
    bit<32> number;     // what the SYN's sequence number + 1 is to be
    bit<1> syn = 0;
    bit<1> synack = 0;
    bit<32> client_port;
    bit<32> start = 0;
    bit<32> port_form = 0;
    bit<32> speaker;
    bit<32> claim;
    int<32> now;
    int<32> due;
    bit<8> way;
    bit<8> attempt = 0;

#include CELLS

    action prepare() {
        client_port = (bit<32>)flow.client_port;
        now = (int<32>)io.now;
        due = (int<32>)(io.now + race.patience);
        way = 6w0 ++ race.mode;
    }

    apply {
        if (race.kind == KIND_LAN_SYN) {
            syn = 1;
        } else if (race.kind == KIND_WAN_SYNACK || race.kind == KIND_WAN_SYNACK_TUNNEL) {
            synack = 1;
        }
        if (race.lan == 1) {
            number = hdr.tcp.seq_no + 1;
        } else {
            number = hdr.tcp.ack_no;
        }
        prepare();
        HASH_INDEX;
        HASH_FLOW;

        bit<1> held = 0;
        if (syn == 1 && race.obstacle == OBSTACLE_NONE) {
            TAKE(held);
        } else if (race.lan == 1) {
            CHECK(held);
        }

        bit<1> matches = 0;
        if (syn == 1 && held == 1) {
            slot.taken = 1;
            NUMBER_SYN(slot.fresh);
        } else if (race.lan == 0) {
            NUMBER_ANSWER(matches);
        }

        if (slot.fresh == 1) {
            WRITE_CLIENT;
            WRITE(server_addr, flow.peer_addr, slot.server_addr);
            WRITE(server_port, flow.peer_port, slot.server_port);
            WRITE(watch, race.watch, slot.asked);
            WRITE(mode, way, way);
            WRITE(attempts, 0, attempt);
            WRITE(sent, io.clock, start);
        } else {
            CHECK_CLIENT(slot.own);
            READ(server_addr, slot.server_addr);
            READ(server_port, slot.server_port);
            READ(watch, slot.asked);
            READ(mode, way);
            if (slot.taken == 1) {
                NEXT_ATTEMPT(attempt);
            } else {
                READ(attempts, attempt);
            }
            READ(sent, start);
        }
        slot.mode = way[1:0];
        slot.attempt = attempt[2:0];
        slot.elapsed = io.clock - start;
        if (race.lan == 1) {
            slot.own = held;
        }

        // Who speaks, and in which form (FIG. 5, 508).
        bit<1> tunnel = 0;
        if (race.kind == KIND_WAN_SYNACK_TUNNEL || race.kind == KIND_WAN_DATA_TUNNEL ||
            race.kind == KIND_WAN_ICMP_TUNNEL) {
            tunnel = 1;
        }
        if (flow.peer_addr == slot.server_addr && flow.peer_port == slot.server_port) {
            race.from_server = slot.own;
        }
        bit<1> spoofed = 0;
        speaker = race.source_addr;
        if (tunnel == 1 && race.from_server == 1) {
            race.speaker_form = FORM_C;
        } else if (tunnel == 1) {
            race.speaker_form = FORM_B;
            speaker = flow.peer_addr;
            if (race.source_addr != slot.server_addr) {
                spoofed = 1;
            }
        } else if (race.from_server == 1) {
            race.speaker_form = FORM_SERVER;
        } else {
            race.speaker_form = FORM_A;
        }
        if (slot.own == 1 && matches == 1 && spoofed == 0 && (synack == 1 || race.kind == KIND_WAN_DATA)) {
            slot.proven = 1;
        }
        claim = 8w0 ++ flow.peer_port ++ race.speaker_form;

        if (slot.fresh == 1) {
            WRITE(winner_addr, 0, slot.winner_addr);
            WRITE(winner_port, 0, port_form);
        } else if (slot.proven == 1 && synack == 1) {
            CLAIM(winner_addr, speaker, slot.winner_addr);
            CLAIM(winner_port, claim, port_form);
        } else {
            READ(winner_addr, slot.winner_addr);
            READ(winner_port, port_form);
        }
        if (race.watch != 0) {
            if (synack == 1 && slot.proven == 1) {
                SETTLE;
            } else if (slot.fresh == 1) {
                OWE(slot.overdue);
            }
        }
        slot.winner_port = port_form[23:8];
        slot.form = port_form[7:0];
        if (slot.winner_addr != 0) {
            slot.claimed = 1;
            if (slot.form == FORM_SERVER) {
                slot.server_won = 1;
            }
            if (slot.winner_addr == speaker && slot.winner_port == flow.peer_port) {
                slot.same_source = 1;
            }
        }
        if (race.translated == 0) {
            if (synack == 1 && slot.proven == 1 && slot.winner_addr == 0 && race.speaker_form != FORM_SERVER) {
                TELL_NOW(slot.told);
            } else if (race.lan == 1 && slot.own == 1 && slot.claimed == 1 && slot.server_won == 0) {
                REMIND(slot.told);
            }
        }
        if (slot.taken == 1 && slot.fresh == 0) {
            race.mode = slot.mode;
        } else if (slot.overdue == 1 && race.group == 0) {
            race.mode = MODE_DISCOVER;
            slot.overdue = 0;
        }
    }
}

#endif
