// Package plan says what the tables of a gateway have to hold: a pure function of the configuration, the health of
// replicas and servers, the neighbors that are known, and the numbers that were given out before. It reads and
// writes nothing.
//
// Numbers (next hops, multicast groups, instances, meter cells) have no meaning of their own. They are taken from
// what a switch holds already, and only what is new gets the lowest that is free; so the same configuration gives
// the same tables, on a fresh switch and after a restart of the controller alike, and a change writes only what it
// changes.
//
// Entities come in stages. Each stage refers only to what earlier ones have put there; when they are written in this
// order, and removed in the opposite one, no packet meets half a decision.
package plan
