package tables_test

import (
	"testing"

	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/tables/clientgateway"
	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	"google.golang.org/protobuf/encoding/prototext"
)

func outbound(b *testing.B) (*clientgateway.Program, clientgateway.OutboundEntry) {
	b.Helper()
	i := &p4configv1.P4Info{}
	if err := prototext.Unmarshal(p4src.ClientGateway.P4Info(), i); err != nil {
		b.Fatal(err)
	}
	p, err := clientgateway.Bind(i)
	if err != nil {
		b.Fatal(err)
	}
	return p, clientgateway.OutboundEntry{
		Key:    clientgateway.OutboundKey{ClientAddr: addr("10.0.0.1"), ClientPort: 40000, ServerAddr: addr("192.0.2.1"), ServerPort: 80},
		Action: clientgateway.ToReplica{ReplicaAddr: addr("198.51.100.1"), ReplicaPort: 80},
	}
}

// BenchmarkEncode is one translation of four keys made into an update.
func BenchmarkEncode(b *testing.B) {
	p, e := outbound(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Outbound.Insert(e); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecode is the way back.
func BenchmarkDecode(b *testing.B) {
	p, e := outbound(b)
	m, err := p.Outbound.Message(e)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Outbound.Decode(m); err != nil {
			b.Fatal(err)
		}
	}
}
