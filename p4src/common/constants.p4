// Numbers of the wire: assigned ones by their registry, firstack's own from docs/protocol.md.
#ifndef FIRSTACK_CONSTANTS
#define FIRSTACK_CONSTANTS

typedef bit<48> mac_addr_t;
typedef bit<32> ipv4_addr_t;
typedef bit<16> l4_port_t;
typedef bit<32> ticks_t;  // 2^10 microseconds (v1model) or 2^20 nanoseconds (TNA): about 1 ms

const bit<16> ETHERTYPE_IPV4 = 0x0800;
const bit<16> ETHERTYPE_ARP = 0x0806;

const bit<8> PROTOCOL_ICMP = 1;
const bit<8> PROTOCOL_IPIP = 4;  // RFC 2003
const bit<8> PROTOCOL_TCP = 6;

const bit<16> IPV4_HEADER_LENGTH = 20;
const bit<8> TUNNEL_TTL = 64;

const bit<16> ARP_REPLY = 2;

// RFC 3168 section 5
const bit<2> ECN_NOT_ECT = 0;
const bit<2> ECN_ECT1 = 1;
const bit<2> ECN_ECT0 = 2;
const bit<2> ECN_CE = 3;

// RFC 9293 section 3.1, the low byte of the flags
const bit<8> TCP_FIN = 0x01;
const bit<8> TCP_SYN = 0x02;
const bit<8> TCP_RST = 0x04;
const bit<8> TCP_ACK = 0x10;
const bit<8> TCP_SYN_ACK = 0x12;
const bit<8> TCP_HANDSHAKE = 0x17;  // all of these

// The tag: TCP option 253 (RFC 4727) with an experiment id (RFC 6994), always the first option.
const bit<8> TAG_KIND = 253;
const bit<8> TAG_LENGTH = 12;
const bit<16> TAG_EXID = 0x4641;
const bit<32> TAG_PREAMBLE = 0xFD0C4641;  // kind, length, ExID as they stand on the wire
const bit<8> TAG_PERMITTED = 0x80;
const bit<8> TAG_ANSWER = 0x40;
const bit<8> TAG_DIRECT = 0x20;
const bit<8> TAG_ATTEMPT = 0x07;
const bit<4> TAG_WORDS = 3;               // of 32 bits, as the data offset counts

const bit<16> MSS_PREAMBLE = 0x0204;      // RFC 9293 section 3.7.1: kind 2, length 4

// How the winner and the client gateway speak with each other (docs/protocol.md).
const bit<8> FORM_SERVER = 0;  // the server itself won: nothing is translated
const bit<8> FORM_A = 1;       // addresses translated both ways
const bit<8> FORM_B = 2;       // towards the replica only; the replica spoofs the server
const bit<8> FORM_C = 3;       // tunnel both ways
const bit<8> FORM_ORIGIN = 4;  // replica gateway only: an origin server behind the server's address

// Why a packet is handed to the controller (packet_in.reason).
const bit<7> PUNT_TTL = 1;
const bit<7> PUNT_LOCAL = 2;
const bit<7> PUNT_ARP = 3;
const bit<7> PUNT_NO_ROUTE = 4;

#endif
