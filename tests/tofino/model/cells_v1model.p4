// What the RegisterActions of arch/tna/cells.p4 do, one by one, on v1model's registers.
#ifndef FIRSTACK_CELLS
#define FIRSTACK_CELLS

#define CELL (bit<32>)index
#define TAKE(result) { \
    bit<64> value; owner.read(value, CELL); \
    if (value[63:32] == slot.fingerprint || (int<32>)value[31:0] - now <= 0) { \
        owner.write(CELL, slot.fingerprint ++ (bit<32>)(now + PENDING)); result = 1; \
    } else { result = 0; } }
#define CHECK(result) { \
    bit<64> value; owner.read(value, CELL); \
    if (value[63:32] == slot.fingerprint) { result = 1; } else { result = 0; } }
#define NUMBER_SYN(result) { \
    bit<64> value; awaited.read(value, CELL); \
    if (value != number ++ slot.fingerprint) { result = 1; } else { result = 0; } \
    awaited.write(CELL, number ++ slot.fingerprint); }
#define NUMBER_ANSWER(result) { \
    bit<64> value; awaited.read(value, CELL); \
    if (value[63:32] == number) { result = 1; } else { result = 0; } }
#define SAME(result, condition) if (condition) { result = 1; } else { result = 0; }
#define WRITE_ENDS client.write(CELL, flow.client_addr ++ client_port); server.write(CELL, flow.peer_addr ++ peer_port)
#define CHECK_ENDS(is_client, is_server) { \
    bit<64> value; \
    client.read(value, CELL); SAME(is_client, value == flow.client_addr ++ client_port) \
    server.read(value, CELL); SAME(is_server, value == flow.peer_addr ++ peer_port) }
#define NEW_server_addr flow.peer_addr
#define NEW_course course_now
#define NEW_way way_now
#define NEW_sent io.clock
#define WRITE(cell, result) { cell##_cell.write(CELL, NEW_##cell); result = NEW_##cell; }
#define READ(cell, result) cell##_cell.read(result, CELL)
#define NEXT_WAY(result) { \
    way_cell.read(result, CELL); \
    if (result < 28) { result = result + 4; } \
    way_cell.write(CELL, result); }
#define CLEAR_WINNER winner_addr.write(CELL, 0); winner_port.write(CELL, 0); winner.write(CELL, 0)
#define CHECK_WINNER { \
    bit<32> addr; winner_addr.read(addr, CELL); SAME(slot.same_source, addr == race.speaker_addr) \
    bit<16> port; winner_port.read(port, CELL); SAME(slot.same_port, port == flow.peer_port) \
    winner.read(slot.winner, CELL); }
#define CLAIM_WINNER CHECK_WINNER \
    if (slot.winner == 0) { \
        winner_addr.write(CELL, race.speaker_addr); winner_port.write(CELL, flow.peer_port); winner.write(CELL, claim); }
#define READ_WINNER winner_addr.read(slot.winner_addr, CELL); winner_port.read(slot.winner_port, CELL); \
    winner.read(slot.winner, CELL)
#define OWE(result) { \
    bit<32> value; owed.read(value, (bit<32>)race.watch); \
    if (value != 0 && (int<32>)value - now <= 0) { result = 1; } else { result = 0; } \
    if (value == 0) { owed.write((bit<32>)race.watch, (bit<32>)due); } }
#define SETTLE owed.write((bit<32>)race.watch, 0)
#define TELL_NOW(result) { told.write(CELL, (bit<32>)now); result = 1; }
#define REMIND(result) { \
    bit<32> value; told.read(value, CELL); \
    if (now - (int<32>)value >= TELL) { told.write(CELL, (bit<32>)now); result = 1; } else { result = 0; } }
#define HASH_INDEX hash(index, HashAlgorithm.crc16, (bit<16>)0, { flow.client_addr, flow.client_port }, (bit<32>)SLOTS)
#define HASH_FLOW hash(slot.fingerprint, HashAlgorithm.crc32, (bit<32>)0, \
    { flow.client_addr, flow.peer_addr, flow.client_port, flow.peer_port }, (bit<64>)0x100000000)

    register<bit<64>>(SLOTS) owner;
    register<bit<64>>(SLOTS) awaited;
    register<bit<64>>(SLOTS) client;
    register<bit<64>>(SLOTS) server;
    register<bit<32>>(SLOTS) server_addr_cell;
    register<bit<32>>(SLOTS) course_cell;
    register<bit<8>>(SLOTS) way_cell;
    register<bit<32>>(SLOTS) sent_cell;
    register<bit<32>>(SLOTS) winner_addr;
    register<bit<16>>(SLOTS) winner_port;
    register<bit<16>>(SLOTS) winner;
    register<bit<32>>(SLOTS) told;
    register<bit<32>>(WATCHES) owed;

#endif
