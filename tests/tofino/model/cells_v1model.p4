// What the RegisterActions of arch/tna/cells.p4 do, one by one, on v1model's registers.
#ifndef FIRSTACK_CELLS
#define FIRSTACK_CELLS

#define CELL (bit<32>)index
#define TAKE(result) { \
    bit<64> value; owner.read(value, CELL); \
    if (value[63:32] == (bit<32>)print || (int<32>)value[31:0] - now <= 0) { \
        owner.write(CELL, (bit<32>)print ++ (bit<32>)(now + PENDING)); result = 1; \
    } else { result = 0; } }
#define CHECK(result) { \
    bit<64> value; owner.read(value, CELL); \
    if (value[63:32] == (bit<32>)print) { result = 1; } else { result = 0; } }
#define NUMBER_SYN(result) { \
    bit<64> value; awaited.read(value, CELL); \
    if (value != (bit<32>)number ++ (bit<32>)print) { result = 1; } else { result = 0; } \
    awaited.write(CELL, (bit<32>)number ++ (bit<32>)print); }
#define NUMBER_ANSWER(result) { \
    bit<64> value; awaited.read(value, CELL); \
    if ((int<32>)value[63:32] == number) { result = 1; } else { result = 0; } }
#define TOUCH_OWNER \
    if (race.kind == KIND_LAN_SYN && race.obstacle == OBSTACLE_NONE) { TAKE(held) } \
    else if (race.lan == 1) { CHECK(held) }
#define TOUCH_AWAITED \
    if (race.kind == KIND_LAN_SYN && held == 1) { slot.taken = 1; NUMBER_SYN(slot.fresh) } \
    else if (race.lan == 0) { NUMBER_ANSWER(matches) }
#define SAME(result, condition) if (condition) { result = 1; } else { result = 0; }
#define WRITE_ENDS client.write(CELL, from_print); server.write(CELL, to_print)
#define CHECK_ENDS(is_client, is_server) { \
    bit<32> value; \
    client.read(value, CELL); SAME(is_client, value == to_print) \
    server.read(value, CELL); SAME(is_server, value == from_print) }
#define NEW_server_addr flow.to_addr
#define NEW_server_port flow.to_port
#define NEW_asked race.watch
#define NEW_mode race.mode
#define NEW_attempts 0
#define NEW_sent io.clock
#define WRITE(cell, result) { cell##_cell.write(CELL, NEW_##cell); result = NEW_##cell; }
#define READ(cell, result) cell##_cell.read(result, CELL)
#define NEXT_ATTEMPT(result) { \
    attempts_cell.read(result, CELL); \
    if (result < 7) { result = result + 1; } \
    attempts_cell.write(CELL, result); }
#define CLEAR_WINNER winner_addr.write(CELL, 0); winner_port.write(CELL, 0); winner.write(CELL, 0)
#define CHECK_WINNER { \
    bit<32> addr; winner_addr.read(addr, CELL); SAME(slot.same_source, addr == race.peer_addr) \
    bit<16> port; winner_port.read(port, CELL); SAME(slot.same_port, port == flow.from_port) \
    winner.read(slot.winner, CELL); }
#define CLAIM_WINNER CHECK_WINNER \
    if (slot.winner == 0) { \
        winner_addr.write(CELL, race.peer_addr); winner_port.write(CELL, flow.from_port); winner.write(CELL, claim); }
#define READ_WINNER winner_addr.read(slot.winner_addr, CELL); winner_port.read(slot.winner_port, CELL); \
    winner.read(slot.winner, CELL)
#define TOUCH_FIRST \
    if (slot.fresh == 1) { \
        WRITE_ENDS; WRITE(server_addr, slot.server_addr); WRITE(server_port, slot.server_port); WRITE(asked, slot.asked); \
        WRITE(mode, slot.mode); WRITE(attempts, slot.attempt); WRITE(sent, slot.elapsed); \
    } else { \
        CHECK_ENDS(slot.own, race.from_server); READ(server_addr, slot.server_addr); READ(server_port, slot.server_port); \
        READ(asked, slot.asked); READ(mode, slot.mode); READ(sent, slot.elapsed); \
        if (slot.taken == 1) { NEXT_ATTEMPT(slot.attempt); } else { READ(attempts, slot.attempt); } \
    }
#define TOUCH_WINNER \
    if (slot.fresh == 1) { CLEAR_WINNER; } else if (race.lan == 1) { READ_WINNER; } \
    else if (slot.proven == 1 && IS_SYNACK(race.kind) && race.translated == 0) { CLAIM_WINNER; } else { CHECK_WINNER; }
#define OWE(result) { \
    bit<32> value; owed.read(value, (bit<32>)race.watch); \
    if (value != 0 && (int<32>)value - now <= 0) { result = 1; } else { result = 0; } \
    if (value == 0) { owed.write((bit<32>)race.watch, (bit<32>)due); } }
#define SETTLE owed.write((bit<32>)race.watch, 0)
#define TELL_NOW(result) { told.write(CELL, (bit<32>)now); result = 1; }
#define REMIND(result) { \
    bit<32> value; told.read(value, CELL); \
    if (now - (int<32>)value >= TELL) { told.write(CELL, (bit<32>)now); result = 1; } else { result = 0; } }
#define TOUCH_OWED \
    if (race.watch != 0) { \
        if (IS_SYNACK(race.kind) && slot.proven == 1) { SETTLE; } \
        else if (slot.fresh == 1 && race.translated == 0) { OWE(slot.overdue); } \
    }
#define TOUCH_TOLD \
    if (race.translated == 0) { \
        if (IS_SYNACK(race.kind) && slot.proven == 1 && (slot.winner & WINNER_CLAIMED) == 0 && \
            race.speaker_form != FORM_SERVER) { TELL_NOW(slot.told); } \
        else if (race.lan == 1 && slot.own == 1 && (slot.winner & WINNER_REPLICA) != 0) { REMIND(slot.told); } \
    }
#define HASH_FROM hash(index, HashAlgorithm.crc16, (bit<16>)0, { flow.from_addr, flow.from_port }, (bit<32>)SLOTS)
#define HASH_TO hash(index, HashAlgorithm.crc16, (bit<16>)0, { flow.to_addr, flow.to_port }, (bit<32>)SLOTS)
#define HASH_ENDS { \
    hash(from_print, HashAlgorithm.crc32, (bit<32>)0, { flow.from_addr, flow.from_port }, (bit<64>)0x100000000); \
    hash(to_print, HashAlgorithm.crc32, (bit<32>)0, { flow.to_addr, flow.to_port }, (bit<64>)0x100000000); \
    bit<32> whole; hash(whole, HashAlgorithm.crc32, (bit<32>)0, \
        { flow.from_addr, flow.to_addr, flow.from_port, flow.to_port }, (bit<64>)0x100000000); \
    print = (int<32>)whole; }

    register<bit<64>>(SLOTS) owner;
    register<bit<64>>(SLOTS) awaited;
    register<bit<32>>(SLOTS) client;
    register<bit<32>>(SLOTS) server;
    register<bit<32>>(SLOTS) server_addr_cell;
    register<bit<16>>(SLOTS) server_port_cell;
    register<bit<16>>(SLOTS) asked_cell;
    register<bit<8>>(SLOTS) mode_cell;
    register<bit<8>>(SLOTS) attempts_cell;
    register<bit<32>>(SLOTS) sent_cell;
    register<bit<32>>(SLOTS) winner_addr;
    register<bit<16>>(SLOTS) winner_port;
    register<bit<8>>(SLOTS) winner;
    register<bit<32>>(SLOTS) told;
    register<bit<32>>(WATCHES) owed;

#endif
