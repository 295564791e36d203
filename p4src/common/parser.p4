// Parses what the programs act on and leaves the rest as payload: other protocols, fragments, packets with IP options
// and TCP options beyond the tag and a leading MSS. Statements in capitals are the architecture's: TNA takes what may
// change out of the checksums on the way, so what an IPv4 header carries has to be known before it is extracted.
#ifndef FIRSTACK_PARSER
#define FIRSTACK_PARSER

parser PacketParser(packet_in packet, inout headers_t hdr, inout metadata_t meta) {
    CHECKSUM_UNITS

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
        LOOK(80)
        transition select(SEEN_IPV4) {
            (0x45, WHOLE, PROTOCOL_TCP) : parse_ipv4_tcp;
            (0x45, WHOLE, PROTOCOL_IPIP) : peek_inner;
            (0x45, WHOLE, PROTOCOL_ICMP) : parse_ipv4_icmp;
            (0x45, WHOLE, _) : parse_ipv4;
            (0x45, _, _) : show_fragment;
            (_, WHOLE, _) : show_options;
            default : show_fragment_with_options;
        }
    }

    state show_fragment {
        OBSTRUCTS(OBSTACLE_FRAGMENT)
        transition parse_ipv4;
    }

    state show_fragment_with_options {
        OBSTRUCTS(OBSTACLE_FRAGMENT)
        transition parse_ipv4_options;
    }

    state show_options {
        OBSTRUCTS(OBSTACLE_IP_OPTIONS)
        transition parse_ipv4_options;
    }

    state peek_inner {
        LOOK(240)
        transition select(SEEN_INNER) {
            (0x45, WHOLE, PROTOCOL_TCP) : parse_outer;
            default : parse_ipv4;
        }
    }

    state parse_ipv4_options {
        packet.extract(hdr.ipv4);
        meta.io.destination = hdr.ipv4.dst_addr;
        transition accept;
    }

    state parse_ipv4 {
        packet.extract(hdr.ipv4);
        meta.io.destination = hdr.ipv4.dst_addr;
        VERIFY_IPV4
        transition accept;
    }

    state parse_ipv4_tcp {
        packet.extract(hdr.ipv4);
        meta.io.destination = hdr.ipv4.dst_addr;
        SHOWS(source_addr, hdr.ipv4.src_addr)
        SHOWS(from_addr, hdr.ipv4.src_addr)
        SHOWS(to_addr, hdr.ipv4.dst_addr)
        VERIFY_IPV4
        TAKE_PSEUDO_HEADER
        transition parse_tcp;
    }

    state parse_outer {
        packet.extract(hdr.outer);
        meta.io.destination = hdr.outer.dst_addr;
        SHOWS(source_addr, hdr.outer.src_addr)
        VERIFY_OUTER
        transition select(packet.lookahead<bit<8>>()) {  // as peeked: the compiler is not to make one state of these two,
            0x45 : parse_inner;                          // for each may use two checksum units
            default : accept;
        }
    }

    state parse_inner {
        packet.extract(hdr.ipv4);
        SHOWS(from_addr, hdr.ipv4.src_addr)
        SHOWS(to_addr, hdr.ipv4.dst_addr)
        VERIFY_IPV4
        TAKE_PSEUDO_HEADER
        transition parse_tcp;
    }

    // What is extracted after the deposit is taken out by itself.
    state parse_tcp {
        packet.extract(hdr.tcp);
        SHOWS(from_port, hdr.tcp.src_port)
        SHOWS(to_port, hdr.tcp.dst_port)
        SHOWS(flags, hdr.tcp.flags)
        SHOWS(number, hdr.tcp.ack_no)
        TAKE_TCP
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
        meta.io.destination = hdr.ipv4.dst_addr;
        VERIFY_IPV4
        transition parse_icmp;
    }

    // Likewise: everything that is quoted, and the deparser adds it as it is by then.
    state parse_icmp {
        packet.extract(hdr.icmp);
        TAKE_ICMP
        transition select(hdr.icmp.type) {
            3 : peek_quoted;   // destination unreachable, fragmentation needed among them
            4 : peek_quoted;   // source quench, deprecated by RFC 6633 but still an error
            11 : peek_quoted;  // time exceeded
            12 : peek_quoted;  // parameter problem
            default : accept;
        }
    }

    state peek_quoted {
        LOOK(80)
        transition select(SEEN_IPV4) {
            (0x45, FIRST, PROTOCOL_TCP) : parse_quoted;
            (0x45, FIRST, PROTOCOL_IPIP) : peek_quoted_inner;
            default : accept;
        }
    }

    state peek_quoted_inner {
        LOOK(240)
        transition select(SEEN_INNER) {
            (0x45, FIRST, PROTOCOL_TCP) : parse_quoted_outer;
            default : accept;
        }
    }

    state parse_quoted_outer {
        packet.extract(hdr.quoted_outer);
        SHOWS(source_addr, hdr.quoted_outer.dst_addr)
        transition parse_quoted_inner;
    }

    state parse_quoted_inner {
        packet.extract(hdr.quoted);
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
}

#endif
