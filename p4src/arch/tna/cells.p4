// The registers of flow slots: a RegisterAction for each way in which a packet may touch one. Included into the control
// that uses them (slots.p4), whose fields they read. tests/tofino has the same cells for v1model.
#ifndef FIRSTACK_CELLS
#define FIRSTACK_CELLS

#define TAKE(result) result = take.execute(index)
#define CHECK(result) result = check.execute(index)
#define NUMBER_SYN(result) result = number_syn.execute(index)
#define NUMBER_ANSWER(result) result = number_answer.execute(index)
#define WRITE_CLIENT write_client.execute(index)
#define CHECK_CLIENT(result) result = check_client.execute(index)
#define WRITE(cell, content, result) result = write_##cell.execute(index)
#define READ(cell, result) result = read_##cell.execute(index)
#define NEXT_ATTEMPT(result) result = next_attempt.execute(index)
#define CLAIM(cell, content, result) result = claim_##cell.execute(index)
#define OWE(result) result = owe.execute(race.watch)
#define SETTLE settle.execute(race.watch)
#define TELL_NOW(result) result = tell.execute(index)
#define REMIND(result) result = remind.execute(index)
#define HASH_INDEX index = index_hash.get({flow.client_addr, flow.client_port})
#define HASH_FLOW \
    slot.fingerprint = fingerprint_hash.get({flow.client_addr, flow.peer_addr, flow.client_port, flow.peer_port})

    Hash<bit<16>>(HashAlgorithm_t.CRC16) index_hash;
    Hash<bit<32>>(HashAlgorithm_t.CRC32) fingerprint_hash;

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

    // Stage: the SYN in the slot. One with another number, or of another flow, is the first of its connection.
    Register<syn_t, cell_t>(SLOTS) awaited;
    RegisterAction<syn_t, cell_t, bit<1>>(awaited) number_syn = {
        void apply(inout syn_t value, out bit<1> other) {
            other = 0;
            if (value.number != number || value.fingerprint != slot.fingerprint) {
                other = 1;
            }
            value.number = number;
            value.fingerprint = slot.fingerprint;
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
    RegisterAction<bit<8>, cell_t, bit<8>>(mode) write_mode = {
        void apply(inout bit<8> value, out bit<8> result) { value = way; result = value; }
    };
    RegisterAction<bit<8>, cell_t, bit<8>>(mode) read_mode = {
        void apply(inout bit<8> value, out bit<8> result) { result = value; }
    };
    Register<bit<8>, cell_t>(SLOTS) attempts;
    RegisterAction<bit<8>, cell_t, bit<8>>(attempts) write_attempts = {
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

    Register<bit<32>, cell_t>(SLOTS) sent;
    RegisterAction<bit<32>, cell_t, bit<32>>(sent) write_sent = {
        void apply(inout bit<32> value, out bit<32> result) { value = io.clock; result = value; }
    };
    RegisterAction<bit<32>, cell_t, bit<32>>(sent) read_sent = {
        void apply(inout bit<32> value, out bit<32> result) { result = value; }
    };

    // Stage: the winner.
    Register<bit<32>, cell_t>(SLOTS) winner_addr;  // 0: unclaimed
    RegisterAction<bit<32>, cell_t, bit<32>>(winner_addr) write_winner_addr = {
        void apply(inout bit<32> value, out bit<32> result) { value = 0; result = value; }
    };
    RegisterAction<bit<32>, cell_t, bit<32>>(winner_addr) claim_winner_addr = {
        void apply(inout bit<32> value, out bit<32> result) {
            result = value;
            if (value == 0) {
                value = speaker;
            }
        }
    };
    RegisterAction<bit<32>, cell_t, bit<32>>(winner_addr) read_winner_addr = {
        void apply(inout bit<32> value, out bit<32> result) { result = value; }
    };
    Register<bit<32>, cell_t>(SLOTS) winner_port;  // port, form; 0: unclaimed
    RegisterAction<bit<32>, cell_t, bit<32>>(winner_port) write_winner_port = {
        void apply(inout bit<32> value, out bit<32> result) { value = 0; result = value; }
    };
    RegisterAction<bit<32>, cell_t, bit<32>>(winner_port) claim_winner_port = {
        void apply(inout bit<32> value, out bit<32> result) {
            result = value;
            if (value == 0) {
                value = claim;
            }
        }
    };
    RegisterAction<bit<32>, cell_t, bit<32>>(winner_port) read_winner_port = {
        void apply(inout bit<32> value, out bit<32> result) { result = value; }
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
