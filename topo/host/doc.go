// Package host is a computer in user space: an IPv4 stack of its own (gVisor's netstack) with TCP, UDP
// and ICMP on one Ethernet card, and what the networks of this project do with it: an http server of
// deterministic content, an http client that measures and verifies what it gets.
//
// It needs no privileges and no goroutine per packet: what the stack sends goes to a link.Port in the
// sender's goroutine, and what arrives enters the stack in that of the caller of Receive. The stack's
// own timers are those of a real one: the first SYN is sent again after 1 s, TIME_WAIT is 60 s unless
// set.
package host
