// Package nearest opens connections over random placements of client, origin and replicas among the ten regions of the
// round-trip table, packet by packet, and looks how many run to the nearest device and how long their handshakes take.
//
//	go test ./tests/nearest -v -placements 50 -seed 0
package nearest
