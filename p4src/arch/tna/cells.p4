// The registers of flow slots: a RegisterAction for each way in which a packet may touch one. Included into the control
// that uses them (slots.p4), whose fields they read. tests/tofino has the same cells for v1model.
#ifndef FIRSTACK_CELLS
#define FIRSTACK_CELLS

#define TOUCH_OWNER touch_owner.apply()
#define TOUCH_AWAITED touch_awaited.apply()
#define TOUCH_FIRST touch_client.apply(); touch_server.apply(); touch_server_addr.apply(); touch_server_port.apply(); \
    touch_asked.apply(); touch_mode.apply(); touch_attempts.apply(); touch_sent.apply()
#define TOUCH_WINNER touch_winner_addr.apply(); touch_winner_port.apply(); touch_winner.apply()
#define TOUCH_OWED if (race.watch != 0) { touch_owed.apply(); }
#define TOUCH_TOLD touch_told.apply()
#define HASH_FROM find_from()
#define HASH_TO find_to()
#define HASH_ENDS hash_from(); hash_to(); hash_flow()

    Hash<bit<16>>(HashAlgorithm_t.CRC16) from_index;
    Hash<bit<16>>(HashAlgorithm_t.CRC16) to_index;
    Hash<bit<32>>(HashAlgorithm_t.CRC32) from_hash;
    Hash<bit<32>>(HashAlgorithm_t.CRC32) to_hash;
    Hash<bit<32>>(HashAlgorithm_t.CRC32) flow_hash;
    // A hash to an action: a table takes no more.
    action find_from() { index = from_index.get({flow.from_addr, flow.from_port}); }
    action find_to() { index = to_index.get({flow.to_addr, flow.to_port}); }
    action hash_from() { from_print = from_hash.get({flow.from_addr, flow.from_port}); }
    action hash_to() { to_print = to_hash.get({flow.to_addr, flow.to_port}); }
    action hash_flow() { print = (int<32>)flow_hash.get({flow.from_addr, flow.to_addr, flow.from_port, flow.to_port}); }

    // A register is touched by a table of its own, which chooses among the ways: a condition for each would be a table each.
    // None of them may be a default action: that has no hash to point with.
#define BY_FRESH(cell, first, later) \
    @hidden table touch_##cell { \
        key = { slot.fresh : ternary; } \
        actions = { first; later; @defaultonly NoAction; } \
        const default_action = NoAction(); \
        const entries = { 1 : first(); 0 : later(); } \
        size = 2; \
    }
#define BY_WINNER(cell) \
    @hidden table touch_##cell { \
        key = { slot.fresh : ternary; race.kind : ternary; race.lan : ternary; slot.proven : ternary; race.translated : ternary; } \
        actions = { cell##_clear; cell##_read; cell##_claim; cell##_check; @defaultonly NoAction; } \
        const default_action = NoAction(); \
        const entries = { \
            (1, _, _, _, _) : cell##_clear(); \
            (_, _, 1, _, _) : cell##_read(); \
            (_, A_SYNACK, _, 1, 0) : cell##_claim(); \
            (_, _, _, _, _) : cell##_check(); \
        } \
        size = 4; \
    }

    // Stage: whose slot it is.
    Register<owner_t, cell_t>(SLOTS) owner;
    RegisterAction<owner_t, cell_t, bit<1>>(owner) take = {
        void apply(inout owner_t value, out bit<1> ours) {
            ours = 0;
            if (value.fingerprint == print || value.expires - now <= 0) {
                value.fingerprint = print;
                value.expires = now + PENDING;
                ours = 1;
            }
        }
    };
    RegisterAction<owner_t, cell_t, bit<1>>(owner) check = {
        void apply(inout owner_t value, out bit<1> ours) {
            ours = 0;
            if (value.fingerprint == print) {
                ours = 1;
            }
        }
    };
    action owner_take() { held = take.execute(index); }
    action owner_check() { held = check.execute(index); }
    AT_STAGE(3, 2)
    AHEAD
    @hidden table touch_owner {
        key = { race.kind : ternary; race.obstacle : ternary; race.lan : ternary; }
        actions = { owner_take; owner_check; @defaultonly NoAction; }
        const default_action = NoAction();
        const entries = { (KIND_LAN_SYN, OBSTACLE_NONE, _) : owner_take(); (_, _, 1) : owner_check(); }
        size = 2;
    }

    // Stage: the SYN in the slot. One with another number, or of another flow, is the first of its connection.
    Register<syn_t, cell_t>(SLOTS) awaited;
    RegisterAction<syn_t, cell_t, bit<1>>(awaited) number_syn = {
        void apply(inout syn_t value, out bit<1> other) {
            other = 0;
            if (value.number != number || value.fingerprint != print) {
                other = 1;
            }
            value.number = number;
            value.fingerprint = print;
        }
    };
    RegisterAction<syn_t, cell_t, bit<1>>(awaited) number_answer = {
        void apply(inout syn_t value, out bit<1> same) {
            same = 0;
            if (value.number == number) {
                same = 1;
            }
        }
    };
    action awaited_syn() { slot.taken = 1; slot.fresh = number_syn.execute(index); }
    action awaited_answer() { matches = number_answer.execute(index); }
    AT_STAGE(4, 2)
    @hidden table touch_awaited {
        key = { race.kind : ternary; race.lan : ternary; held : ternary; }
        actions = { awaited_syn; awaited_answer; @defaultonly NoAction; }
        const default_action = NoAction();
        const entries = { (KIND_LAN_SYN, _, 1) : awaited_syn(); (_, 0, _) : awaited_answer(); }
        size = 2;
    }

    // Stage: what the first SYN writes, to be compared and to be read.
    Register<bit<32>, cell_t>(SLOTS) client;
    RegisterAction<bit<32>, cell_t, bit<1>>(client) write_client = {
        void apply(inout bit<32> value) { value = from_print; }
    };
    RegisterAction<bit<32>, cell_t, bit<1>>(client) check_client = {
        void apply(inout bit<32> value, out bit<1> same) {
            same = 0;
            if (value == to_print) {
                same = 1;
            }
        }
    };
    Register<bit<32>, cell_t>(SLOTS) server;
    RegisterAction<bit<32>, cell_t, bit<1>>(server) write_server = {
        void apply(inout bit<32> value) { value = to_print; }
    };
    RegisterAction<bit<32>, cell_t, bit<1>>(server) check_server = {
        void apply(inout bit<32> value, out bit<1> same) {
            same = 0;
            if (value == from_print) {
                same = 1;
            }
        }
    };
    Register<bit<32>, cell_t>(SLOTS) server_addr;
    RegisterAction<bit<32>, cell_t, bit<32>>(server_addr) write_server_addr = {
        void apply(inout bit<32> value, out bit<32> result) { value = flow.to_addr; result = value; }
    };
    RegisterAction<bit<32>, cell_t, bit<32>>(server_addr) read_server_addr = {
        void apply(inout bit<32> value, out bit<32> result) { result = value; }
    };
    Register<bit<16>, cell_t>(SLOTS) server_port;
    RegisterAction<bit<16>, cell_t, bit<16>>(server_port) write_server_port = {
        void apply(inout bit<16> value, out bit<16> result) { value = flow.to_port; result = value; }
    };
    RegisterAction<bit<16>, cell_t, bit<16>>(server_port) read_server_port = {
        void apply(inout bit<16> value, out bit<16> result) { result = value; }
    };
    Register<bit<16>, cell_t>(SLOTS) asked;
    RegisterAction<bit<16>, cell_t, bit<16>>(asked) write_asked = {
        void apply(inout bit<16> value, out bit<16> result) { value = race.watch; result = value; }
    };
    RegisterAction<bit<16>, cell_t, bit<16>>(asked) read_asked = {
        void apply(inout bit<16> value, out bit<16> result) { result = value; }
    };
    Register<bit<8>, cell_t>(SLOTS) mode;
    RegisterAction<bit<8>, cell_t, bit<8>>(mode) write_mode = {
        void apply(inout bit<8> value, out bit<8> result) { value = race.mode; result = value; }
    };
    RegisterAction<bit<8>, cell_t, bit<8>>(mode) read_mode = {
        void apply(inout bit<8> value, out bit<8> result) { result = value; }
    };
    Register<bit<8>, cell_t>(SLOTS) attempts;
    RegisterAction<bit<8>, cell_t, bit<8>>(attempts) write_attempts = {
        void apply(inout bit<8> value, out bit<8> result) { value = 0; result = value; }
    };
    RegisterAction<bit<8>, cell_t, bit<8>>(attempts) read_attempts = {
        void apply(inout bit<8> value, out bit<8> result) { result = value; }
    };
    RegisterAction<bit<8>, cell_t, bit<8>>(attempts) next_attempt = {
        void apply(inout bit<8> value, out bit<8> result) {
            if (value < 7) {
                value = value + 1;
            }
            result = value;
        }
    };
    Register<bit<32>, cell_t>(SLOTS) sent;
    RegisterAction<bit<32>, cell_t, bit<32>>(sent) write_sent = {
        void apply(inout bit<32> value, out bit<32> result) { value = io.clock; result = value; }
    };
    RegisterAction<bit<32>, cell_t, bit<32>>(sent) read_sent = {
        void apply(inout bit<32> value, out bit<32> result) { result = value; }
    };
    action client_write() { write_client.execute(index); }
    action client_check() { slot.own = check_client.execute(index); }
    BY_FRESH(client, client_write, client_check)
    action server_write() { write_server.execute(index); }
    action server_check() { race.from_server = check_server.execute(index); }
    BY_FRESH(server, server_write, server_check)
    action server_addr_write() { slot.server_addr = write_server_addr.execute(index); }
    action server_addr_read() { slot.server_addr = read_server_addr.execute(index); }
    BY_FRESH(server_addr, server_addr_write, server_addr_read)
    action server_port_write() { slot.server_port = write_server_port.execute(index); }
    action server_port_read() { slot.server_port = read_server_port.execute(index); }
    BY_FRESH(server_port, server_port_write, server_port_read)
    action asked_write() { slot.asked = write_asked.execute(index); }
    action asked_read() { slot.asked = read_asked.execute(index); }
    BY_FRESH(asked, asked_write, asked_read)
    action mode_write() { slot.mode = write_mode.execute(index); }
    action mode_read() { slot.mode = read_mode.execute(index); }
    BY_FRESH(mode, mode_write, mode_read)
    action sent_write() { slot.elapsed = write_sent.execute(index); }
    action sent_read() { slot.elapsed = read_sent.execute(index); }
    BY_FRESH(sent, sent_write, sent_read)
    action attempts_write() { slot.attempt = write_attempts.execute(index); }
    action attempts_next() { slot.attempt = next_attempt.execute(index); }
    action attempts_read() { slot.attempt = read_attempts.execute(index); }
    @hidden table touch_attempts {
        key = { slot.fresh : ternary; slot.taken : ternary; }
        actions = { attempts_write; attempts_next; attempts_read; @defaultonly NoAction; }
        const default_action = NoAction();
        const entries = {
            (1, _) : attempts_write();
            (0, 1) : attempts_next();
            (0, 0) : attempts_read();
        }
        size = 3;
    }

    // Stage: the winner. Who speaks is compared, a client is told.
    Register<bit<32>, cell_t>(SLOTS) winner_addr;
    RegisterAction<bit<32>, cell_t, bit<1>>(winner_addr) clear_winner_addr = {
        void apply(inout bit<32> value) { value = 0; }
    };
    RegisterAction<bit<32>, cell_t, bit<1>>(winner_addr) claim_winner_addr = {
        void apply(inout bit<32> value, out bit<1> same) {
            same = 0;
            if (value == race.peer_addr) {
                same = 1;
            }
            if (value == 0) {
                value = race.peer_addr;
            }
        }
    };
    RegisterAction<bit<32>, cell_t, bit<1>>(winner_addr) check_winner_addr = {
        void apply(inout bit<32> value, out bit<1> same) {
            same = 0;
            if (value == race.peer_addr) {
                same = 1;
            }
        }
    };
    RegisterAction<bit<32>, cell_t, bit<32>>(winner_addr) read_winner_addr = {
        void apply(inout bit<32> value, out bit<32> result) { result = value; }
    };
    Register<bit<16>, cell_t>(SLOTS) winner_port;
    RegisterAction<bit<16>, cell_t, bit<1>>(winner_port) clear_winner_port = {
        void apply(inout bit<16> value) { value = 0; }
    };
    RegisterAction<bit<16>, cell_t, bit<1>>(winner_port) claim_winner_port = {
        void apply(inout bit<16> value, out bit<1> same) {
            same = 0;
            if (value == flow.from_port) {
                same = 1;
            }
            if (value == 0) {
                value = flow.from_port;
            }
        }
    };
    RegisterAction<bit<16>, cell_t, bit<1>>(winner_port) check_winner_port = {
        void apply(inout bit<16> value, out bit<1> same) {
            same = 0;
            if (value == flow.from_port) {
                same = 1;
            }
        }
    };
    RegisterAction<bit<16>, cell_t, bit<16>>(winner_port) read_winner_port = {
        void apply(inout bit<16> value, out bit<16> result) { result = value; }
    };
    Register<bit<8>, cell_t>(SLOTS) winner;
    RegisterAction<bit<8>, cell_t, bit<1>>(winner) clear_winner = {
        void apply(inout bit<8> value) { value = 0; }
    };
    RegisterAction<bit<8>, cell_t, bit<8>>(winner) claim_winner = {
        void apply(inout bit<8> value, out bit<8> result) {
            result = value;
            if (value == 0) {
                value = claim;
            }
        }
    };
    RegisterAction<bit<8>, cell_t, bit<8>>(winner) read_winner = {
        void apply(inout bit<8> value, out bit<8> result) { result = value; }
    };

    action winner_addr_clear() { clear_winner_addr.execute(index); }
    action winner_addr_read() { slot.winner_addr = read_winner_addr.execute(index); }
    action winner_addr_claim() { slot.same_source = claim_winner_addr.execute(index); }
    action winner_addr_check() { slot.same_source = check_winner_addr.execute(index); }
    BY_WINNER(winner_addr)
    action winner_port_clear() { clear_winner_port.execute(index); }
    action winner_port_read() { slot.winner_port = read_winner_port.execute(index); }
    action winner_port_claim() { slot.same_port = claim_winner_port.execute(index); }
    action winner_port_check() { slot.same_port = check_winner_port.execute(index); }
    BY_WINNER(winner_port)
    action winner_clear() { clear_winner.execute(index); }
    action winner_read() { slot.winner = read_winner.execute(index); }
    action winner_claim() { slot.winner = claim_winner.execute(index); }
    action winner_check() { slot.winner = read_winner.execute(index); }
    BY_WINNER(winner)

    // By replica: when its answer must have come; 0: it owes none.
    Register<int<32>, cell_t>(WATCHES) owed;
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

    action owed_settle() { settle.execute(race.watch); }
    action owed_owe() { slot.overdue = owe.execute(race.watch); }
    AT_STAGE(7, 2)
    @hidden table touch_owed {
        key = { race.kind : ternary; slot.proven : ternary; slot.fresh : ternary; race.translated : ternary; }
        actions = { owed_settle; owed_owe; @defaultonly NoAction; }
        const default_action = NoAction();
        size = 2;
        const entries = {
            (A_SYNACK, 1, _, _) : owed_settle();
            (KIND_LAN_SYN, _, 1, 0) : owed_owe();
        }
    }
    action told_tell() { slot.told = tell.execute(index); }
    action told_remind() { slot.told = remind.execute(index); }
    @hidden table touch_told {
        key = {
            race.translated : ternary;
            race.kind : ternary;
            race.lan : ternary;
            slot.proven : ternary;
            slot.own : ternary;
            slot.winner : ternary;
            race.speaker_form : ternary;
        }
        actions = { told_tell; told_remind; NoAction; }
        const default_action = NoAction();
        size = 3;
        const entries = {
            (0, A_SYNACK, _, 1, _, NOBODY, FORM_SERVER) : NoAction();
            (0, A_SYNACK, _, 1, _, NOBODY, _) : told_tell();
            (0, _, 1, _, 1, A_REPLICA, _) : told_remind();
        }
    }

#endif
