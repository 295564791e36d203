// Parses what the programs act on and leaves the rest as payload: other protocols, fragments, packets with
// IP options and TCP options beyond the tag and a leading MSS.
#ifndef FIRSTACK_PARSER
#define FIRSTACK_PARSER

parser GatewayParser(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        transition select(standard.ingress_port) {
            CPU_PORT : parse_packet_out;
            default : parse_ethernet;
        }
    }

    state parse_packet_out {
        packet.extract(hdr.packet_out);
        transition accept;
    }

    state parse_ethernet {
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
            (0x45, WHOLE, PROTOCOL_IPIP) : peek_inner;
            default : parse_ipv4;
        }
    }

    state peek_inner {
        transition select(PEEK_INNER) {
            (0x45, WHOLE, PROTOCOL_TCP) : parse_outer;
            default : parse_ipv4;
        }
    }

    state parse_outer {
        packet.extract(hdr.outer);
        packet.extract(hdr.ipv4);
        meta.io.destination = hdr.outer.dst_addr;
        SHOWS(source_addr, hdr.outer.src_addr)
        SHOWS(from_addr, hdr.ipv4.src_addr)
        SHOWS(to_addr, hdr.outer.dst_addr)
        transition parse_tcp;
    }

    state parse_ipv4 {
        packet.extract(hdr.ipv4);
        meta.io.destination = hdr.ipv4.dst_addr;
        SHOWS(source_addr, hdr.ipv4.src_addr)
        SHOWS(from_addr, hdr.ipv4.src_addr)
        SHOWS(to_addr, hdr.ipv4.dst_addr)
        transition select(hdr.ipv4.version, hdr.ipv4.ihl, hdr.ipv4.flags & 0b001, hdr.ipv4.frag_offset,
                          hdr.ipv4.protocol) {
            (4, 5, 0, 0, PROTOCOL_TCP) : parse_tcp;
            (4, 5, 0, 0, PROTOCOL_ICMP) : parse_icmp;
            default : accept;
        }
    }

    state parse_icmp {
        packet.extract(hdr.icmp);
        transition select(hdr.icmp.type) {
            3 : peek_quoted;   // destination unreachable, fragmentation needed among them
            4 : peek_quoted;   // source quench, deprecated by RFC 6633 but still an error
            11 : peek_quoted;  // time exceeded
            12 : peek_quoted;  // parameter problem
            default : accept;
        }
    }

    state peek_quoted {
        transition select(PEEK_IPV4) {
            (0x45, FIRST, PROTOCOL_TCP) : parse_quoted;
            (0x45, FIRST, PROTOCOL_IPIP) : peek_quoted_inner;
            default : accept;
        }
    }

    state peek_quoted_inner {
        transition select(PEEK_INNER) {
            (0x45, FIRST, PROTOCOL_TCP) : parse_quoted_outer;
            default : accept;
        }
    }

    state parse_quoted_outer {
        packet.extract(hdr.quoted_outer);
        packet.extract(hdr.quoted);
        SHOWS(source_addr, hdr.quoted_outer.dst_addr)
        SHOWS(from_addr, hdr.quoted.dst_addr)
        SHOWS(to_addr, hdr.quoted.src_addr)
        transition parse_quoted_tcp;
    }

    state parse_quoted {
        packet.extract(hdr.quoted);
        SHOWS(source_addr, hdr.quoted.dst_addr)
        SHOWS(from_addr, hdr.quoted.dst_addr)
        SHOWS(to_addr, hdr.quoted.src_addr)
        transition parse_quoted_tcp;
    }

    state parse_quoted_tcp {
        packet.extract(hdr.quoted_tcp);
        SHOWS(from_port, hdr.quoted_tcp.dst_port)
        SHOWS(to_port, hdr.quoted_tcp.src_port)
        transition accept;
    }

    state parse_tcp {
        packet.extract(hdr.tcp);
        SHOWS(from_port, hdr.tcp.src_port)
        SHOWS(to_port, hdr.tcp.dst_port)
        transition select(hdr.tcp.flags, hdr.tcp.data_offset) {
            (TCP_SYN &&& TCP_SYN, 8 &&& 8) : parse_options;
            (TCP_SYN &&& TCP_SYN, 6 &&& 14) : parse_options_short;
            default : accept;
        }
    }

    // Room for a tag.
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
        transition select(hdr.tcp.data_offset) {
            8 : accept;
            default : parse_options_short;
        }
    }

    state parse_mss {
        packet.extract(hdr.mss);
        transition accept;
    }
}

control GatewayDeparser(packet_out packet, in headers_t hdr) {
    apply {
        packet.emit(hdr.packet_in);
        packet.emit(hdr.ethernet);
        packet.emit(hdr.arp);
        packet.emit(hdr.outer);
        packet.emit(hdr.ipv4);
        packet.emit(hdr.icmp);
        packet.emit(hdr.quoted_outer);
        packet.emit(hdr.quoted);
        packet.emit(hdr.quoted_tcp);
        packet.emit(hdr.tcp);
        packet.emit(hdr.tag);
        packet.emit(hdr.mss);
    }
}

#endif
