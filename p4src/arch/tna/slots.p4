// Flow slots in registers, each touched once by a packet, in the order of the stages in which they stand here.
//
// What differs from v1model (docs/tofino.md): a SYN takes its slot for PENDING whatever the settings say, and nothing
// renews it; its owner is decided before it is known whether there is a translation; a packet from the wide area finds
// its slot by the client alone.
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
    bit<1> held = 0;     // the slot is this flow's
    bit<1> matches = 0;  // it acknowledges the SYN
    bit<32> from_print;
    bit<32> to_print;
    bit<8> claim;
    int<32> print;
    int<32> now;
    int<32> due;

#include CELLS

    action read_clock() {
        now = (int<32>)io.now;
    }
    action read_number() {
        number = (int<32>)flow.number;
    }
    action expect() {
        due = (int<32>)(io.now + race.patience);
    }

    // Who speaks, and in which form (FIG. 5, 508). A SYN-ACK or what follows it proves itself by its number.
    @hidden action speaks(bit<8> form, bit<8> winner, bit<1> proven) {
        race.speaker_form = form;
        claim = winner;
        slot.proven = proven;
        race.peer_addr = flow.source_addr;
    }
    // The tunnel is the replica's gateway's, in the server's name.
    @hidden action speaks_inside(bit<1> proven) {
        race.speaker_form = FORM_B;
        claim = WINNER_B;
        slot.proven = proven;
        race.peer_addr = flow.from_addr;
    }
    @hidden table speakers {
        key = {
            race.kind : ternary;
            race.from_server : ternary;
            slot.own : ternary;
            matches : ternary;
        }
        actions = { speaks; speaks_inside; @defaultonly NoAction; }
        const default_action = NoAction();
        size = 16;
        const entries = {
            (KIND_WAN_SYNACK, 1, 1, 1) : speaks(FORM_SERVER, WINNER_SERVER, 1);
            (KIND_WAN_SYNACK, 0, 1, 1) : speaks(FORM_A, WINNER_A, 1);
            (KIND_WAN_DATA, 1, 1, 1) : speaks(FORM_SERVER, WINNER_SERVER, 1);
            (KIND_WAN_DATA, 0, 1, 1) : speaks(FORM_A, WINNER_A, 1);
            (KIND_WAN_SYNACK_TUNNEL, 1, 1, 1) : speaks(FORM_C, WINNER_C, 1);
            (KIND_WAN_SYNACK_TUNNEL, 0, 1, 1) : speaks_inside(1);
            (KIND_TUNNEL &&& KIND_TUNNEL, 1, _, _) : speaks(FORM_C, WINNER_C, 0);
            (KIND_TUNNEL &&& KIND_TUNNEL, 0, _, _) : speaks_inside(0);
            (_, 1, _, _) : speaks(FORM_SERVER, WINNER_SERVER, 0);
            (_, 0, _, _) : speaks(FORM_A, WINNER_A, 0);
        }
    }

    apply {
        if (race.lan == 1) {
            HASH_FROM;
        } else {
            HASH_TO;
        }
        read_clock();
        read_number();
        HASH_ENDS;

        TOUCH_OWNER;
        TOUCH_AWAITED;
        TOUCH_FIRST;
        slot.elapsed = io.clock - slot.elapsed;
        expect();
        if (race.lan == 1) {
            slot.own = held;
        } else if (IS_TUNNEL(race.kind) && race.from_server == 0 && flow.source_addr != slot.server_addr) {
            speaks_inside(0);
        } else {
            speakers.apply();
        }

        TOUCH_WINNER;
        TOUCH_OWED;
        TOUCH_TOLD;
    }
}

#endif
