// The weighted choice among origin servers.
#ifndef FIRSTACK_SELECTOR
#define FIRSTACK_SELECTOR

#define ORIGIN_SELECTOR @name("origin_selector") action_selector(HashAlgorithm.crc32, ORIGINS, 16) origin_selector;
#define SELECTOR_KEYS \
    hdr.ipv4.src_addr : selector; \
    hdr.ipv4.dst_addr : selector; \
    hdr.tcp.src_port : selector; \
    hdr.tcp.dst_port : selector;
#define USE_ORIGIN_SELECTOR implementation = origin_selector;

#endif
