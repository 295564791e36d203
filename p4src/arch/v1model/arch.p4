// What the programs take from v1model (BMv2, firstack-switch), under names that TNA can give as well.
#ifndef FIRSTACK_ARCH
#define FIRSTACK_ARCH

#include <core.p4>
#include <v1model.p4>

#define DIRECT_COUNTER(name) direct_counter(CounterType.packets_and_bytes) name;
#define USE_DIRECT_COUNTER(name) counters = name;
#define COUNT(name)  // v1model counts by itself
#define AT_STAGE(number, entries)  // a Tofino's pipeline has stages
#define AHEAD
#define TABLE_AGEING support_timeout = true;

#define INGRESS(name) control name(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard)
#define EGRESS(name) control name(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard)
#define BEGIN standard
#define END standard
#define BEGIN_EGRESS standard
#define END_EGRESS standard
#define SWITCH(ingress, egress) \
    V1Switch(GatewayParser(), NoVerify(), ingress(), egress(), NoCompute(), GatewayDeparser()) main;
#define ARCH_HEADERS
// Where ingress keeps the target.
#define TARGET(race, part) race.target_##part
// The addresses that a tunnel or an ICMP error shows twice are not the same.
#define CONTRADICTS(hdr) \
    ((hdr.outer.isValid() && hdr.ipv4.dst_addr != hdr.outer.dst_addr) || \
     (hdr.quoted_tcp.isValid() && (hdr.quoted.src_addr != hdr.ipv4.dst_addr || \
      (hdr.quoted_outer.isValid() && hdr.quoted_outer.src_addr != hdr.quoted.src_addr))))
#ifndef REWRITE_IN_EGRESS
#define REWRITE_IN_INGRESS(statement) statement
#define REWRITE_IN_EGRESS(statement)
#endif

#define CPU_PORT 255  // --cpu-port of the switch has to name it

#include "constants.p4"
#include "sizes.p4"
#include "headers.p4"
#include "sums.p4"
#include "metadata.p4"
#include "checksum.p4"
#include "intrinsic.p4"
#include "parser.p4"
#include "routing.p4"
#include "tag.p4"
#include "tunnel.p4"

#endif
