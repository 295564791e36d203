// What the programs take from TNA (Tofino), under the names that v1model gives as well.
#ifndef FIRSTACK_ARCH
#define FIRSTACK_ARCH

#include <core.p4>
#if __TARGET_TOFINO__ == 2
#include <t2na.p4>
#else
#include <tna.p4>
#endif

#define DIRECT_COUNTER(name) DirectCounter<bit<32>>(CounterType_t.PACKETS_AND_BYTES) name;
#define USE_DIRECT_COUNTER(name) counters = name;
#define COUNT(name) name.count();
// Where a table stands and with how many entries, and whether it comes first there: it is the order that decides whether
// a program fits Tofino's 12 stages (docs/tofino.md). Tofino 2 has 20, and more memory in each.
#if __TARGET_TOFINO__ == 2
#define AT_STAGE(number, entries)
#define AHEAD
#else
#define AT_STAGE(number, entries) @stage(number, entries)
#define AHEAD @placement_priority(1)
#endif
#define TABLE_AGEING  // nobody asks a Tofino for it (docs/tofino.md), and it takes map RAMs

#if __TARGET_TOFINO__ == 2
// What a register says goes to containers of its own size: the open assembler has no place for two sizes on a bus.
#define CHIP_CONTAINERS \
    @pa_container_size("ingress", "meta.slot.same_port", 16) \
    @pa_container_size("ingress", "meta.slot.same_source", 32)
#else
#define CHIP_CONTAINERS
#endif
// Addresses lie in containers of their own size: to find out by trying takes the compiler hours.
#ifdef CLIENT_GATEWAY
#define IN_WHOLE_CONTAINERS_INGRESS CHIP_CONTAINERS \
    @pa_container_size("ingress", "hdr.bridge.target_addr", 32) \
    @pa_container_size("ingress", "meta.flow.source_addr", 32) \
    @pa_container_size("ingress", "meta.flow.from_addr", 32) \
    @pa_container_size("ingress", "meta.flow.to_addr", 32) \
    @pa_container_size("ingress", "meta.slot.server_addr", 32) \
    @pa_container_size("ingress", "meta.slot.winner_addr", 32) \
    @pa_container_size("ingress", "meta.io.destination", 32) \
    @pa_container_size("ingress", "meta.race.peer_addr", 32) \
    @pa_container_size("ingress", "hdr.bridge.target_port", 16) \
    @pa_container_size("ingress", "hdr.bridge.gateway", 16) \
    @pa_container_size("ingress", "meta.slot.winner_port", 16) \
    @pa_container_size("ingress", "meta.slot.server_port", 16) \
    @pa_container_size("ingress", "meta.flow.from_port", 16) \
    @pa_container_size("ingress", "meta.flow.to_port", 16)
#define IN_WHOLE_CONTAINERS_EGRESS \
    @pa_container_size("egress", "hdr.ipv4.src_addr", 32) \
    @pa_container_size("egress", "hdr.ipv4.dst_addr", 32) \
    @pa_container_size("egress", "hdr.outer.src_addr", 32) \
    @pa_container_size("egress", "hdr.outer.dst_addr", 32) \
    @pa_container_size("egress", "meta.race.target_addr", 32) \
    @pa_container_size("egress", "meta.flow.to_addr", 32)
#else
#define IN_WHOLE_CONTAINERS_INGRESS \
    @pa_container_type("ingress", "hdr.packet_out.egress_port", "normal") \
    @pa_container_type("ingress", "hdr.packet_out.pad", "normal")
#define IN_WHOLE_CONTAINERS_EGRESS
#endif

#define INGRESS(name) @pa_auto_init_metadata IN_WHOLE_CONTAINERS_INGRESS control name( \
    inout headers_t hdr, inout metadata_t meta, in ingress_intrinsic_metadata_t intrinsic, \
    in ingress_intrinsic_metadata_from_parser_t from_parser, \
    inout ingress_intrinsic_metadata_for_deparser_t for_deparser, inout ingress_intrinsic_metadata_for_tm_t for_tm)
#define EGRESS(name) IN_WHOLE_CONTAINERS_EGRESS control name( \
    inout headers_t hdr, inout metadata_t meta, in egress_intrinsic_metadata_t intrinsic, \
    in egress_intrinsic_metadata_from_parser_t from_parser, \
    inout egress_intrinsic_metadata_for_deparser_t for_deparser, \
    inout egress_intrinsic_metadata_for_output_port_t for_port)
#define BEGIN hdr, intrinsic, from_parser
#define END for_deparser, for_tm
#define BEGIN_EGRESS intrinsic
#define END_EGRESS for_deparser
// Where a client gateway rewrites packets: ingress has no stages left for it.
#define REWRITE_IN_INGRESS(statement)
#define REWRITE_IN_EGRESS(statement) statement
// Where ingress keeps the target: it goes to egress.
#define TARGET(race, part) hdr.bridge.target_##part
// The addresses that a tunnel or an ICMP error shows twice are not compared: containers are scarce (docs/tofino.md).
#define CONTRADICTS(hdr) false
#define SWITCH(ingress, egress) \
    Pipeline(IngressParser(), ingress(), IngressDeparser(), EgressParser(), egress(), EgressDeparser()) pipe; \
    Switch(pipe) main;

#ifndef CPU_PORT
#define CPU_PORT 192  // the PCIe port of a Tofino with two pipes; with four it is 320
#endif

#include "constants.p4"
#include "tofino_sizes.p4"
#include "sizes.p4"
#include "bridge.p4"
#include "headers.p4"
#include "sums.p4"
#include "metadata.p4"
#include "checksum.p4"
#include "intrinsic.p4"
#include "parser.p4"
#include "deparser.p4"
#include "routing.p4"
#include "tag.p4"
#include "tunnel.p4"

#endif
