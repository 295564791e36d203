package differential

import (
	"math/rand/v2"
	"net/netip"
	"strings"
)

// The few values that packets and entries draw from, those of the packet vectors' base files, so that they meet.
var (
	clients  = []string{"10.1.0.2", "10.1.0.3"}
	servers  = []string{"198.51.100.10", "198.51.100.20"}
	replicas = []string{"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"}
	others   = []string{"198.51.100.1", "198.51.100.77", "192.0.2.9", "10.1.0.1", "203.0.113.250"}

	clientPorts = []uint16{40000, 40001, 40002}
	serverPorts = []uint16{80, 443, 8080, 22}

	// macs are in the short form of package packet.
	macs = []string{"a1", "a2", "b1", "b2", "c1", "d1", "e1", "f1", "bcast"}
)

// Ports that have something behind them, from 1.
const ports = 6

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// chance is true once in n times.
func chance(r *rand.Rand, n int) bool { return r.IntN(n) == 0 }

func address(r *rand.Rand) string {
	switch r.IntN(8) {
	case 0, 1:
		return pick(r, clients)
	case 2, 3:
		return pick(r, servers)
	case 4, 5, 6:
		return pick(r, replicas)
	}
	return pick(r, others)
}

func transportPort(r *rand.Rand) uint16 {
	if chance(r, 2) {
		return pick(r, clientPorts)
	}
	return pick(r, serverPorts)
}

func addressValue(text string) uint64 {
	a := netip.MustParseAddr(text).As4()
	return uint64(a[0])<<24 | uint64(a[1])<<16 | uint64(a[2])<<8 | uint64(a[3])
}

// ofFlow is a value by its name as an entry about a flow has it; false when the name says nothing of flows.
func ofFlow(r *rand.Rand, f *flow, name string) (uint64, bool) {
	switch name {
	case "client_addr":
		return addressValue(f.client), true
	case "client_port":
		return uint64(f.clientPort), true
	case "server_addr":
		return addressValue(f.server), true
	case "server_port", "peer_port", "replica_port":
		return uint64(f.serverPort), true
	case "peer_addr":
		return addressValue(pick(r, append(replicas[:3:3], f.server, f.server))), true
	case "replica_addr", "source_addr":
		return addressValue(pick(r, replicas)), true
	}
	return 0, false
}

// value draws a value for a key field or an action's parameter by its name, as the programs name them.
func value(r *rand.Rand, name string, width int32) uint64 {
	switch {
	case strings.HasSuffix(name, "_addr") && width == 32:
		return addressValue(address(r))
	case strings.HasSuffix(name, "_port") && width == 16:
		return uint64(transportPort(r))
	case name == "port" && width == 9:
		return 1 + uint64(r.IntN(ports))
	case width == 48:
		return 0x020000000000 | uint64(r.IntN(256))
	case name == "next_hop":
		return uint64(r.IntN(4))
	case name == "operation":
		return 1 + uint64(r.IntN(2))
	case name == "form":
		return uint64(r.IntN(5))
	case name == "state":
		return uint64(r.IntN(3))
	case name == "pending" || name == "patience":
		return long
	case name == "claimed":
		return 2 * long
	case name == "tell":
		return long * uint64(min(1, r.IntN(4)))
	case name == "instance":
		return 1 + uint64(r.IntN(9))
	case width <= 8:
		return uint64(r.IntN(1 << width))
	}
	return uint64(r.IntN(8)) // groups, indices, watches
}

// long is a time in ticks of 1.024 ms beyond every round's.
const long = 1 << 22
