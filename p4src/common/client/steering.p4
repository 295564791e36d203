// How a SYN that may be raced goes out: by way of the server, which has it raced (FIG. 2); straight to several replicas
// that earlier races have made known; or to the nearest of them alone. The controller chooses, by what the answers
// taught it; the switch falls back by itself.
#ifndef FIRSTACK_CLIENT_STEERING
#define FIRSTACK_CLIENT_STEERING

const bit<8> MODE_DISCOVER = 0;
const bit<8> MODE_RACE = 1;
const bit<8> MODE_DIRECT = 2;
const bit<8> MODE_SERVER = 3;  // the server itself is the nearest: to it alone, untagged

control Steering(inout headers_t hdr, in flow_t flow, inout race_t race) {
    action discover() {
        race.mode = MODE_DISCOVER;
    }
    // One copy for each leg of a multicast group; group 0: discovered.
    action race_to(bit<16> group) {
        race.mode = MODE_RACE;
        race.group = group;
    }
    // One SYN to one replica, which owes an answer within its patience (ticks). While it owes one for longer, SYNs are
    // raced to the group instead; group 0: discovered.
    action direct(ipv4_addr_t replica_addr, bit<16> watch, ticks_t patience, bit<16> group) {
        race.mode = MODE_DIRECT;
        race.peer_addr = replica_addr;
        race.watch = watch;
        race.patience = patience;
        race.group = group;
    }
    action direct_server(bit<16> watch, ticks_t patience, bit<16> group) {
        race.mode = MODE_SERVER;
        race.watch = watch;
        race.patience = patience;
        race.group = group;
    }
    STEERING_SELECTOR
    AT_STAGE(2, SERVICES)
    table steering {
        key = {
            flow.to_addr : exact @name("server_addr");
            flow.to_port : exact @name("server_port");
            STEERING_KEYS
        }
        actions = { discover; race_to; direct; direct_server; }
        size = SERVICES;
        USE_STEERING_SELECTOR
    }

    // Whose SYN-ACK it is: its sender owes no answer any more. The source as it stands outside and inside a tunnel,
    // for the forms differ in it.
    action answers(bit<16> watch) {
        race.watch = watch;
    }
    table watched {
        key = {
            flow.source_addr : exact @name("source_addr");
            flow.from_addr : exact @name("peer_addr");
            flow.from_port : exact @name("peer_port");
        }
        actions = { answers; @defaultonly NoAction; }
        const default_action = NoAction();
        size = WATCHED;
    }

    @hidden action fall_back() {
        race.fallback = 1;
    }
    @hidden action nobody_to_race() {
        race.mode = MODE_DISCOVER;
    }
    @hidden action not_steered() {
        race.mode = MODE_DISCOVER;
        race.watch = 0;
    }
    // Asked after the choice: that one stands while rules and translations are still looked up.
    AT_STAGE(5, 4)
    @hidden table ways {
        key = {
            race.obstacle : ternary;
            race.permitted : ternary;
            race.translated : ternary;
            race.group : ternary;
            race.mode : ternary;
        }
        actions = { fall_back; nobody_to_race; not_steered; NoAction; }
        const default_action = NoAction();
        size = 4;
        const entries = {
            (OBSTACLE_NONE, 1, 0, 0, MODE_RACE) : nobody_to_race();
            (OBSTACLE_NONE, 1, 0, 0, _) : NoAction();
            (OBSTACLE_NONE, 1, 0, _, _) : fall_back();
            (_, _, _, _, _) : not_steered();
        }
    }

    apply {
        if (race.kind == KIND_LAN_SYN) {
            steering.apply();
        }
        if (race.kind == KIND_LAN_SYN) {
            ways.apply();
        }
        if (IS_SYNACK(race.kind)) {
            watched.apply();
        }
    }
}

#endif
