// Headers of all three programs. A packet's own IPv4 header is always `ipv4`; `outer` is valid while it is encapsulated
// (TCP in IPv4 in IPv4, and nothing else, is parsed so). Cracking is to drop `outer`: no header is ever copied.
#ifndef FIRSTACK_HEADERS
#define FIRSTACK_HEADERS

@controller_header("packet_in")
header packet_in_t {
    bit<9> ingress_port;
    bit<7> reason;
}

@controller_header("packet_out")
header packet_out_t {
    bit<9> egress_port;
    @padding bit<7> pad;
}

header ethernet_t {
    mac_addr_t dst_addr;
    mac_addr_t src_addr;
    bit<16> ether_type;
}

// RFC 826 for IPv4 over Ethernet
header arp_t {
    bit<16> hardware_type;
    bit<16> protocol_type;
    bit<8> hardware_length;
    bit<8> protocol_length;
    bit<16> operation;
    mac_addr_t sender_mac;
    ipv4_addr_t sender_addr;
    mac_addr_t target_mac;
    ipv4_addr_t target_addr;
}

header ipv4_t {
    bit<4> version;
    bit<4> ihl;
    bit<8> traffic_class;  // DSCP and ECN
    bit<16> total_len;
    bit<16> identification;
    bit<3> flags;
    bit<13> frag_offset;
    bit<8> ttl;
    bit<8> protocol;
    bit<16> checksum;
    ipv4_addr_t src_addr;
    ipv4_addr_t dst_addr;
}

header tcp_t {
    l4_port_t src_port;
    l4_port_t dst_port;
    bit<32> seq_no;
    bit<32> ack_no;
    bit<4> data_offset;
    bit<4> reserved;
    bit<8> flags;
    bit<16> window;
    bit<16> checksum;
    bit<16> urgent;
}

header tag_t {
    bit<8> kind;
    bit<8> length;
    bit<16> exid;
    bit<8> options;  // TAG_PERMITTED, TAG_ANSWER, TAG_DIRECT, two reserved, attempt (3 bits)
    bit<8> epoch;
    bit<16> gateway;
    bit<32> mac;
}

header mss_t {
    bit<8> kind;
    bit<8> length;
    bit<16> value;
}

// An ICMP error (RFC 792; mtu: RFC 1191) and what it quotes: one or two IPv4 headers and 8 bytes of TCP.
header icmp_t {
    bit<8> type;
    bit<8> code;
    bit<16> checksum;
    bit<16> unused;
    bit<16> mtu;
}

header quoted_tcp_t {
    l4_port_t src_port;
    l4_port_t dst_port;
    bit<32> seq_no;
}

// What the parsers look at before they extract: version and header length, flags and offset, protocol of the IPv4
// header that is next, and of the one behind it; a packet that is no fragment, one that is the first or none.
#define SEEN_IPV4 SEEN(80)[79:72], SEEN(80)[31:16], SEEN(80)[7:0]
#define SEEN_INNER SEEN(240)[79:72], SEEN(240)[31:16], SEEN(240)[7:0]
#define WHOLE 0x0000 &&& 0x3FFF
#define FIRST 0x0000 &&& 0x1FFF

struct headers_t {
    packet_in_t packet_in;
    packet_out_t packet_out;
    ARCH_HEADERS
    ethernet_t ethernet;
    arp_t arp;
    ipv4_t outer;
    ipv4_t ipv4;
    icmp_t icmp;
    ipv4_t quoted_outer;
    ipv4_t quoted;
    quoted_tcp_t quoted_tcp;
    tcp_t tcp;
    tag_t tag;
    mss_t mss;
}

#endif
