// Checksums on Tofino: the parser takes the fields that may change out of the TCP or ICMP checksum, the deparser adds
// them as they are by then (RFC 1624). The payload is never read, so a checksum that came in wrong leaves wrong. IPv4
// headers are verified by the parser and summed anew. So nothing is left to do here but to say which are settled.
#ifndef FIRSTACK_CHECKSUM
#define FIRSTACK_CHECKSUM

control ChecksumTake(in headers_t hdr, inout checksum_t sum) {
    apply { }
}

control ChecksumPut(inout headers_t hdr, inout checksum_t sum) {
    apply { }
}

// The deparser sums outer headers anew.
control ChecksumOuter(inout headers_t hdr, inout checksum_t sum) {
    apply { }
}

// A reset has no payload and no options: what the deparser adds up by itself is all but the sequence number, and takes
// the total length, 40, for protocol and TCP length, 6 + 20.
control ChecksumReset(inout headers_t hdr, inout checksum_t sum) {
    apply {
        sum.tcp = ~16w14;
        sum.seq_no = hdr.tcp.seq_no;
        sum.l4 = 1;
    }
}

// The header that an ICMP error quotes, with one address changed: summed anew by the deparser.
control ChecksumQuoted(inout headers_t hdr, in ipv4_addr_t before, in ipv4_addr_t now) {
    apply { }
}

// Lowers a TTL. The deparser sums a header without options anew; of one with options the checksum follows by difference,
// so a wrong one stays wrong.
control Hop(inout ipv4_t ip) {
    action summed_anew() {
        ip.ttl = ip.ttl - 1;
    }
    action carried() {
        ip.ttl = ip.ttl - 1;
        ip.checksum = ip.checksum + 0x0101;  // the carry comes round
    }
    action raised() {
        ip.ttl = ip.ttl - 1;
        ip.checksum = ip.checksum + 0x0100;
    }
    @hidden table ttls {
        key = {
            ip.ihl : ternary;
            ip.checksum : ternary;
        }
        actions = { summed_anew; carried; raised; }
        const default_action = raised();
        size = 4;
        const entries = {
            (5, _) : summed_anew();
            (_, 0xFF00 &&& 0xFF00) : carried();
            (_, 0xFEFF) : carried();
        }
    }
    apply {
        ttls.apply();
    }
}

#endif
