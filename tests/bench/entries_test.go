package bench

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"runtime"
	"testing"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/tables/clientgateway"
)

var (
	server  = netip.MustParseAddr("198.51.100.10")
	replica = netip.MustParseAddr("192.0.2.1")
)

// client gives the n-th connection's client: up to 2^14 ports on each of as many addresses as it takes.
func client(n int) (netip.Addr, uint16) {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], 10<<24|uint32(n>>14))
	return netip.AddrFrom4(b), uint16(n&0x3fff) + 1024
}

// translations makes the inserts of connections' entries.
type translations struct{ program *clientgateway.Program }

func newTranslations(b *testing.B, r *rig) translations {
	b.Helper()
	program, err := clientgateway.Bind(r.program.Info)
	check(b, err)
	return translations{program}
}

func (t translations) outbound(n int) (*p4v1.Update, error) {
	address, port := client(n)
	return t.program.Outbound.Insert(clientgateway.OutboundEntry{
		Key:    clientgateway.OutboundKey{ClientAddr: address, ClientPort: port, ServerAddr: server, ServerPort: 80},
		Action: clientgateway.ToReplica{ReplicaAddr: replica, ReplicaPort: 80},
	})
}

func (t translations) inbound(n int) (*p4v1.Update, error) {
	address, port := client(n)
	return t.program.Inbound.Insert(clientgateway.InboundEntry{
		Key:    clientgateway.InboundKey{ClientAddr: address, ClientPort: port, PeerAddr: replica, PeerPort: 80},
		Action: clientgateway.FromReplica{ServerAddr: server, ServerPort: 80},
	})
}

// BenchmarkInsert writes translations over gRPC on loopback TCP, one request after the other. One op is one entry.
func BenchmarkInsert(b *testing.B) {
	for _, batch := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) { insert(b, batch) })
	}
}

func insert(b *testing.B, batch int) {
	r := newRig(b, p4src.ClientGateway)
	t := newTranslations(b, r)
	b.ResetTimer()
	for from := 0; from < b.N; from += batch {
		// Making the messages is the controller's work, and part of the figure.
		n := min(batch, b.N-from)
		updates := make([]*p4v1.Update, n)
		for i := range updates {
			var err error
			updates[i], err = t.outbound((from + i) % connections)
			check(b, err)
		}
		if from > 0 && from%connections == 0 {
			b.StopTimer()
			check(b, r.session.Load(b.Context(), r.program)) // the table is full: begin again
			b.StartTimer()
		}
		check(b, r.session.Write(b.Context(), updates))
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}

// connections is one million, a multiple of every batch.
const connections = 1_000_000

// BenchmarkTranslationMemory installs one million connections' entries, outbound and inbound, and reports what they
// take of the heap.
func BenchmarkTranslationMemory(b *testing.B) {
	for range b.N {
		r := newRig(b, p4src.ClientGateway)
		t := newTranslations(b, r)
		empty := heap()
		const batch = 1000
		for from := 0; from < connections; from += batch {
			updates := make([]*p4v1.Update, 0, 2*batch)
			for n := from; n < from+batch; n++ {
				out, err := t.outbound(n)
				check(b, err)
				in, err := t.inbound(n)
				check(b, err)
				updates = append(updates, out, in)
			}
			check(b, r.session.Write(b.Context(), updates))
		}
		b.ReportMetric(float64(heap()-empty)/connections, "B/connection")
		for _, table := range []string{"outbound", "inbound"} {
			got := 0
			pipeline := r.sw.Pipeline()
			pipeline.Do(func() { got = pipeline.Table("ClientGateway.translation." + table).Len() })
			if got != connections {
				b.Errorf("%d entries in %s, want %d", got, table, connections)
			}
		}
	}
}

// heap is what is in use, garbage collected.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
