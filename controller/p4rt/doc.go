// Package p4rt keeps one P4Runtime session with one switch, for as long as the controller runs: it dials,
// arbitrates, makes sure that the right pipeline is in place, hands the switch to a Handler, follows the stream,
// and starts over with back-off when anything of that is lost.
//
// Invariants:
//   - One goroutine, Run's, owns the state of a session. Everything else sends to it or reads a snapshot.
//   - Nothing is ever cleared. The pipeline is pushed only when the switch has another one, and tables change
//     only by the difference between what they hold and what is wanted (Conn.Reconcile).
//   - The Handler runs only while this controller is primary and the pipeline is in place; its context ends
//     with either.
//   - A slow Handler never stalls the session: digests, packets and notifications wait in bounded queues, and
//     what does not fit is dropped and counted. P4Runtime promises no more for any of them.
//
// The package does not know firstack's programs: it takes entities from the bindings in package tables, and names
// tables and keys in its errors with the help of the P4Info.
//
// References are to the P4Runtime specification, version 1.5.
package p4rt
