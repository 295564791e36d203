// Settles the checksums that parser.p4 has opened, and sends the packet.
#ifndef FIRSTACK_DEPARSER
#define FIRSTACK_DEPARSER

#define WORDS_IPV4(h) h.version, h.ihl, h.traffic_class, h.total_len, h.identification, h.flags, h.frag_offset, \
    h.ttl, h.protocol, h.src_addr, h.dst_addr
#define WORDS_TCP hdr.ipv4.total_len, hdr.ipv4.src_addr, hdr.ipv4.dst_addr, hdr.tcp.src_port, hdr.tcp.dst_port, \
    hdr.tcp.data_offset, hdr.tcp.reserved, hdr.tcp.flags, hdr.tag.kind, hdr.tag.length, hdr.tag.exid, \
    hdr.tag.options, hdr.tag.epoch, \
    hdr.tag.gateway, hdr.tag.mac, hdr.mss.kind, hdr.mss.length, hdr.mss.value, meta.sum.tcp, meta.sum.seq_no

// Where a packet is rewritten its checksums are settled; elsewhere only its TTL has changed. Tofino has six checksum units,
// which ingress and egress share but for two.
control HopDeparser(packet_out packet, inout headers_t hdr, in metadata_t meta) {
    Checksum() outer_sum;
    Checksum() ip_sum;
    apply {
        hdr.outer.checksum = outer_sum.update({WORDS_IPV4(hdr.outer)});
        if (meta.sum.ip == 1) {
            hdr.ipv4.checksum = ip_sum.update({WORDS_IPV4(hdr.ipv4)});
        }
        packet.emit(hdr);
    }
}

control RewriteDeparser(packet_out packet, inout headers_t hdr, in metadata_t meta) {
    Checksum() outer_sum;
    Checksum() ip_sum;
    Checksum() tcp_sum;
#ifndef SERVER_GATEWAY
    Checksum() quoted_sum;
    Checksum() icmp_sum;
#endif
    apply {
        hdr.outer.checksum = outer_sum.update({WORDS_IPV4(hdr.outer)});
        if (meta.sum.ip == 1) {
            hdr.ipv4.checksum = ip_sum.update({WORDS_IPV4(hdr.ipv4)});
        }
        if (meta.sum.l4 == 1) {
            hdr.tcp.checksum = tcp_sum.update({WORDS_TCP});
        }
#ifndef SERVER_GATEWAY
        if (meta.sum.l4 == 1) {
            hdr.icmp.checksum = icmp_sum.update({hdr.icmp.mtu, hdr.quoted_tcp.src_port, hdr.quoted_tcp.dst_port,
                                                 hdr.quoted_tcp.seq_no, meta.sum.icmp});
            hdr.quoted.checksum = quoted_sum.update({WORDS_IPV4(hdr.quoted)});
        }
#endif
        packet.emit(hdr);
    }
}

#ifdef REPLICA_GATEWAY
#define INGRESS_DEPARSER RewriteDeparser
#define EGRESS_DEPARSER HopDeparser
#else
#define INGRESS_DEPARSER HopDeparser
#define EGRESS_DEPARSER RewriteDeparser
#endif

control IngressDeparser(packet_out packet, inout headers_t hdr, in metadata_t meta,
                        in ingress_intrinsic_metadata_for_deparser_t for_deparser) {
    INGRESS_DEPARSER() packet_deparser;
#ifdef CLIENT_GATEWAY
    Digest<flow_event_t>() flow_event;
#endif
    apply {
#ifdef CLIENT_GATEWAY
        if (for_deparser.digest_type == 1) {
            flow_event.pack(FLOW_EVENT);
        }
#endif
        packet_deparser.apply(packet, hdr, meta);
    }
}

control EgressDeparser(packet_out packet, inout headers_t hdr, in metadata_t meta,
                       in egress_intrinsic_metadata_for_deparser_t for_deparser) {
    EGRESS_DEPARSER() packet_deparser;
    apply {
        packet_deparser.apply(packet, hdr, meta);
    }
}

#endif
