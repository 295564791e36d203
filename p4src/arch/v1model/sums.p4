// What the checksum has to forget and learn (RFC 1624): sums of the fields that may change, as they came in.
#ifndef FIRSTACK_SUMS
#define FIRSTACK_SUMS

struct checksum_t {
    bit<1> l4;           // TCP or ICMP fields were changed: settle on the way out
    bit<1> outer;        // an outer header was added
    bit<32> ip_before;
    bit<32> l4_before;
}

#endif
