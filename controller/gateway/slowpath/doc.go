// Package slowpath is the part of a router that has words of its own: ARP for next hops that nobody configured
// (RFC 826), ICMP errors and echo replies (RFC 792, RFC 1812). The switch hands it packets and sends its answers.
//
// It is plain bookkeeping in one goroutine's hands. Everything that outside packets can make it do is bounded: how
// many addresses are asked for at once, how many neighbors are kept, how many ICMP messages leave in a second.
package slowpath
