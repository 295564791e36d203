// Flow slots in registers, each touched once by a packet, in the order of the stages in which they stand here.
//
// What differs from v1model (docs/tofino.md): a SYN takes its slot for PENDING whatever the settings say, and nothing
// renews it; the slot does not ask whether there is a translation, for that is known only later in the pipeline; a
// packet from the wide area finds its slot by the client alone.
#ifndef FIRSTACK_SLOTS
#define FIRSTACK_SLOTS

#define PENDING 2861     // 3 s in ticks of 2^20 ns
#define TELL 477         // 0.5 s
typedef bit<16> cell_t;  // of which the slots use the low bits

struct owner_t {
    bit<32> fingerprint;
    int<32> expires;
}
struct client_t {
    bit<32> addr;
    bit<32> port;
}

control Slots(inout slot_t slot, inout race_t race, in flow_t flow, in headers_t hdr, in settings_t settings,
              in io_t io) {
    Hash<bit<16>>(HashAlgorithm_t.CRC16) index_hash;
    Hash<bit<32>>(HashAlgorithm_t.CRC32) fingerprint_hash;
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

    // Stage: whose slot it is.
    Register<owner_t, cell_t>(SLOTS) owner;
    RegisterAction<owner_t, cell_t, bit<1>>(owner) take = {
        void apply(inout owner_t value, out bit<1> ours) {
            ours = 0;
            if (value.fingerprint == slot.fingerprint || value.expires - now <= 0) {
                value.fingerprint = slot.fingerprint;
                value.expires = now + PENDING;
                ours = 1;
            }
        }
    };
    RegisterAction<owner_t, cell_t, bit<1>>(owner) check = {
        void apply(inout owner_t value, out bit<1> ours) {
            ours = 0;
            if (value.fingerprint == slot.fingerprint) {
                ours = 1;
            }
        }
    };

    // Stage: the SYN's number. A SYN with another one is the first of its connection.
    Register<bit<32>, cell_t>(SLOTS) awaited;
    RegisterAction<bit<32>, cell_t, bit<1>>(awaited) number_syn = {
        void apply(inout bit<32> value, out bit<1> other) {
            other = 0;
            if (value != number) {
                other = 1;
            }
            value = number;
        }
    };
    RegisterAction<bit<32>, cell_t, bit<1>>(awaited) number_answer = {
        void apply(inout bit<32> value, out bit<1> same) {
            same = 0;
            if (value == number) {
                same = 1;
            }
        }
    };

    // Stage: what is written once, by the first SYN.
    Register<client_t, cell_t>(SLOTS) client;
    RegisterAction<client_t, cell_t, bit<1>>(client) write_client = {
        void apply(inout client_t value) {
            value.addr = flow.client_addr;
            value.port = client_port;
        }
    };
    RegisterAction<client_t, cell_t, bit<1>>(client) check_client = {
        void apply(inout client_t value, out bit<1> same) {
            same = 0;
            if (value.addr == flow.client_addr && value.port == client_port) {
                same = 1;
            }
        }
    };
    Register<bit<32>, cell_t>(SLOTS) server_addr;
    RegisterAction<bit<32>, cell_t, bit<32>>(server_addr) write_server_addr = {
        void apply(inout bit<32> value, out bit<32> result) { value = flow.peer_addr; result = value; }
    };
    RegisterAction<bit<32>, cell_t, bit<32>>(server_addr) read_server_addr = {
        void apply(inout bit<32> value, out bit<32> result) { result = value; }
    };
    Register<bit<16>, cell_t>(SLOTS) server_port;
    RegisterAction<bit<16>, cell_t, bit<16>>(server_port) write_server_port = {
        void apply(inout bit<16> value, out bit<16> result) { value = flow.peer_port; result = value; }
    };
    RegisterAction<bit<16>, cell_t, bit<16>>(server_port) read_server_port = {
        void apply(inout bit<16> value, out bit<16> result) { result = value; }
    };
    Register<bit<16>, cell_t>(SLOTS) watch;
    RegisterAction<bit<16>, cell_t, bit<16>>(watch) write_watch = {
        void apply(inout bit<16> value, out bit<16> result) { value = race.watch; result = value; }
    };
    RegisterAction<bit<16>, cell_t, bit<16>>(watch) read_watch = {
        void apply(inout bit<16> value, out bit<16> result) { result = value; }
    };

    Register<bit<8>, cell_t>(SLOTS) mode;
    bit<8> way;
    RegisterAction<bit<8>, cell_t, bit<8>>(mode) write_mode = {
        void apply(inout bit<8> value, out bit<8> result) { value = way; result = value; }
    };
    RegisterAction<bit<8>, cell_t, bit<8>>(mode) read_mode = {
        void apply(inout bit<8> value, out bit<8> result) { result = value; }
    };
    Register<bit<8>, cell_t>(SLOTS) attempts;
    RegisterAction<bit<8>, cell_t, bit<8>>(attempts) first_attempt = {
        void apply(inout bit<8> value, out bit<8> result) { value = 0; result = value; }
    };
    RegisterAction<bit<8>, cell_t, bit<8>>(attempts) next_attempt = {
        void apply(inout bit<8> value, out bit<8> result) {
            if (value < 7) {
                value = value + 1;
            }
            result = value;
        }
    };
    RegisterAction<bit<8>, cell_t, bit<8>>(attempts) read_attempts = {
        void apply(inout bit<8> value, out bit<8> result) { result = value; }
    };
    bit<8> attempt = 0;

    Register<bit<32>, cell_t>(SLOTS) sent;
    RegisterAction<bit<32>, cell_t, bit<32>>(sent) write_sent = {
        void apply(inout bit<32> value, out bit<32> result) { value = io.clock; result = value; }
    };
    RegisterAction<bit<32>, cell_t, bit<32>>(sent) read_sent = {
        void apply(inout bit<32> value, out bit<32> result) { result = value; }
    };

    // Stage: the winner.
    Register<bit<32>, cell_t>(SLOTS) winner_addr;  // 0: unclaimed
    RegisterAction<bit<32>, cell_t, bit<32>>(winner_addr) clear_addr = {
        void apply(inout bit<32> value, out bit<32> result) { value = 0; result = value; }
    };
    RegisterAction<bit<32>, cell_t, bit<32>>(winner_addr) claim_addr = {
        void apply(inout bit<32> value, out bit<32> result) {
            result = value;
            if (value == 0) {
                value = speaker;
            }
        }
    };
    RegisterAction<bit<32>, cell_t, bit<32>>(winner_addr) read_addr = {
        void apply(inout bit<32> value, out bit<32> result) { result = value; }
    };
    Register<bit<32>, cell_t>(SLOTS) winner_port;  // port, form; 0: unclaimed
    RegisterAction<bit<32>, cell_t, bit<32>>(winner_port) clear_port = {
        void apply(inout bit<32> value, out bit<32> result) { value = 0; result = value; }
    };
    RegisterAction<bit<32>, cell_t, bit<32>>(winner_port) claim_port = {
        void apply(inout bit<32> value, out bit<32> result) {
            result = value;
            if (value == 0) {
                value = claim;
            }
        }
    };
    RegisterAction<bit<32>, cell_t, bit<32>>(winner_port) read_port = {
        void apply(inout bit<32> value, out bit<32> result) { result = value; }
    };

    // By replica: when its answer must have come; 0: it owes none.
    Register<int<32>, cell_t>(WATCHES) owed;
    int<32> due;
    RegisterAction<int<32>, cell_t, bit<1>>(owed) owe = {
        void apply(inout int<32> value, out bit<1> late) {
            late = 0;
            if (value != 0 && value - now <= 0) {
                late = 1;
            }
            if (value == 0) {
                value = due;
            }
        }
    };
    RegisterAction<int<32>, cell_t, bit<1>>(owed) settle = {
        void apply(inout int<32> value) { value = 0; }
    };

    Register<int<32>, cell_t>(SLOTS) told;
    RegisterAction<int<32>, cell_t, bit<1>>(told) tell = {
        void apply(inout int<32> value, out bit<1> again) { value = now; again = 1; }
    };
    RegisterAction<int<32>, cell_t, bit<1>>(told) remind = {
        void apply(inout int<32> value, out bit<1> again) {
            again = 0;
            if (now - value >= TELL) {
                value = now;
                again = 1;
            }
        }
    };

    action prepare() {
        index = index_hash.get({flow.client_addr, flow.client_port});
        client_port = (bit<32>)flow.client_port;
        now = (int<32>)io.now;
        due = (int<32>)(io.now + race.patience);
        way = 6w0 ++ race.mode;
    }
    action take_fingerprint() {
        slot.fingerprint = fingerprint_hash.get({flow.client_addr, flow.peer_addr, flow.client_port, flow.peer_port});
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
        take_fingerprint();

        bit<1> held = 0;
        if (syn == 1 && race.obstacle == OBSTACLE_NONE) {
            held = take.execute(index);
        } else if (race.lan == 1) {
            held = check.execute(index);
        }

        bit<1> matches = 0;
        if (syn == 1 && held == 1) {
            slot.taken = 1;
            slot.fresh = number_syn.execute(index);
        } else if (race.lan == 0) {
            matches = number_answer.execute(index);
        }

        if (slot.fresh == 1) {
            write_client.execute(index);
            slot.server_addr = write_server_addr.execute(index);
            slot.server_port = write_server_port.execute(index);
            slot.asked = write_watch.execute(index);
            way = write_mode.execute(index);
            attempt = first_attempt.execute(index);
            start = write_sent.execute(index);
        } else {
            slot.own = check_client.execute(index);
            slot.server_addr = read_server_addr.execute(index);
            slot.server_port = read_server_port.execute(index);
            slot.asked = read_watch.execute(index);
            way = read_mode.execute(index);
            if (slot.taken == 1) {
                attempt = next_attempt.execute(index);
            } else {
                attempt = read_attempts.execute(index);
            }
            start = read_sent.execute(index);
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
            slot.winner_addr = clear_addr.execute(index);
            port_form = clear_port.execute(index);
        } else if (slot.proven == 1 && synack == 1) {
            slot.winner_addr = claim_addr.execute(index);
            port_form = claim_port.execute(index);
        } else {
            slot.winner_addr = read_addr.execute(index);
            port_form = read_port.execute(index);
        }
        if (race.watch != 0) {
            if (synack == 1 && slot.proven == 1) {
                settle.execute(race.watch);
            } else if (slot.fresh == 1) {
                slot.overdue = owe.execute(race.watch);
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
                slot.told = tell.execute(index);
            } else if (race.lan == 1 && slot.own == 1 && slot.claimed == 1 && slot.server_won == 0) {
                slot.told = remind.execute(index);
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
