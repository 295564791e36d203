// What the parser knows of a packet's checksums, for the deparser to settle them.
#ifndef FIRSTACK_SUMS
#define FIRSTACK_SUMS

struct checksum_t {
    bit<1> l4;           // TCP or ICMP fields were changed: settle on the way out
    bit<1> outer;        // an outer header was added
    bit<1> ip;           // the packet's own IPv4 header has no options: sum it anew on the way out
    bit<1> wrong_ip;     // it came in wrong (RFC 1812 section 5.2.2: discarded)
    bit<1> wrong_outer;
    bit<16> tcp;         // residuals: the checksum less the fields that may change
    bit<32> seq_no;      // of a reset of our own making, which has no residual
    bit<16> icmp;
}

#endif
