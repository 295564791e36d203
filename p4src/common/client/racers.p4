// The copies of a SYN that this gateway races itself, each with a verdict of its own.
#ifndef FIRSTACK_CLIENT_RACERS
#define FIRSTACK_CLIENT_RACERS

control Racers(inout headers_t hdr, inout metadata_t meta) {
    Rewrite() rewrite;

    DIRECT_COUNTER(racers_counter)
    action leg_to_replica(ipv4_addr_t replica_addr, bit<16> next_hop) {
        COUNT(racers_counter)
        meta.race.verdict = VERDICT_DIRECT;
        meta.race.target_addr = replica_addr;
        meta.io.next_hop = next_hop;
    }
    // The server as one of those that race.
    action leg_to_server(bit<16> next_hop) {
        COUNT(racers_counter)
        meta.race.verdict = VERDICT_UNTAG;
        meta.io.next_hop = next_hop;
    }
    // The server gateway races it too: who is not known yet shows itself, and nobody has to wait for it.
    action leg_to_discovery(bit<16> next_hop) {
        COUNT(racers_counter)
        meta.race.verdict = VERDICT_TAG;
        meta.io.next_hop = next_hop;
    }
    action unknown() {
        COUNT(racers_counter)
        meta.io.drop = 1;
    }
    AT_STAGE(2, RACERS)
    table racers {
        key = { meta.io.instance : exact @name("instance"); }
        actions = { leg_to_replica; leg_to_server; leg_to_discovery; @defaultonly unknown; }
        const default_action = unknown();
        size = RACERS;
        USE_DIRECT_COUNTER(racers_counter)
    }

    apply {
        if (meta.io.instance != 0 && meta.race.verdict == VERDICT_RACE) {
            racers.apply();
            REWRITE_IN_INGRESS(rewrite.apply(hdr, meta);)
        }
        REWRITE_IN_EGRESS(
            if (meta.io.next_hop != 0) {
                rewrite.apply(hdr, meta);
            }
        )
    }
}

#endif
