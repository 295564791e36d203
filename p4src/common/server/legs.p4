// The copies of a raced SYN, each on its way.
#ifndef FIRSTACK_SERVER_LEGS
#define FIRSTACK_SERVER_LEGS

control Legs(inout headers_t hdr, inout metadata_t meta) {
    Encapsulate() encapsulate;
    StripTag() strip_tag;
    ChecksumPut() checksum_put;
    ChecksumOuter() checksum_outer;

    DIRECT_COUNTER(legs_counter)
    // 312: from the server, to the replica, the tag still in it.
    action to_replica(ipv4_addr_t replica_addr, bit<16> next_hop) {
        COUNT(legs_counter)
        meta.service.replica_addr = replica_addr;
        meta.io.next_hop = next_hop;
    }
    // 314: to the server that ingress selected.
    action to_origin() {
        COUNT(legs_counter)
        meta.service.to_server = 1;
    }
    action unknown() {
        COUNT(legs_counter)
        meta.io.drop = 1;
    }
    table legs {
        key = { meta.io.instance : exact @name("instance"); }
        actions = { to_replica; to_origin; @defaultonly unknown; }
        const default_action = unknown();
        size = LEGS;
        USE_DIRECT_COUNTER(legs_counter)
    }

    apply {
        ipv4_addr_t outer_src = hdr.ipv4.dst_addr;
        ipv4_addr_t outer_dst = 0;
        if (meta.service.group != 0) {
            legs.apply();
        }
        if (meta.service.to_server == 1) {
            strip_tag.apply(hdr, meta.sum);
            checksum_put.apply(hdr, meta.sum);
            if (meta.service.origin_tunnel == 1) {
                outer_src = meta.service.gateway_addr;
                outer_dst = meta.service.origin_addr;
            }
        } else if (meta.service.replica_addr != 0) {
            outer_dst = meta.service.replica_addr;
        }
        if (outer_dst != 0) {
            encapsulate.apply(hdr, meta.sum, outer_src, outer_dst);
            checksum_outer.apply(hdr, meta.sum);
        }
    }
}

#endif
