// Flow slots in registers. One packet touches each register once, in the order in which they stand here,
// as a Tofino pipeline would; only renewing a slot waits until the winner is known.
#ifndef FIRSTACK_SLOTS
#define FIRSTACK_SLOTS

control Slots(inout slot_t slot, inout race_t race, in flow_t flow, in headers_t hdr, in settings_t settings,
              in io_t io) {
    register<bit<64>>(SLOTS) owner;         // fingerprint of the whole flow, expiry
    register<bit<32>>(SLOTS) awaited;       // the SYN's sequence number + 1
    register<bit<32>>(SLOTS) course;        // of the SYN: whom alone it went to (16 bits), how (2), retransmissions (3)
    register<bit<32>>(SLOTS) sent;          // when the SYN went out, microseconds
    register<bit<32>>(SLOTS) server_addr;
    register<bit<16>>(SLOTS) server_port;
    register<bit<32>>(SLOTS) winner_addr;
    register<bit<32>>(SLOTS) winner;        // and its port
    register<bit<32>>(SLOTS) told;          // when the controller was last told, ticks
    register<ticks_t>(WATCHES) owed;        // by replica: when its answer must have come; 0: it owes none

    // A client's packet that has its translation, or ends the connection, leaves the slot what late answers need
    // and no more. One that is neither keeps its claimed slot. Nothing from the wide area moves the expiry.
    action keep(ticks_t life) {
        owner.write(slot.index, slot.fingerprint ++ (io.now + life));
    }

    apply {
        // What a translation settles from the wide area needs no slot.
        if (race.kind != KIND_OTHER && (race.lan == 1 || race.authentic == 0)) {
            bool syn = race.kind == KIND_LAN_SYN;
            bool synack = IS_SYNACK(race.kind);
            // CRC-16 takes the ports of one client to different slots, all of them; the low half of CRC-32 to every second.
            if (race.lan == 1) {
                hash(slot.index, HashAlgorithm.crc16, (bit<32>)0, { flow.from_addr, flow.from_port }, (bit<64>)SLOTS);
                hash(slot.fingerprint, HashAlgorithm.crc32, (bit<32>)0,
                     { flow.from_addr, flow.to_addr, flow.from_port, flow.to_port }, (bit<64>)0x100000000);
            } else {
                hash(slot.index, HashAlgorithm.crc16, (bit<32>)0, { flow.to_addr, flow.to_port }, (bit<64>)SLOTS);
            }
            @atomic {
                bit<64> holder;
                owner.read(holder, slot.index);
                // Ticks wrap: live is what expires within the longest life, and nothing else.
                ticks_t left = holder[31:0] - io.now;
                bool live = left != 0 && left <= settings.claimed;
                bool shorten = live && left > settings.pending;
                if (race.lan == 1 && holder[63:32] == slot.fingerprint) {
                    slot.own = 1;
                }
                if (race.lan == 1 && race.translated == 1) {
                    if (slot.own == 1 && shorten && !syn) {
                        keep(settings.pending);
                    }
                    return;
                }
                if (syn && (slot.own == 1 || (!live && race.obstacle == OBSTACLE_NONE))) {
                    slot.taken = 1;
                    owner.write(slot.index, slot.fingerprint ++ (io.now + settings.pending));
                }

                bit<32> expected;
                awaited.read(expected, slot.index);
                if (slot.taken == 1) {
                    if (slot.own == 0 || expected != flow.number) {
                        slot.fresh = 1;
                    }
                    expected = flow.number;
                    awaited.write(slot.index, expected);
                }

                bit<32> way;
                course.read(way, slot.index);
                if (slot.fresh == 1) {
                    way = race.watch ++ 11w0 ++ race.mode[1:0] ++ 3w0;
                } else if (slot.taken == 1 && way[2:0] != 7) {
                    way = way + 1;
                }
                if (slot.taken == 1) {
                    course.write(slot.index, way);
                }
                slot.attempt = 5w0 ++ way[2:0];
                slot.mode = 6w0 ++ way[4:3];
                slot.asked = way[31:16];

                bit<32> start;
                sent.read(start, slot.index);
                if (slot.fresh == 1) {
                    sent.write(slot.index, io.clock);
                }
                slot.elapsed = io.clock - start;

                server_addr.read(slot.server_addr, slot.index);
                server_port.read(slot.server_port, slot.index);
                if (slot.fresh == 1) {
                    slot.server_addr = flow.to_addr;
                    slot.server_port = flow.to_port;
                    server_addr.write(slot.index, slot.server_addr);
                    server_port.write(slot.index, slot.server_port);
                }
                // From the wide area the flow shows only with the server that the slot names.
                if (race.lan == 0) {
                    bit<32> whole;
                    hash(whole, HashAlgorithm.crc32, (bit<32>)0,
                         { flow.to_addr, slot.server_addr, flow.to_port, slot.server_port }, (bit<64>)0x100000000);
                    if (holder[63:32] == whole) {
                        slot.own = 1;
                    }
                    if (flow.from_addr == slot.server_addr && flow.from_port == slot.server_port) {
                        race.from_server = 1;
                    }
                }
                // A stack that is asked twice may answer the second SYN with an ACK alone: that proves as much.
                if ((synack || race.kind == KIND_WAN_DATA) && slot.own == 1 && expected == flow.number) {
                    slot.proven = 1;
                }

                // Who speaks, and in which form (FIG. 5, 508).
                bit<8> form = FORM_A;
                if (race.lan == 0) {
                    race.peer_addr = flow.source_addr;
                }
                bit<8> claim = WINNER_A;
                bool valid_form = true;
                if (IS_TUNNEL(race.kind)) {
                    if (race.from_server == 1) {
                        form = FORM_C;
                        claim = WINNER_C;
                    } else {
                        form = FORM_B;
                        claim = WINNER_B;
                        race.peer_addr = flow.from_addr;
                        valid_form = flow.source_addr == slot.server_addr;
                    }
                } else if (race.from_server == 1) {
                    form = FORM_SERVER;
                    claim = WINNER_SERVER;
                }
                if (!valid_form) {
                    slot.proven = 0;
                }

                winner_addr.read(slot.winner_addr, slot.index);
                bit<32> whole_winner;
                winner.read(whole_winner, slot.index);
                slot.winner = whole_winner[23:16];
                slot.winner_port = whole_winner[15:0];
                if (slot.fresh == 1) {
                    slot.winner = 0;
                    winner.write(slot.index, 0);
                } else if ((slot.winner & WINNER_CLAIMED) != 0) {
                    if (slot.winner_addr == race.peer_addr) {
                        slot.same_source = 1;
                    }
                    if (slot.winner_port == flow.from_port) {
                        slot.same_port = 1;
                    }
                } else if (synack && slot.proven == 1 && race.translated == 0) {
                    winner_addr.write(slot.index, race.peer_addr);
                    winner.write(slot.index, 8w0 ++ claim ++ flow.from_port);
                }

                ticks_t last;
                told.read(last, slot.index);
                bool won = synack && slot.proven == 1 && (slot.winner & WINNER_CLAIMED) == 0 && race.translated == 0 &&
                           form != FORM_SERVER;
                bool in_use = race.lan == 1 && slot.own == 1 && (slot.winner & WINNER_REPLICA) != 0 && race.translated == 0;
                if (won || (in_use && io.now - last >= settings.tell)) {
                    slot.told = 1;
                    told.write(slot.index, io.now);
                }

                if (race.watch != 0) {
                    bit<32> watch = (bit<32>)race.watch;
                    ticks_t due;
                    owed.read(due, watch);
                    if (synack && slot.proven == 1) {
                        owed.write(watch, 0);
                    } else if (slot.fresh == 1 && due == 0) {
                        owed.write(watch, io.now + race.patience);
                    } else if (slot.fresh == 1 && (io.now - due)[31:31] == 0) {
                        slot.overdue = 1;
                    }
                }
                if (race.lan == 1 && slot.own == 1 && slot.taken == 0) {
                    if (race.resets == 1) {
                        if (shorten) {
                            keep(settings.pending);
                        }
                    } else if (in_use) {
                        keep(settings.claimed);
                    }
                }
                race.speaker_form = form;
            }
        }
    }
}

#endif
