// Carries out the verdict: the packet in the form that its receiver expects.
#ifndef FIRSTACK_CLIENT_REWRITE
#define FIRSTACK_CLIENT_REWRITE

// The reset that a late answer gets (FIG. 5, 514), made of the answer itself: turned round, without options,
// sequence number = the answer's acknowledgement number (RFC 9293 section 3.10.7.1), no ACK.
control TurnIntoReset(inout headers_t hdr, in flow_t flow) {
    apply {
        hdr.ipv4.dst_addr = hdr.ipv4.src_addr;
        hdr.ipv4.src_addr = flow.to_addr;
        hdr.ipv4.traffic_class = 0;
        hdr.ipv4.total_len = 40;
        hdr.ipv4.identification = 0;
        hdr.ipv4.flags = 0b010;
        hdr.ipv4.ttl = TUNNEL_TTL;
        hdr.tcp.dst_port = hdr.tcp.src_port;
        hdr.tcp.src_port = flow.to_port;
        hdr.tcp.seq_no = hdr.tcp.ack_no;
        hdr.tcp.ack_no = 0;
        hdr.tcp.data_offset = 5;
        hdr.tcp.reserved = 0;
        hdr.tcp.flags = TCP_RST;
        hdr.tcp.window = 0;
        hdr.tcp.urgent = 0;
        hdr.tag.setInvalid();
        hdr.mss.setInvalid();
    }
}

control Rewrite(inout headers_t hdr, inout metadata_t meta) {
    PutTag() put_tag;
    StripTag() strip_tag;
    Crack() crack;
    Hop() hop;
    Encapsulate() encapsulate;
    TurnIntoReset() turn_into_reset;
    ChecksumTake() checksum_take;
    ChecksumPut() checksum_put;
    ChecksumReset() checksum_reset;
    ChecksumOuter() checksum_outer;
    ChecksumQuoted() checksum_quoted;
    CutReset() cut_reset;

    apply {
        bit<1> tunnel = 0;
        bit<1> changes = 0;
        if (meta.race.verdict != VERDICT_PLAIN && meta.race.verdict != VERDICT_DROP &&
            meta.race.verdict != VERDICT_UNTAG || hdr.tag.isValid()) {
            changes = 1;
            checksum_take.apply(hdr, meta.sum);
        }
        if (meta.race.verdict == VERDICT_TAG) {
            put_tag.apply(hdr, meta.settings, meta.race.permitted, 0, meta.slot.attempt);
            meta.sum.l4 = 1;
        } else if (meta.race.verdict == VERDICT_DIRECT) {
            put_tag.apply(hdr, meta.settings, meta.race.permitted, 1, 0);
            meta.sum.l4 = 1;
            tunnel = 1;
        } else if (meta.race.verdict == VERDICT_RACE) {
            changes = 0;  // each copy is made ready on its own way out
        } else if (meta.race.verdict == VERDICT_UNTAG) {
            strip_tag.apply(hdr, meta.sum);
        } else if (meta.race.verdict == VERDICT_OUT) {
            strip_tag.apply(hdr, meta.sum);
            if (meta.race.form == FORM_C) {
                tunnel = 1;
            } else {
                hdr.ipv4.dst_addr = meta.race.target_addr;
                hdr.tcp.dst_port = meta.race.target_port;
                meta.sum.l4 = 1;
            }
        } else if (meta.race.verdict == VERDICT_IN) {
            if (hdr.outer.isValid()) {
                crack.apply(hdr, meta.io);
                hop.apply(hdr.ipv4);
            }
            if (meta.race.form != FORM_C) {  // whose inside is the server's already
                hdr.ipv4.src_addr = meta.race.target_addr;
                hdr.tcp.src_port = meta.race.target_port;
                meta.sum.l4 = 1;
            }
            strip_tag.apply(hdr, meta.sum);
        } else if (meta.race.verdict == VERDICT_ICMP) {
            // RFC 5508 section 4.2: what is quoted becomes what the client sent.
            if (hdr.quoted_outer.isValid()) {
                hdr.quoted_outer.setInvalid();
                hdr.ipv4.total_len = hdr.ipv4.total_len - IPV4_HEADER_LENGTH;
                if (hdr.icmp.type == 3 && hdr.icmp.code == 4 && ROOM_FOR_TUNNEL(hdr.icmp.mtu)) {
                    hdr.icmp.mtu = hdr.icmp.mtu - IPV4_HEADER_LENGTH;
                }
            } else {
                checksum_quoted.apply(hdr, hdr.quoted.dst_addr, meta.race.target_addr);
                hdr.quoted.dst_addr = meta.race.target_addr;
                hdr.quoted_tcp.dst_port = meta.race.target_port;
            }
            meta.sum.l4 = 1;
        } else if (meta.race.verdict == VERDICT_RESET) {
            if (hdr.outer.isValid()) {
                crack.apply(hdr, meta.io);
                if (meta.race.form == FORM_C) {
                    tunnel = 1;
                }
            }
            turn_into_reset.apply(hdr, meta.flow);
        }

        if (meta.race.verdict == VERDICT_RESET) {
            checksum_reset.apply(hdr, meta.sum);
        } else if (changes == 1 && !hdr.outer.isValid()) {
            checksum_put.apply(hdr, meta.sum);
        }
        if (tunnel == 1) {
            encapsulate.apply(hdr, meta.sum, hdr.ipv4.src_addr, meta.race.target_addr);
            checksum_outer.apply(hdr, meta.sum);
        }
        if (meta.race.verdict == VERDICT_RESET) {
            cut_reset.apply(hdr);
        }
    }
}

#endif
