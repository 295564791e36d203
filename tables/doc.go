// Package tables is what the typed bindings of the data planes stand on: it resolves the names of a P4 program
// to the ids of the pipeline in use, and turns Go values into P4Runtime messages and back.
//
// The bindings themselves are generated, one package a program (clientgateway, servergateway, replicagateway),
// from the P4Info files in p4src/build. They hold names, never ids: Bind looks every name up in the P4Info of
// the switch at hand, so one binding serves every architecture that the program is built for.
//
// Invariants:
//   - What leaves this package is canonical (P4Runtime specification, "Bytestrings"): shortest byte strings, no
//     don't-care match, no bits outside a mask, match fields and parameters in the order of the P4Info.
//   - A value that does not fit is refused here, before the wire, by an *Error that names object, field and value.
//   - Handles (Table, Digest, Register, ...) are immutable after Bind and safe for concurrent use.
//
// The package opens no connection and keeps no state of a switch; controller/p4rt does.
package tables

//go:generate go run ./gen -p4info ../p4src/build/client_gateway.p4info.txtpb -out clientgateway
//go:generate go run ./gen -p4info ../p4src/build/server_gateway.p4info.txtpb -out servergateway
//go:generate go run ./gen -p4info ../p4src/build/replica_gateway.p4info.txtpb -out replicagateway
//go:generate go run ./gen -p4info internal/sample/sample.p4info.txtpb -out internal/sample
