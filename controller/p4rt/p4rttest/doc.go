// Package p4rttest is a P4Runtime server in memory for tests: arbitration as the specification has it, a pipeline
// that can be pushed and read, entities stored by key, digests, packets and idle notifications to inject, and
// faults to provoke. It knows nothing of packets: nothing is forwarded.
//
//	srv := p4rttest.Start()
//	defer srv.Close()
//	session, err := p4rt.New(p4rt.Options{Dial: srv.Dial, Insecure: true, ...}, handler)
package p4rttest
