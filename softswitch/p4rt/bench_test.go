package p4rt_test

import (
	"encoding/binary"
	"fmt"
	"net"
	"testing"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/softswitch"
)

// BenchmarkInsert inserts entries into an exact table with four key fields over loopback TCP, one
// request after the other. One op is one entry; the figure to compare is inserts/s.
func BenchmarkInsert(b *testing.B) {
	for _, batch := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) { benchmarkInsert(b, batch) })
	}
}

func benchmarkInsert(b *testing.B, batch int) {
	sw := softswitch.New(softswitch.Options{DeviceID: device, CPUPort: cpuPort})
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	srv := grpc.NewServer()
	sw.Register(srv)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(lis) }()
	conn, err := grpc.NewClient(lis.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { conn.Close(); sw.Close(); srv.Stop(); <-served }()
	r := &rig{t: b, id: 1, p: loadProgram(b, "kitchen"), sw: sw, conn: conn, P4RuntimeClient: p4v1.NewP4RuntimeClient(conn)}
	r.client(1, "")
	r.mustSet(verifyAndCommit, r.p, 1)

	const size = 1 << 20 // of the table
	req := r.request()
	for range batch {
		req.Updates = append(req.Updates, proto.Clone(r.update("insert", flow)).(*p4v1.Update))
	}
	n := uint32(0)
	b.ResetTimer()
	for done := 0; done < b.N; done += batch {
		if int(n)+batch > size {
			b.StopTimer()
			if err := sw.Load(r.p.json, r.p.info); err != nil {
				b.Fatal(err)
			}
			n = 0
			b.StartTimer()
		}
		for _, u := range req.Updates {
			key := u.GetEntity().GetTableEntry().GetMatch()
			v := make([]byte, 4)
			binary.BigEndian.PutUint32(v, 0x0a000000+n)
			key[0].GetExact().Value = v
			n++
		}
		if _, err := r.Write(b.Context(), req); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "inserts/s")
}

// BenchmarkReadAll reads a table of 100,000 entries over a connection in memory. One op is one
// table.
func BenchmarkReadAll(b *testing.B) {
	r, _ := ready(b, softswitch.Options{})
	const entries, batch = 100_000, 1000
	for n := uint32(0); n < entries; {
		req := r.request()
		for range batch {
			u := r.update("insert", flow)
			v := make([]byte, 4)
			binary.BigEndian.PutUint32(v, 0x0a000000+n)
			u.GetEntity().GetTableEntry().GetMatch()[0].GetExact().Value = v
			req.Updates = append(req.Updates, u)
			n++
		}
		if _, err := r.Write(b.Context(), req); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	for range b.N {
		got, err := r.read(`table_entry { table_id: $flows }`)
		if err != nil || len(got) != entries {
			b.Fatalf("%d entries, %v", len(got), err)
		}
	}
	b.ReportMetric(float64(entries)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}
