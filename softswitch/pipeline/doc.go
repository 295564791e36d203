// Package pipeline is the embedded P4 data plane: it runs any BMv2 JSON
// that p4c emits for the v1model architecture.
//
// A program is compiled by [Compile] into nodes that do for any packet, and
// closures specialised for the operands they meet. [New] makes a running
// instance of it, with its own tables, registers, counters, meters and
// selectors, which compiles the program again, bit by bit, for what is known of
// the packets that come (version.go, docs/adr/0005). [Pipeline.Process]
// takes one frame to its end: parser, checksum verification, ingress, the
// traffic manager with clones, multicast, resubmission and recirculation,
// egress, checksum update and deparser. Nothing is allocated per packet once
// the instance is warm.
//
// # Invariants
//
//   - Semantics are those of BMv2's simple_switch, quirks included: arithmetic
//     has infinite precision and is truncated on assignment; a parser error does
//     not drop; egress_spec starts at 0; a header is zeroed when it becomes
//     valid; checksums skip the fields of invalid headers.
//   - What Compile accepts, Process carries out; everything else is refused by
//     Compile with its name and place. No packet can make Process panic.
//   - One packet makes a bounded amount of work: see [MaxPasses] and
//     [MaxCopies]; all packets together a bounded amount of code: see
//     [Env.Versions].
//   - What leaves, and what is counted and remembered, does not depend on which
//     form of the program a packet went through.
//   - Process may be called concurrently. One mutex guards an instance; it is
//     not held while Env.Transmit and Env.Digest run.
//
// # Control plane
//
// Everything that reads or changes an instance (tables, profiles, registers,
// counters, meters, value sets) must run inside [Pipeline.Do], so that a
// batch is seen by packets as a whole. Names are those of the JSON, which are
// also the names in the P4Info preambles.
//
// # What it deliberately does not do
//
// It knows no protocol and no P4Info, and it does not queue: egress follows
// ingress at once, so that queue depths read zero.
package pipeline
