// Package target says in one place what differs between the switches that run firstack's programs: BMv2, firstack-switch,
// and Tofino under Stratum. Everybody else reads the fields of Capabilities and has no case for a target of its own.
//
// What it says of Stratum was read in stratum_bfrt's source (github.com/stratum/stratum at f8f7130, July 2024; files
// below stratum/hal/lib); none of it was tried on a Tofino. docs/tofino.md has the list with its consequences.
package target
