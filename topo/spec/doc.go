// Package spec is the description of a network in YAML: sites and the round trips between them,
// gateways, hosts and services. Parse reads it strictly and fills in what may be omitted, so that the
// Topology it returns names every address, port and identifier.
//
// Round trips are given in milliseconds, from row to column, as tables of cloud providers have them. A
// frame from a to b takes half of the cell (a, b), one back half of (b, a); so a round trip measured
// over the network is the mean of the two cells.
//
// Addresses that are omitted are assigned from private and documentation ranges (RFC 1918, RFC 5737),
// by the order in which things are listed; Resolve says how.
//
//go:generate go run ./internal/genschema ../../docs/topology.schema.json
package spec
