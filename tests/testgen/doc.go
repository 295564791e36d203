// Package testgen compares the programs for TNA with those for v1model: p4testgen derives packets, table entries and
// what has to leave the switch from the TNA programs (derive, `make p4-testgen`); the same packets and entries run
// through the v1model programs on the embedded switch, and must come out on the same port with the same bytes.
//
// What p4testgen cannot do is listed in derive/sources.go, change by change. Checksums it does not work out at all:
// derive/checksum.go and derive/residual.go do, by what the programs' parsers and deparsers sum. What TNA does otherwise
// on purpose is in differences_test.go.
package testgen
