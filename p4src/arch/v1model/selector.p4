// Weighted choices: among origin servers; of how a SYN goes out. A connection's SYNs choose alike.
#ifndef FIRSTACK_SELECTOR
#define FIRSTACK_SELECTOR

#define ORIGIN_SELECTOR @name("origin_selector") action_selector(HashAlgorithm.crc32, ORIGINS, 16) origin_selector;
#define SELECTOR_KEYS \
    hdr.ipv4.src_addr : selector; \
    hdr.ipv4.dst_addr : selector; \
    hdr.tcp.src_port : selector; \
    hdr.tcp.dst_port : selector;
#define USE_ORIGIN_SELECTOR implementation = origin_selector;

#define STEERING_SELECTOR \
    @name("steering_selector") @max_group_size(STEERING_PER_GROUP) \
    action_selector(HashAlgorithm.crc32, STEERING_MEMBERS, 16) steering_selector;
#define STEERING_KEYS \
    flow.from_addr : selector; \
    flow.from_port : selector; \
    flow.to_addr : selector; \
    flow.to_port : selector; \
    hdr.tcp.seq_no : selector;
#define USE_STEERING_SELECTOR implementation = steering_selector;

#endif
