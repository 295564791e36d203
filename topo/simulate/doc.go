// Package simulate plays connections over a round-trip table without packets, fast enough for every placement of a table
// and for millions of clients: how near the replica is that each connection gets, how long its handshake takes, how the
// load spreads, and what that costs in SYNs, under several ways of choosing.
//
// What is real: the decisions of firstack's own steering, which are those of package controller/steer, fed as a client
// gateway's controller feeds it. What is a model: paths (a constant delay for each direction, jitter and loss drawn for
// each answer), servers (a queue between steps of a few milliseconds: see load), DNS and anycast (the right choice but
// for an error rate, and late when something fails). Bandwidth, data transfer and the switches' own time are left out.
//
// A run depends on its seed alone, not on how many processors share it: gateways draw from sources of their own, they
// meet only at the ends of steps, and everything that is summed up is a whole number.
package simulate
