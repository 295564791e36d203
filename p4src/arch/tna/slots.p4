// Flow slots in registers, each touched once by a packet, in the order of the stages in which they stand here.
//
// What differs from v1model (docs/tofino.md): a SYN takes its slot for PENDING whatever the settings say, and nothing
// renews it; its owner is decided before it is known whether there is a translation; a
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
    int<32> fingerprint;
    int<32> expires;
}
struct syn_t {
    int<32> number;
    int<32> fingerprint;
}

control Slots(inout slot_t slot, inout race_t race, in flow_t flow, in headers_t hdr, in settings_t settings,
              in io_t io) {
    bit<16> index;
    int<32> number;
    bit<1> syn = 0;
    bit<1> synack = 0;
    bit<1> tunnel = 0;
    bit<1> matches = 0;  // it acknowledges the SYN
    bit<32> from_print;
    bit<32> to_print;
    bit<8> claim;
    int<32> print;
    int<32> now;
    int<32> due;

#include CELLS

    action prepare() {
        number = (int<32>)flow.number;
        now = (int<32>)io.now;
        due = (int<32>)(io.now + race.patience);
        race.speaker_addr = flow.source_addr;
    }

    apply {
        if (race.kind == KIND_LAN_SYN) {
            syn = 1;
        } else if (race.kind == KIND_WAN_SYNACK || race.kind == KIND_WAN_SYNACK_TUNNEL) {
            synack = 1;
        }
        if (race.kind == KIND_WAN_SYNACK_TUNNEL || race.kind == KIND_WAN_DATA_TUNNEL ||
            race.kind == KIND_WAN_ICMP_TUNNEL) {
            tunnel = 1;
        }
        if (race.lan == 1) {
            HASH_FROM;
        } else {
            HASH_TO;
        }
        prepare();
        HASH_ENDS;

        bit<1> held = 0;
        if (syn == 1 && race.obstacle == OBSTACLE_NONE) {
            TAKE(held);
        } else if (race.lan == 1) {
            CHECK(held);
        }

        if (syn == 1 && held == 1) {
            slot.taken = 1;
            NUMBER_SYN(slot.fresh);
        } else if (race.lan == 0) {
            NUMBER_ANSWER(matches);
        }

        TOUCH_FIRST;
        slot.elapsed = io.clock - slot.elapsed;
        if (race.lan == 1) {
            slot.own = held;
        }

        // Who speaks, and in which form (FIG. 5, 508). A SYN-ACK or what follows it proves itself by its number.
        if (slot.own == 1 && matches == 1 && (synack == 1 || race.kind == KIND_WAN_DATA)) {
            slot.proven = 1;
        }
        if (tunnel == 1 && race.from_server == 1) {
            race.speaker_form = FORM_C;
            claim = WINNER_C;
        } else if (tunnel == 1) {
            race.speaker_form = FORM_B;
            claim = WINNER_B;
            race.speaker_addr = flow.from_addr;
            if (flow.source_addr != slot.server_addr) {
                slot.proven = 0;
            }
        } else if (race.from_server == 1) {
            race.speaker_form = FORM_SERVER;
            claim = WINNER_SERVER;
        } else {
            race.speaker_form = FORM_A;
            claim = WINNER_A;
        }

        TOUCH_WINNER;
        if (race.watch != 0) {
            if (synack == 1 && slot.proven == 1) {
                SETTLE;
            } else if (slot.fresh == 1 && race.translated == 0) {
                OWE(slot.overdue);
            }
        }
        if (race.translated == 0) {
            if (synack == 1 && slot.proven == 1 && (slot.winner & WINNER_CLAIMED) == 0 && race.speaker_form != FORM_SERVER) {
                TELL_NOW(slot.told);
            } else if (race.lan == 1 && slot.own == 1 && (slot.winner & WINNER_REPLICA) != 0) {
                REMIND(slot.told);
            }
        }
    }
}

#endif
