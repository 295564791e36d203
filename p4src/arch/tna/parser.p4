// The parsers of both halves of a TNA pipe, and what they do for checksums: IPv4 headers are verified, and what may
// change is taken out of those of TCP and ICMP.
#ifndef FIRSTACK_TNA_PARSER
#define FIRSTACK_TNA_PARSER

#define CHECKSUM_UNITS \
    Checksum() outer_sum; \
    Checksum() ip_sum; \
    Checksum() tcp_sum; \
    Checksum() icmp_sum;
#define VERIFY_OUTER \
    outer_sum.add(hdr.outer); \
    meta.sum.wrong_outer = (bit<1>)outer_sum.verify();
#define VERIFY_IPV4 \
    ip_sum.add(hdr.ipv4); \
    meta.sum.wrong_ip = (bit<1>)ip_sum.verify(); \
    meta.sum.ip = 1;
#define TAKE_PSEUDO_HEADER \
    tcp_sum.subtract({hdr.ipv4.total_len, hdr.ipv4.src_addr, hdr.ipv4.dst_addr});
#define TAKE_TCP \
    tcp_sum.subtract({hdr.tcp.src_port, hdr.tcp.dst_port, hdr.tcp.data_offset, hdr.tcp.reserved, \
                      hdr.tcp.flags, hdr.tcp.checksum}); \
    tcp_sum.subtract_all_and_deposit(meta.sum.tcp);
#define TAKE_ICMP \
    icmp_sum.subtract({hdr.icmp.checksum, hdr.icmp.mtu}); \
    icmp_sum.subtract_all_and_deposit(meta.sum.icmp);

#define LOOK(bits)
#define SEEN(bits) packet.lookahead<bit<bits>>()

#include "../../common/parser.p4"

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
