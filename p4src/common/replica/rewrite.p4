// Carries out the replica gateway's decision.
#ifndef FIRSTACK_REPLICA_REWRITE
#define FIRSTACK_REPLICA_REWRITE

control ReplicaRewrite(inout headers_t hdr, inout metadata_t meta) {
    StripTag() strip_tag;
    Crack() crack;
    Hop() hop;
    Encapsulate() encapsulate;
    ClampMss() clamp_mss;
    ChecksumPut() checksum_put;
    ChecksumOuter() checksum_outer;
    ChecksumQuoted() checksum_quoted;

    apply {
        ipv4_addr_t outer_src = 0;
        ipv4_addr_t replica_addr = meta.stand_in.replica_addr;
        if (meta.stand_in.verdict == REPLICA_DROP) {
            meta.io.drop = 1;
            meta.io.done = 1;
        } else if (meta.stand_in.verdict == REPLICA_CRACK_SYN || meta.stand_in.verdict == REPLICA_CRACK) {
            crack.apply(hdr, meta.io);
            hop.apply(hdr.ipv4);
            strip_tag.apply(hdr, meta.sum);
            hdr.ipv4.dst_addr = replica_addr;
            meta.io.destination = replica_addr;
            hdr.tcp.dst_port = meta.stand_in.replica_port;
            clamp_mss.apply(hdr, meta.sum);  // there is one only in a SYN
            meta.sum.l4 = 1;
        } else if (meta.stand_in.verdict == REPLICA_ANSWER_B) {
            outer_src = meta.stand_in.server_addr;
        } else if (meta.stand_in.verdict == REPLICA_SPOOF || meta.stand_in.verdict == REPLICA_TUNNEL) {
            hdr.ipv4.src_addr = meta.stand_in.server_addr;
            hdr.tcp.src_port = meta.stand_in.server_port;
            meta.sum.l4 = 1;
            if (meta.stand_in.verdict == REPLICA_TUNNEL) {
                clamp_mss.apply(hdr, meta.sum);
                outer_src = replica_addr;
            }
        } else if (meta.stand_in.verdict == REPLICA_ICMP) {
            // RFC 5508 section 4.2: the web server is told about the packet it sent.
            hdr.quoted_outer.setInvalid();
            checksum_quoted.apply(hdr, hdr.quoted.src_addr, replica_addr);
            hdr.quoted.src_addr = replica_addr;
            hdr.quoted_tcp.src_port = meta.stand_in.replica_port;
            hdr.ipv4.total_len = hdr.ipv4.total_len - IPV4_HEADER_LENGTH;
            if (hdr.icmp.type == 3 && hdr.icmp.code == 4 && ROOM_FOR_TUNNEL(hdr.icmp.mtu)) {
                hdr.icmp.mtu = hdr.icmp.mtu - IPV4_HEADER_LENGTH;
            }
            meta.sum.l4 = 1;
        }

        if (meta.stand_in.verdict != REPLICA_ROUTE && !hdr.outer.isValid()) {
            checksum_put.apply(hdr, meta.sum);
        }
        if (outer_src != 0) {
            encapsulate.apply(hdr, meta.sum, outer_src, hdr.ipv4.dst_addr);
            checksum_outer.apply(hdr, meta.sum);
        }
    }
}

#endif
