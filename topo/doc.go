// Package topo is a whole network in one process: the hosts, links and core of a topology, with switches
// between them that are given from outside. It needs no privileges and runs on Linux and macOS.
//
//	hosts ── LAN ── gateway ── core ── gateway ── LAN ── hosts
//
// Only the paths between gateways, and the links between a host and its LAN, take time. Everything else
// is a function call: a frame that a gateway sends out of its WAN port passes the core and is on its
// path when Send returns.
package topo
