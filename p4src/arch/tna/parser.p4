// Parses what the programs act on and leaves the rest as payload: other protocols, fragments, packets with IP options
// and TCP options beyond the tag and a leading MSS. On the way it takes what may change out of the checksums; so it has
// to know what an IPv4 header carries before it extracts it.
#ifndef FIRSTACK_PARSER
#define FIRSTACK_PARSER

// Version and header length, flags and offset, protocol, as they stand in the first ten bytes of an IPv4 header.
#define PEEK_IPV4 packet.lookahead<bit<80>>()[79:72], packet.lookahead<bit<80>>()[31:16], \
    packet.lookahead<bit<80>>()[7:0]
#define WHOLE 0x0000 &&& 0x3FFF

parser PacketParser(packet_in packet, inout headers_t hdr, inout metadata_t meta) {
    Checksum() outer_sum;
    Checksum() inner_sum;
    Checksum() tcp_sum;
    Checksum() icmp_sum;

    state start {
        packet.extract(hdr.ethernet);
        transition select(hdr.ethernet.ether_type) {
            ETHERTYPE_IPV4 : peek_ipv4;
            ETHERTYPE_ARP : parse_arp;
            default : accept;
        }
    }

    state parse_arp {
        packet.extract(hdr.arp);
        transition accept;
    }

    state peek_ipv4 {
        transition select(PEEK_IPV4) {
            (0x45, WHOLE, PROTOCOL_TCP) : parse_ipv4_tcp;
            (0x45, WHOLE, PROTOCOL_IPIP) : parse_ipv4_tunnel;
            (0x45, WHOLE, PROTOCOL_ICMP) : parse_ipv4_icmp;
            (0x45, _, _) : parse_ipv4;
            default : parse_ipv4_options;
        }
    }

    state parse_ipv4_options {
        packet.extract(hdr.ipv4);
        transition accept;
    }

    state parse_ipv4 {
        packet.extract(hdr.ipv4);
        outer_sum.add(hdr.ipv4);
        meta.sum.wrong_ip = (bit<1>)outer_sum.verify();
        meta.sum.ip = 1;
        transition accept;
    }

    state parse_ipv4_tcp {
        packet.extract(hdr.ipv4);
        SHOWS(source_addr, hdr.ipv4.src_addr)
        SHOWS(from_addr, hdr.ipv4.src_addr)
        SHOWS(to_addr, hdr.ipv4.dst_addr)
        outer_sum.add(hdr.ipv4);
        meta.sum.wrong_ip = (bit<1>)outer_sum.verify();
        meta.sum.ip = 1;
        tcp_sum.subtract({hdr.ipv4.total_len, hdr.ipv4.src_addr, hdr.ipv4.dst_addr});
        transition parse_tcp;
    }

    state parse_ipv4_tunnel {
        packet.extract(hdr.ipv4);
        SHOWS(source_addr, hdr.ipv4.src_addr)
        SHOWS(to_addr, hdr.ipv4.dst_addr)
        outer_sum.add(hdr.ipv4);
        meta.sum.wrong_ip = (bit<1>)outer_sum.verify();
        meta.sum.ip = 1;
        transition select(PEEK_IPV4) {
            (0x45, WHOLE, PROTOCOL_TCP) : parse_inner_tcp;
            default : parse_inner;
        }
    }

    state parse_inner {
        packet.extract(hdr.inner);
        transition accept;
    }

    state parse_inner_tcp {
        packet.extract(hdr.inner);
        SHOWS(from_addr, hdr.inner.src_addr)
        inner_sum.add(hdr.inner);
        meta.sum.wrong_inner = (bit<1>)inner_sum.verify();
        tcp_sum.subtract({hdr.inner.total_len, hdr.inner.src_addr, hdr.inner.dst_addr});
        transition parse_tcp;
    }

    // What is extracted after the deposit is taken out by itself.
    state parse_tcp {
        packet.extract(hdr.tcp);
        SHOWS(from_port, hdr.tcp.src_port)
        SHOWS(to_port, hdr.tcp.dst_port)
        tcp_sum.subtract({hdr.tcp.src_port, hdr.tcp.dst_port, hdr.tcp.data_offset, hdr.tcp.reserved,
                          hdr.tcp.flags, hdr.tcp.checksum});
        tcp_sum.subtract_all_and_deposit(meta.sum.tcp);
        transition select(hdr.tcp.flags, hdr.tcp.data_offset) {
            (TCP_SYN &&& TCP_SYN, 8) : parse_only_option;
            (TCP_SYN &&& TCP_SYN, 8 &&& 8) : parse_options;
            (TCP_SYN &&& TCP_SYN, 6 &&& 14) : parse_options_short;
            default : accept;
        }
    }

    // Room for a tag, and for nothing behind it.
    state parse_only_option {
        transition select(packet.lookahead<bit<32>>()) {
            TAG_PREAMBLE : parse_only_tag;
            0x02040000 &&& 0xFFFF0000 : parse_mss;
            default : accept;
        }
    }

    state parse_only_tag {
        packet.extract(hdr.tag);
        transition accept;
    }

    state parse_options {
        transition select(packet.lookahead<bit<32>>()) {
            TAG_PREAMBLE : parse_tag;
            0x02040000 &&& 0xFFFF0000 : parse_mss;
            default : accept;
        }
    }

    state parse_options_short {
        transition select(packet.lookahead<bit<16>>()) {
            MSS_PREAMBLE : parse_mss;
            default : accept;
        }
    }

    state parse_tag {
        packet.extract(hdr.tag);
        transition parse_options_short;
    }

    state parse_mss {
        packet.extract(hdr.mss);
        transition accept;
    }

    state parse_ipv4_icmp {
        packet.extract(hdr.ipv4);
        outer_sum.add(hdr.ipv4);
        meta.sum.wrong_ip = (bit<1>)outer_sum.verify();
        meta.sum.ip = 1;
        transition parse_icmp;
    }

    // Likewise: everything that is quoted, and the deparser adds it as it is by then.
    state parse_icmp {
        packet.extract(hdr.icmp);
        icmp_sum.subtract({hdr.icmp.checksum, hdr.icmp.mtu});
        icmp_sum.subtract_all_and_deposit(meta.sum.icmp);
        transition select(hdr.icmp.type) {
            3 : parse_quoted;   // destination unreachable, fragmentation needed among them
            4 : parse_quoted;   // source quench, deprecated by RFC 6633 but still an error
            11 : parse_quoted;  // time exceeded
            12 : parse_quoted;  // parameter problem
            default : accept;
        }
    }

    state parse_quoted {
        packet.extract(hdr.quoted);
        SHOWS(source_addr, hdr.quoted.dst_addr)
        SHOWS(from_addr, hdr.quoted.dst_addr)
        SHOWS(to_addr, hdr.quoted.src_addr)
        transition select(hdr.quoted.version, hdr.quoted.ihl, hdr.quoted.frag_offset, hdr.quoted.protocol) {
            (4, 5, 0, PROTOCOL_TCP) : parse_quoted_tcp;
            (4, 5, 0, PROTOCOL_IPIP) : parse_quoted_inner;
            default : accept;
        }
    }

    state parse_quoted_inner {
        packet.extract(hdr.quoted_inner);
        SHOWS(from_addr, hdr.quoted_inner.dst_addr)
        transition select(hdr.quoted_inner.version, hdr.quoted_inner.ihl, hdr.quoted_inner.frag_offset,
                          hdr.quoted_inner.protocol) {
            (4, 5, 0, PROTOCOL_TCP) : parse_quoted_tcp;
            default : accept;
        }
    }

    state parse_quoted_tcp {
        packet.extract(hdr.quoted_tcp);
        SHOWS(from_port, hdr.quoted_tcp.dst_port)
        SHOWS(to_port, hdr.quoted_tcp.src_port)
        transition accept;
    }
}

parser IngressParser(packet_in packet, out headers_t hdr, out metadata_t meta,
                     out ingress_intrinsic_metadata_t intrinsic) {
    PacketParser() packet_parser;

    state start {
        packet.extract(intrinsic);
        packet.advance(PORT_METADATA_SIZE);
        transition select(intrinsic.ingress_port) {
            CPU_PORT : parse_packet_out;
            default : parse_packet;
        }
    }

    state parse_packet_out {
        packet.extract(hdr.packet_out);
        transition accept;
    }

    state parse_packet {
        packet_parser.apply(packet, hdr, meta);
        transition accept;
    }
}

parser EgressParser(packet_in packet, out headers_t hdr, out metadata_t meta,
                    out egress_intrinsic_metadata_t intrinsic) {
    PacketParser() packet_parser;

    state start {
        packet.extract(intrinsic);
        packet.extract(hdr.bridge);
        BRIDGE_OUT(hdr.bridge, meta)
        packet_parser.apply(packet, hdr, meta);
        transition accept;
    }
}

#endif
