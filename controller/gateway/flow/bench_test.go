package flow

import (
	"runtime"
	"testing"
	"time"
)

// million fills a book as a controller does that comes to a switch with that many connections.
func million() *Book {
	const n = 1 << 20
	out, in := make([]OutboundEntry, 0, n), make([]InboundEntry, 0, n)
	for i := range uint32(n) {
		k := Key{Client: 10<<24 | i>>8, ClientPort: uint16(1024 + i&0xff), Server: 203<<24 | 80, ServerPort: 80}
		w := Winner{Addr: 198<<24 | 1, Port: 8080, Form: FormA}
		out = append(out, OutboundEntry{k, w})
		in = append(in, InboundEntry{Key: inboundKey(k, w), Form: FormA, Addr: k.Server, Port: k.ServerPort})
	}
	l := limits
	l.Capacity = n
	b := New(l)
	b.Adopt(out, in, false, 0)
	return b
}

// BenchmarkMillion says how much memory a million connections take, and how long adopting them does.
func BenchmarkMillion(b *testing.B) {
	var before, after runtime.MemStats
	for range b.N {
		runtime.GC()
		runtime.ReadMemStats(&before)
		book := million()
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(book.Len()), "B/connection")
	}
}

// BenchmarkLearn is one connection's way through the book: claimed, written, closed, looked at twice, removed.
func BenchmarkLearn(b *testing.B) {
	l := limits
	l.Capacity = 1 << 20
	book := New(l)
	w := Winner{Addr: 198<<24 | 1, Port: 8080, Form: FormA}
	done := make([]Outcome, 1000)
	now := time.Duration(0)
	work := func() {
		for ops := book.Flush(1000, now); len(ops) > 0; ops = book.Flush(1000, now) {
			book.Done(ops, done[:len(ops)], now)
		}
		book.Tick(now)
		for flows := book.Looks(500); len(flows) > 0; flows = book.Looks(500) {
			for _, f := range flows {
				book.Looked(f, Counts{OutFound: true, InFound: true}, now)
			}
		}
	}
	b.ReportAllocs()
	for i := range b.N {
		now += 10 * time.Microsecond
		k := Key{Client: 10<<24 | uint32(i>>16), ClientPort: uint16(i), Server: 203<<24 | 80, ServerPort: 80}
		e := Event{Key: k, Winner: w, ISN: 1, Flags: SYN, Tick: uint32(now / v1model.Tick), At: now}
		book.Claimed(e)
		e.Flags = RST
		book.Closing(e)
		if i%500 == 499 {
			work()
		}
	}
}
