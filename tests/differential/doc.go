// Package differential gives the embedded switch and simple_switch_grpc, the reference switch of P4, the same
// random table entries and the same random packets, and compares everything that comes of them: every frame at
// every port in its order, every packet-in and digest, every answer to a write, and at the end of a round what is
// in the tables, direct counters included.
//
// All is drawn from a seed, in rounds: a round has fresh switches, entries of its own (the base entries of the
// packet vectors and random ones of every match kind) and packets in batches, between which entries change. The
// packets are meaningful ones (SYNs, answers that prove themselves, data and errors of all configurations), so
// that the programs' paths are reached, and mutations of them.
//
// Times of slots are set so that none runs out within a round: the reference switch has no clock that could be
// moved. What it does otherwise by nature is listed in docs/targets.md, and Known holds the same list; any other
// difference is a failure.
package differential
