// Package flow is a client gateway's memory: which connection runs to which replica, and whether the switch's
// translation tables say so. It is plain bookkeeping in one goroutine's hands: no clock, no network, no lock.
//
// The switch decides and this book remembers. Digests may be lost, repeated and reordered; what the newest one
// says, by the switch's own clock, is the truth, and the book works until the tables agree with it. For each
// connection it knows what it wants in the tables and what it believes to be there; Flush gives the difference as
// operations and Done takes their outcomes, so a failed or unanswered write is only one more difference.
//
// Invariants:
//   - At most one batch of operations is under way, and no two operations of a batch have the same key, because
//     P4Runtime promises no order inside a batch.
//   - An inbound key has one owner. Two connections may share it only one after the other.
//   - A translation is given up only when its connection ended and stayed quiet, or when it was idle for its whole
//     life, by counters that were read; never because of time or a digest alone.
//   - There are never more connections than the tables hold. One that finds no room keeps its slot in the switch.
package flow
