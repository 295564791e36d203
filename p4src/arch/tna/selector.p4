// Weighted choices: among origin servers; of how a SYN goes out. A connection's SYNs choose alike.
#ifndef FIRSTACK_SELECTOR
#define FIRSTACK_SELECTOR

#define ORIGIN_SELECTOR \
    Hash<bit<16>>(HashAlgorithm_t.CRC16) origin_hash; \
    ActionProfile(ORIGINS) origin_profile; \
    ActionSelector(origin_profile, origin_hash, SelectorMode_t.FAIR, ORIGINS_PER_GROUP, ORIGIN_GROUPS) origin_selector;
#define SELECTOR_KEYS \
    hdr.ipv4.src_addr : selector; \
    hdr.ipv4.dst_addr : selector; \
    hdr.tcp.src_port : selector; \
    hdr.tcp.dst_port : selector;
#define USE_ORIGIN_SELECTOR implementation = origin_selector;

#define STEERING_SELECTOR \
    Hash<bit<16>>(HashAlgorithm_t.CRC16) steering_hash; \
    ActionProfile(STEERING_MEMBERS) steering_profile; \
    ActionSelector(steering_profile, steering_hash, SelectorMode_t.FAIR, STEERING_PER_GROUP, SERVICES) steering_selector;
#define STEERING_KEYS \
    flow.from_addr : selector; \
    flow.from_port : selector; \
    flow.to_addr : selector; \
    flow.to_port : selector; \
    hdr.tcp.seq_no : selector;
#define USE_STEERING_SELECTOR implementation = steering_selector;

#endif
