// The registers of slots as they are in a switch that has just started, for p4testgen: to its STF tests what a register
// holds is unknown. So a SYN finds its slot free, and nobody else finds anything. (tests/tofino has them all.)
#ifndef FIRSTACK_CELLS
#define FIRSTACK_CELLS

#define TOUCH_OWNER if (race.kind == KIND_LAN_SYN && race.obstacle == OBSTACLE_NONE) { held = 1; }
#define TOUCH_AWAITED if (race.kind == KIND_LAN_SYN && held == 1) { slot.taken = 1; slot.fresh = 1; }
#define TOUCH_FIRST \
    if (slot.fresh == 1) { \
        slot.server_addr = flow.to_addr; slot.server_port = flow.to_port; slot.asked = race.watch; \
        slot.mode = race.mode; slot.attempt = 0; slot.elapsed = io.clock; \
    } else { \
        slot.own = 0; race.from_server = 0; slot.server_addr = 0; slot.server_port = 0; slot.asked = 0; \
        slot.mode = 0; slot.attempt = 0; slot.elapsed = 0; \
    }
#define TOUCH_WINNER slot.winner = 0
#define TOUCH_OWED
#define TOUCH_TOLD
#define HASH_FROM index = 0
#define HASH_TO index = 0
#define HASH_ENDS print = 0

#endif
