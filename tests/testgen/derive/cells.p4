// The registers of slots as they are in a switch that has just started, for p4testgen: to its STF tests what a register
// holds is unknown. So a SYN finds its slot free, and nobody else finds anything. (tests/tofino has them all.)
#ifndef FIRSTACK_CELLS
#define FIRSTACK_CELLS

#define TAKE(result) result = 1
#define CHECK(result) result = 0
#define NUMBER_SYN(result) result = 1
#define NUMBER_ANSWER(result) result = 0
#define WRITE_ENDS
#define CHECK_ENDS(is_client, is_server) is_client = 0; is_server = 0
#define WRITE(cell, result) result = WRITE_##cell
#define WRITE_server_addr flow.to_addr
#define WRITE_server_port flow.to_port
#define WRITE_asked race.watch
#define WRITE_mode race.mode
#define WRITE_attempts 0
#define WRITE_sent io.clock
#define READ(cell, result) result = 0
#define NEXT_ATTEMPT(result) result = 1
#define CLEAR_WINNER
#define CLAIM_WINNER slot.winner = 0
#define CHECK_WINNER slot.winner = 0
#define READ_WINNER slot.winner = 0
#define OWE(result) result = 0
#define SETTLE
#define TELL_NOW(result) result = 1
#define REMIND(result) result = 0
#define HASH_FROM index = 0
#define HASH_TO index = 0
#define HASH_ENDS print = 0

#endif
