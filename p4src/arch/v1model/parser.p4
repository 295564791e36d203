// Parser and deparser of v1model. Checksums are settled in controls (checksum.p4).
#ifndef FIRSTACK_V1MODEL_PARSER
#define FIRSTACK_V1MODEL_PARSER

#define CHECKSUM_UNITS
#define VERIFY_OUTER
#define VERIFY_IPV4
#define TAKE_PSEUDO_HEADER
#define TAKE_TCP
#define TAKE_ICMP

// Bits ahead are read once, and then looked at.
#define LOOK(bits) bit<bits> seen = packet.lookahead<bit<bits>>();
#define SEEN(bits) seen

#include "../../common/parser.p4"

parser GatewayParser(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    PacketParser() packet_parser;

    state start {
        transition select(standard.ingress_port) {
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
