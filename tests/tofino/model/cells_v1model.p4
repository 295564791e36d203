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
#define WRITE_CLIENT client.write(CELL, flow.client_addr ++ client_port)
#define CHECK_CLIENT(result) { \
    bit<64> value; client.read(value, CELL); \
    if (value == flow.client_addr ++ client_port) { result = 1; } else { result = 0; } }
#define WRITE(cell, content, result) { cell.write(CELL, content); result = content; }
#define READ(cell, result) cell.read(result, CELL)
#define NEXT_ATTEMPT(result) { \
    attempts.read(result, CELL); \
    if (result < 7) { result = result + 1; } \
    attempts.write(CELL, result); }
#define CLAIM(cell, content, result) { \
    cell.read(result, CELL); \
    if (result == 0) { cell.write(CELL, content); } }
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
    register<bit<32>>(SLOTS) server_addr;
    register<bit<16>>(SLOTS) server_port;
    register<bit<16>>(SLOTS) watch;
    register<bit<8>>(SLOTS) mode;
    register<bit<8>>(SLOTS) attempts;
    register<bit<32>>(SLOTS) sent;
    register<bit<32>>(SLOTS) winner_addr;
    register<bit<32>>(SLOTS) winner_port;
    register<bit<32>>(SLOTS) told;
    register<bit<32>>(WATCHES) owed;

#endif
