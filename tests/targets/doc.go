// Command targets measures what runs firstack's client gateway on real interfaces, side by side in one run:
// firstack-switch and BMv2 with the same program, entries and traffic, a bare relay as the floor, and what one would
// take without either, a TCP proxy. It writes docs/benchmarks-targets.md and its picture.
//
// It needs Linux and root, iproute2 and ethtool, and makes three network namespaces of its own. What is not installed
// (BMv2, gcc, haproxy, nginx) is left out, and the report says so.
package main
