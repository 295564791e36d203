// Package p4rt is the P4Runtime 1.5 server of the embedded switch.
//
// It is written against the specification, and where clients look at texts it sends those of BMv2.
// The parts that can stand alone are packages of their own: who may write (arbiter), the P4Info
// (schema), binary strings (bytestring), digest lists (digest), controller headers (packetio), the
// decoding of write requests (wire). What is left here ties them to a pipeline:
//
//   - config.go, pipelineconfig.go, reconcile.go: programs, loaded, saved, committed, exchanged;
//   - write.go, read.go and one file for each kind of entity;
//   - stream.go, session.go: the stream of a client, with bounded queues towards it.
//
// # Invariants
//
//   - A client can neither stop the data plane nor another client: what it does not fetch is
//     dropped and counted, and reads are collected before they are sent.
//   - Write requests are carried out one after the other. A packet sees each update either not at
//     all or whole, and a batch with ROLLBACK_ON_ERROR or DATAPLANE_ATOMIC likewise.
//   - What was written is read back in canonical form, and reads the same whether the client wrote
//     it in canonical form or not.
//   - After VERIFY_AND_SAVE reads and writes go to the saved program, which runs from COMMIT on
//     with all that was written to it.
//
// # Roles
//
// The default role has access to everything. A named role may use whatever the program does not
// reserve for another one with @p4runtime_role("name") on a table, an extern or a controller header.
package p4rt
