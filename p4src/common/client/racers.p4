// The copies of a SYN that this gateway races itself, each on its way.
#ifndef FIRSTACK_CLIENT_RACERS
#define FIRSTACK_CLIENT_RACERS

control Racers(inout headers_t hdr, inout metadata_t meta) {
    PutTag() put_tag;
    StripTag() strip_tag;
    Encapsulate() encapsulate;
    ChecksumTake() checksum_take;
    ChecksumPut() checksum_put;
    ChecksumOuter() checksum_outer;

    DIRECT_COUNTER(racers_counter)
    action leg_to_replica(ipv4_addr_t replica_addr, bit<16> next_hop) {
        COUNT(racers_counter)
        meta.race.target_addr = replica_addr;
        meta.io.next_hop = next_hop;
    }
    // The server as one of those that race.
    action leg_to_server(bit<16> next_hop) {
        COUNT(racers_counter)
        meta.race.mode = MODE_SERVER;
        meta.io.next_hop = next_hop;
    }
    // The server gateway races it too: who is not known yet shows itself, and nobody has to wait for it.
    action leg_to_discovery(bit<16> next_hop) {
        COUNT(racers_counter)
        meta.race.mode = MODE_DISCOVER;
        meta.io.next_hop = next_hop;
    }
    action unknown() {
        COUNT(racers_counter)
        meta.io.drop = 1;
    }
    table racers {
        key = { meta.io.instance : exact @name("instance"); }
        actions = { leg_to_replica; leg_to_server; leg_to_discovery; @defaultonly unknown; }
        const default_action = unknown();
        size = RACERS;
        USE_DIRECT_COUNTER(racers_counter)
    }

    apply {
        if (meta.io.instance != 0 && meta.race.verdict == VERDICT_RACE) {
            checksum_take.apply(hdr, meta.sum);
            meta.race.mode = MODE_RACE;
            racers.apply();
            if (meta.race.mode == MODE_SERVER) {
                strip_tag.apply(hdr, meta.sum);
            } else {
                bit<1> direct = 1;
                if (meta.race.mode == MODE_DISCOVER) {
                    direct = 0;
                }
                put_tag.apply(hdr, meta.settings, meta.race.permitted, direct, 0);
                meta.sum.l4 = 1;
            }
            checksum_put.apply(hdr, meta.sum);
            if (meta.race.mode == MODE_RACE) {
                encapsulate.apply(hdr, meta.sum, hdr.ipv4.src_addr, meta.race.target_addr);
                checksum_outer.apply(hdr, meta.sum);
            }
        }
    }
}

#endif
