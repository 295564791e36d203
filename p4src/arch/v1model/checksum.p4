// Checksums by difference (RFC 1624): what a header summed to before, what it sums to now. The payload is
// never read, so a checksum that came in wrong leaves wrong. On TNA the same is done by its parser and
// deparser (residual method).
#ifndef FIRSTACK_CHECKSUM
#define FIRSTACK_CHECKSUM

#define SUM32(x) ((bit<32>)(x)[31:16] + (bit<32>)(x)[15:0])
#define FOLD(x) x = ((x) & 0xFFFF) + ((x) >> 16); x = ((x) & 0xFFFF) + ((x) >> 16)

#define SUM_IPV4(h) ( \
    (bit<32>)(h).total_len + ((bit<32>)(h).traffic_class) + SUM32((h).src_addr) + SUM32((h).dst_addr))

// Every word of a header without options but its checksum.
#define SUM_WHOLE_IPV4(h) ( \
    (bit<32>)((h).version ++ (h).ihl ++ (h).traffic_class) + (bit<32>)(h).total_len + \
    (bit<32>)(h).identification + (bit<32>)((h).flags ++ (h).frag_offset) + \
    (bit<32>)((h).ttl ++ (h).protocol) + SUM32((h).src_addr) + SUM32((h).dst_addr))

// The pseudo header's changing part and the TCP fields that firstack touches.
control SumTcp(in headers_t hdr, out bit<32> sum) {
    apply {
        sum = SUM32(hdr.ipv4.src_addr) + SUM32(hdr.ipv4.dst_addr) + (bit<32>)hdr.ipv4.total_len +
              (bit<32>)hdr.tcp.src_port + (bit<32>)hdr.tcp.dst_port +
              (bit<32>)(hdr.tcp.data_offset ++ hdr.tcp.reserved ++ hdr.tcp.flags);
        if (hdr.tag.isValid()) {
            sum = sum + (bit<32>)(hdr.tag.kind ++ hdr.tag.length) + (bit<32>)hdr.tag.exid +
                  (bit<32>)(hdr.tag.options ++ hdr.tag.epoch) +
                  (bit<32>)hdr.tag.gateway + SUM32(hdr.tag.mac);
        }
        if (hdr.mss.isValid()) {
            sum = sum + (bit<32>)hdr.mss.value;
        }
    }
}

// An ICMP error covers the headers it quotes.
control SumIcmp(in headers_t hdr, out bit<32> sum) {
    apply {
        sum = (bit<32>)hdr.icmp.mtu;
        if (hdr.quoted.isValid()) {
            sum = sum + SUM_WHOLE_IPV4(hdr.quoted) + (bit<32>)hdr.quoted.checksum;
        }
        if (hdr.quoted_outer.isValid()) {
            sum = sum + SUM_WHOLE_IPV4(hdr.quoted_outer) + (bit<32>)hdr.quoted_outer.checksum;
        }
        if (hdr.quoted_tcp.isValid()) {
            sum = sum + (bit<32>)hdr.quoted_tcp.src_port + (bit<32>)hdr.quoted_tcp.dst_port;
        }
    }
}

// Before anything changes.
control ChecksumTake(in headers_t hdr, inout checksum_t sum) {
    SumTcp() sum_tcp;
    SumIcmp() sum_icmp;
    apply {
        sum.ip_before = SUM_IPV4(hdr.ipv4);
        if (hdr.tcp.isValid()) {
            sum_tcp.apply(hdr, sum.l4_before);
        } else if (hdr.icmp.isValid()) {
            sum_icmp.apply(hdr, sum.l4_before);
        }
    }
}

// After the last change to the packet the hosts see, before it is encapsulated. A TTL that was lowered has
// settled itself.
control ChecksumPut(inout headers_t hdr, in checksum_t sum) {
    SumTcp() sum_tcp;
    SumIcmp() sum_icmp;
    apply {
        bit<32> now = (bit<32>)(~hdr.ipv4.checksum) + (~sum.ip_before & 0xFFFF) +
                      (~(sum.ip_before >> 16) & 0xFFFF) + SUM_IPV4(hdr.ipv4);
        FOLD(now);
        hdr.ipv4.checksum = ~now[15:0];
        if (sum.l4 == 1) {
            bit<32> l4 = 0;
            if (hdr.tcp.isValid()) {
                sum_tcp.apply(hdr, l4);
                l4 = l4 + (bit<32>)(~hdr.tcp.checksum);
            } else {
                sum_icmp.apply(hdr, l4);
                l4 = l4 + (bit<32>)(~hdr.icmp.checksum);
            }
            l4 = l4 + (~sum.l4_before & 0xFFFF) + (~(sum.l4_before >> 16) & 0xFFFF);
            FOLD(l4);
            if (hdr.tcp.isValid()) {
                hdr.tcp.checksum = ~l4[15:0];
            } else {
                hdr.icmp.checksum = ~l4[15:0];
            }
        }
    }
}

// A header of our own making: summed whole.
control ChecksumOuter(inout headers_t hdr, inout checksum_t sum) {
    apply {
        bit<32> ip = SUM_WHOLE_IPV4(hdr.outer);
        FOLD(ip);
        hdr.outer.checksum = ~ip[15:0];
    }
}

// A reset has no payload and no options: its checksum is the sum of what stands in it.
control ChecksumReset(inout headers_t hdr, inout checksum_t sum) {
    apply {
        bit<32> l4 = SUM32(hdr.ipv4.src_addr) + SUM32(hdr.ipv4.dst_addr) + (bit<32>)PROTOCOL_TCP + 20 +
                      (bit<32>)hdr.tcp.src_port + (bit<32>)hdr.tcp.dst_port +
                      SUM32(hdr.tcp.seq_no) + SUM32(hdr.tcp.ack_no) +
                      (bit<32>)(hdr.tcp.data_offset ++ hdr.tcp.reserved ++ hdr.tcp.flags) +
                      (bit<32>)hdr.tcp.window + (bit<32>)hdr.tcp.urgent;
        FOLD(l4);
        hdr.tcp.checksum = ~l4[15:0];
        bit<32> ip = SUM_WHOLE_IPV4(hdr.ipv4);
        FOLD(ip);
        hdr.ipv4.checksum = ~ip[15:0];
    }
}

// The header that an ICMP error quotes, with one address changed.
control ChecksumQuoted(inout headers_t hdr, in ipv4_addr_t before, in ipv4_addr_t now) {
    apply {
        bit<32> quoted = (bit<32>)(~hdr.quoted.checksum) + (bit<32>)(~before[31:16]) + (bit<32>)(~before[15:0]) +
                         SUM32(now);
        FOLD(quoted);
        hdr.quoted.checksum = ~quoted[15:0];
    }
}

// Lowers a TTL; the checksum by difference (RFC 1624), so a wrong one stays wrong.
control Hop(inout ipv4_t ip) {
    apply {
        ip.ttl = ip.ttl - 1;
        if (ip.checksum[15:8] == 0xFF || ip.checksum == 0xFEFF) {
            ip.checksum = ip.checksum + 0x0101;  // the carry comes round
        } else {
            ip.checksum = ip.checksum + 0x0100;
        }
    }
}

#endif
