// Package bmv2 runs packet vectors on simple_switch_grpc, the reference software switch of P4.
//
// Frames go in and out by the switch's data plane gRPC service (p4.bm.DataplaneInterface), so that no
// network interface and no privilege is needed; everything stays on the loopback interface.
//
// Its clock is the real one: Advance sleeps, and times in digests are not exact.
package bmv2
