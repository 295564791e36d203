// IPv4 in IPv4 (RFC 2003).
#ifndef FIRSTACK_TUNNEL
#define FIRSTACK_TUNNEL

// DSCP and ECN as RFC 6040 has it (normal mode: copied), DF copied. With DF the identification is 0, for it
// means nothing in an atomic datagram (RFC 6864); without DF somebody may fragment, so the inner one serves.
control Encapsulate(inout headers_t hdr, inout checksum_t sum, in ipv4_addr_t src_addr, in ipv4_addr_t dst_addr) {
    apply {
        hdr.outer.setValid();
        hdr.outer.version = 4;
        hdr.outer.ihl = 5;
        hdr.outer.traffic_class = hdr.ipv4.traffic_class;
        hdr.outer.total_len = hdr.ipv4.total_len + IPV4_HEADER_LENGTH;
        hdr.outer.identification = 0;
        hdr.outer.flags = 0b010;
        hdr.outer.frag_offset = 0;
        if (hdr.ipv4.flags[1:1] == 0) {
            hdr.outer.identification = hdr.ipv4.identification;
            hdr.outer.flags = 0;
        }
        hdr.outer.ttl = TUNNEL_TTL;
        hdr.outer.protocol = PROTOCOL_IPIP;
        hdr.outer.src_addr = src_addr;
        hdr.outer.dst_addr = dst_addr;
        sum.outer = 1;
    }
}

// "Cracks" the packet (FIG. 4, 410; FIG. 5, 535 and 554; FIG. 6, 658). What the tunnel says of congestion is
// handed on; a mark on a packet that can't carry one is a loss (RFC 6040 section 4.2, figure 4).
control Crack(inout headers_t hdr, inout io_t io) {
    apply {
        if (hdr.ipv4.ttl <= 1) {  // it would not survive the hop that follows
            io.drop = 1;
            io.done = 1;
        }
        if (hdr.outer.traffic_class[1:0] == ECN_CE) {
            if (hdr.ipv4.traffic_class[1:0] == ECN_NOT_ECT) {
                io.drop = 1;
                io.done = 1;
            } else {
                hdr.ipv4.traffic_class[1:0] = ECN_CE;
            }
        } else if (hdr.outer.traffic_class[1:0] == ECN_ECT1 && hdr.ipv4.traffic_class[1:0] == ECN_ECT0) {
            hdr.ipv4.traffic_class[1:0] = ECN_ECT1;
        }
        hdr.outer.setInvalid();
    }
}

// Of what can be made smaller by a tunnel's header: 32 or more. Hardware compares single bits, and nobody
// means less (RFC 791: 68).
#define ROOM_FOR_TUNNEL(size) ((size)[15:5] != 0)

// The MSS of a packet whose data will travel in a tunnel.
control ClampMss(inout headers_t hdr, inout checksum_t sum) {
    apply {
        if (hdr.mss.isValid() && ROOM_FOR_TUNNEL(hdr.mss.value)) {
            hdr.mss.value = hdr.mss.value - IPV4_HEADER_LENGTH;
            sum.l4 = 1;
        }
    }
}

#endif
