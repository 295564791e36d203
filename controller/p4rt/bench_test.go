package p4rt_test

import (
	"fmt"
	"net/netip"
	"testing"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/controller/p4rt"
	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/tables/clientgateway"
)

// BenchmarkInsert is what the controller does for a connection it learned: encode a translation of four keys and
// insert it, in batches, into a switch that runs as a process of its own. One op is one entry.
func BenchmarkInsert(b *testing.B) {
	for name, target := range targets {
		for _, batch := range []int{1, 10, 100, 1000} {
			b.Run(fmt.Sprintf("%s/batch=%d", name, batch), func(b *testing.B) {
				o := launch(b, name, target, p4src.ClientGateway)
				h := newTerms()
				start(b, o, h)
				conn := await(b, h.began, "a term").conn
				p := program(b)
				b.ReportAllocs()
				b.ResetTimer()
				insertMany(b, conn, p, b.N, batch)
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "inserts/s")
			})
		}
	}
}

func insertMany(b *testing.B, conn *p4rt.Conn, p *clientgateway.Program, n, batch int) {
	server, replica := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("198.51.100.1")
	updates := make([]*p4v1.Update, 0, batch)
	for i := range n {
		u, err := p.Outbound.Insert(clientgateway.OutboundEntry{
			Key: clientgateway.OutboundKey{
				ClientAddr: netip.AddrFrom4([4]byte{10, byte(i >> 24), byte(i >> 16), byte(i >> 8)}),
				ClientPort: uint16(1024 + i&0xff), ServerAddr: server, ServerPort: 80,
			},
			Action: clientgateway.ToReplica{ReplicaAddr: replica, ReplicaPort: 80},
		})
		if err != nil {
			b.Fatal(err)
		}
		if updates = append(updates, u); len(updates) == batch || i == n-1 {
			if err := conn.Write(b.Context(), updates...); err != nil {
				b.Fatal(err)
			}
			updates = updates[:0]
		}
	}
}
