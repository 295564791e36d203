// Package tofino shows how the client gateway for Tofino behaves where no Tofino is at hand: its slot logic
// (p4src/arch/tna/slots.p4) and its place for rewriting (egress), compiled for v1model and run through the packet
// vectors on the embedded switch.
package tofino
