// The registers of flow slots: a RegisterAction for each way in which a packet may touch one. Included into the control
// that uses them (slots.p4), whose fields they read. tests/tofino has the same cells for v1model.
#ifndef FIRSTACK_CELLS
#define FIRSTACK_CELLS

#define TAKE(result) result = take.execute(index)
#define CHECK(result) result = check.execute(index)
#define NUMBER_SYN(result) result = number_syn.execute(index)
#define NUMBER_ANSWER(result) result = number_answer.execute(index)
#define WRITE_ENDS write_client.execute(index); write_server.execute(index)
#define CHECK_ENDS(is_client, is_server) is_client = check_client.execute(index); is_server = check_server.execute(index)
#define WRITE(cell, result) result = write_##cell.execute(index)
#define READ(cell, result) result = read_##cell.execute(index)
#define NEXT_ATTEMPT(result) result = next_attempt.execute(index)
#define CLEAR_WINNER clear_winner_addr.execute(index); clear_winner_port.execute(index); clear_winner.execute(index)
#define CLAIM_WINNER slot.same_source = claim_winner_addr.execute(index); \
    slot.same_port = claim_winner_port.execute(index); slot.winner = claim_winner.execute(index)
#define CHECK_WINNER slot.same_source = check_winner_addr.execute(index); \
    slot.same_port = check_winner_port.execute(index); slot.winner = read_winner.execute(index)
#define READ_WINNER slot.winner_addr = read_winner_addr.execute(index); \
    slot.winner_port = read_winner_port.execute(index); slot.winner = read_winner.execute(index)
#define OWE(result) result = owe.execute(race.watch)
#define SETTLE settle.execute(race.watch)
#define TELL_NOW(result) result = tell.execute(index)
#define REMIND(result) result = remind.execute(index)
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

    // Stage: the winner. Who speaks is compared, a client is told.
    Register<bit<32>, cell_t>(SLOTS) winner_addr;
    RegisterAction<bit<32>, cell_t, bit<1>>(winner_addr) clear_winner_addr = {
        void apply(inout bit<32> value) { value = 0; }
    };
    RegisterAction<bit<32>, cell_t, bit<1>>(winner_addr) claim_winner_addr = {
        void apply(inout bit<32> value, out bit<1> same) {
            same = 0;
            if (value == race.speaker_addr) {
                same = 1;
            }
            if (value == 0) {
                value = race.speaker_addr;
            }
        }
    };
    RegisterAction<bit<32>, cell_t, bit<1>>(winner_addr) check_winner_addr = {
        void apply(inout bit<32> value, out bit<1> same) {
            same = 0;
            if (value == race.speaker_addr) {
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

#endif
