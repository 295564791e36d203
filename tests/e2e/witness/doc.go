// Package witness watches a network from outside and says what must not be there. It sees every frame on every
// link, knows who stands where, and nothing of the switches' state: what it finds, a capture would show.
//
// It holds these to be true, whatever happens on the way (docs/architecture.md, What must always hold):
//
//   - Every frame that enters a link has right lengths and checksums (package packet).
//   - A client hears only from an address and port that it has itself sent something to, from the port that it used
//     for that. Neither clients nor servers are given a tag or a tunnel.
//   - A client is never given two different answers to one SYN, and what it sends afterwards goes to the one who
//     answered.
//   - Every answer that reaches the client gateway after another one has won is reset.
package witness
