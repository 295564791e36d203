// Package steer decides how a client gateway sends out the SYNs of one service: by the server gateway to all replicas
// (discover, as the patent has it), raced by itself to the nearest ones it knows, or direct to the nearest alone.
//
// Every race teaches, for the losers' answers come too, with delays measured in the switch. A Service takes these in and
// gives a Choice, which the switch applies to each connection. Rules, in the order in which they count:
//
//  1. Nothing known, or nobody alive: discover. The delay of a discovered answer says only that a replica is there; it
//     came by way of the server. (The server's own is a round trip.)
//  2. Somebody not measured yet, or not lately: everyone races, so the very next connection is on the nearest, and all
//     are measured after it.
//  3. All measured: direct to the nearest, those within a margin of it share by weight. Few connections race, to notice
//     change, and few carry a discovery along, to find new replicas.
//  4. Doubt (a direct answer slower than the second nearest's, or none at all): everyone races until races agree.
//  5. Suspects, silent lately though they would be nearest, stay in the races, which are frequent meanwhile.
//
// Invariants: a choice refers to replicas only that have answered, or that the caller vouched for (Revive); it changes
// only when something has changed by more than the hysteresis; nothing is lost when answers are not reported, all that
// comes of it is a later decision. The package knows no clock, no network and no randomness, and a Service is used by
// one goroutine.
package steer
