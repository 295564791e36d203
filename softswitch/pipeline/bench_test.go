package pipeline

import (
	"encoding/binary"
	"runtime"
	"testing"
	"time"
)

// be32 and be16 are arguments and key values.
func be32(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }
func be16(v uint16) []byte { return binary.BigEndian.AppendUint16(nil, v) }

func exactly(values ...[]byte) []Field {
	f := make([]Field, len(values))
	for i, v := range values {
		f[i] = Field{Value: v, Present: true}
	}
	return f
}

// translateRig runs testdata/translate.p4 with n translations, one service,
// 1,000 routes and a neighbour.
func translateRig(t testing.TB, n int, env Env) *Pipeline {
	pl := New(load0(t, "testdata/translate.json"), env)
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	pl.Do(func() {
		must(pl.Table("Ing.sides").Insert(Entry{Key: exactly(be16(1)), Action: Call{"Ing.set_side", [][]byte{{1}}}}))
		services := pl.Table("Ing.services")
		must(services.Insert(Entry{
			Key: []Field{{}, {Value: be16(443), Present: true}, {Value: []byte{6}, Present: true}}, Priority: 10,
			Action: Call{"Ing.set_kind", [][]byte{{1}}},
		}))
		routes := pl.Table("Ing.routes")
		for i := range uint32(1000) {
			must(routes.Insert(Entry{
				Key:    []Field{{Value: be32(10<<24 | i<<14), PrefixLen: 18 + int(i%7), Present: true}},
				Action: Call{"Ing.set_next_hop", [][]byte{be32(7), be16(2)}},
			}))
			if i == 0 {
				must(routes.Insert(Entry{Key: []Field{{}}, Action: Call{"Ing.set_next_hop", [][]byte{be32(7), be16(2)}}}))
			}
		}
		must(pl.Table("Eg.neighbors").Insert(Entry{Key: exactly(be32(7)), Action: Call{"Eg.set_macs", [][]byte{{1}, {2}}}}))
		translation := pl.Table("Ing.translation")
		for i := range n {
			must(translation.Insert(Entry{
				Key:         exactly(be32(client(i)), be32(0xc0000201), be16(clientPort(i)), be16(443)),
				Action:      Call{"Ing.translate", [][]byte{be32(0xc6336400 + uint32(i%200)), be16(8443)}},
				IdleTimeout: 300 * time.Second,
			}))
		}
	})
	return pl
}

func client(i int) uint32     { return 0x64400000 + uint32(i>>12) }
func clientPort(i int) uint16 { return 1024 + uint16(i&0xfff) }

// tcpFrame is a data segment of flow i to 192.0.2.1:443, with 60 bytes of
// payload.
func tcpFrame(i int) []byte {
	f := make([]byte, 14+20+20+60)
	f[12] = 8
	ip := f[14:]
	ip[0] = 0x45
	binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)))
	ip[8], ip[9] = 64, 6
	binary.BigEndian.PutUint32(ip[12:], client(i))
	binary.BigEndian.PutUint32(ip[16:], 0xc0000201)
	binary.BigEndian.PutUint16(ip[10:], uint16(csum16(ip[:20])))
	tcp := ip[20:]
	binary.BigEndian.PutUint16(tcp, clientPort(i))
	binary.BigEndian.PutUint16(tcp[2:], 443)
	tcp[12], tcp[13] = 0x50, 0x10
	binary.BigEndian.PutUint16(tcp[16:], tcpSum(ip[:20], tcp))
	return f
}

// tcpSum is the TCP checksum of a segment whose checksum field is zero.
func tcpSum(ip, tcp []byte) uint16 {
	pseudo := append([]byte{}, ip[12:20]...)
	pseudo = append(pseudo, 0, 6)
	pseudo = append(pseudo, be16(uint16(len(tcp)))...)
	return uint16(csum16(append(pseudo, tcp...)))
}

// BenchmarkTranslate sends data segments of many connections through the
// translated path; one op is one packet.
func BenchmarkTranslate(b *testing.B) {
	for _, n := range []int{1_000, 1_000_000} {
		b.Run(map[int]string{1_000: "flows=1k", 1_000_000: "flows=1M"}[n], func(b *testing.B) {
			start := time.Now()
			sent := 0
			pl := translateRig(b, n, Env{
				Now:      func() uint64 { return uint64(time.Since(start).Microseconds()) },
				Transmit: func(port uint32, _ []byte) { sent += int(port) / 2 },
			})
			frames := make([][]byte, 4096)
			for i := range frames {
				frames[i] = tcpFrame(i * 7919 % n)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				pl.Process(1, frames[i&4095])
			}
			if sent != b.N {
				b.Fatalf("%d of %d packets left", sent, b.N)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "packets/s")
		})
	}
}

// BenchmarkEntries measures the memory of a translation; one op fills a table
// with a million.
func BenchmarkEntries(b *testing.B) {
	var pl *Pipeline
	for b.Loop() {
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		pl = translateRig(b, 1_000_000, Env{})
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "bytes/entry")
	}
	runtime.KeepAlive(pl)
}

// BenchmarkLookup measures one table lookup with its action.
func BenchmarkLookup(b *testing.B) {
	for _, c := range []struct {
		name    string
		kinds   []string
		widths  []int
		entries int
	}{
		{"exact/1M", []string{"exact", "exact"}, []int{32, 32}, 1_000_000},
		{"lpm/12k", []string{"lpm"}, []int{32}, 12_000},
		{"ternary/50", []string{"ternary", "ternary"}, []int{32, 16}, 50},
		{"ternary/1k", []string{"ternary", "ternary"}, []int{32, 16}, 1_000},
	} {
		b.Run(c.name, func(b *testing.B) {
			g := newTableRig(b, c.kinds, c.widths, c.entries)
			for i := range c.entries {
				v := be32(uint32(i) * 2654435761)
				e := Entry{Action: Call{"set", [][]byte{{1}}}}
				switch c.kinds[0] {
				case "exact":
					e.Key = exactly(v, v)
				case "lpm":
					e.Key = []Field{{Value: v, PrefixLen: 15 + i%10, Present: true}}
				default: // 16 masks
					e.Key = []Field{{Value: v, Mask: be32(^uint32(0) << (i % 16)), Present: true}, {}}
					e.Priority = int32(1 + i)
				}
				if err := g.t.Insert(e); err != nil && c.kinds[0] != "lpm" {
					b.Fatal(err)
				}
			}
			p := g.pl.packet(&run{})
			at := g.pl.code.l.member(0, 0).off
			b.ReportAllocs()
			for i := uint32(0); b.Loop(); i++ {
				p.w[at] = uint64(uint32(int(i)*7919%c.entries) * 2654435761)
				if len(c.kinds) > 1 {
					p.w[at+1] = p.w[at]
				}
				g.t.run(p)
			}
		})
	}
}
