package pipeline

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/firstack/firstack/softswitch/pre"
)

// TestExpired: an idle entry is reported once, and again after a hit.
func TestExpired(t *testing.T) {
	now := uint64(0)
	pl := newPipeline(t, "match", Env{Now: func() uint64 { return now }})
	tbl := pl.Table("Ing.prefixes")
	field := func(n int) []Field {
		return []Field{{Value: be32(0), PrefixLen: n, Present: true}, {Value: []byte{1}, Present: true}}
	}
	pl.Do(func() {
		must(t, tbl.Insert(Entry{Key: field(8), Action: setCall(1), IdleTimeout: time.Second, Metadata: []byte{8}}))
		must(t, tbl.Insert(Entry{Key: field(16), Action: setCall(2), IdleTimeout: 3 * time.Second, Metadata: []byte{16}}))
		must(t, tbl.Insert(Entry{Key: field(24), Action: setCall(3), Metadata: []byte{24}}))
	})
	scan := func() (got []byte) {
		pl.Expired(func(x *Table, e *Entry) {
			if x != tbl {
				t.Errorf("table %s", x.Name())
			}
			got = append(got, e.Metadata[0])
		})
		slices.Sort(got)
		return got
	}
	expect := func(at uint64, want ...byte) {
		t.Helper()
		now = at
		if got := scan(); !bytes.Equal(got, want) {
			t.Errorf("at %d: %v, want %v", at, got, want)
		}
	}
	expect(999_999)
	expect(1_000_000, 8)
	expect(2_500_000)
	now = 2_900_000
	pl.Process(0, append(append([]byte{2, 1, 0, 0}, 0, 1), make([]byte, 15)...)) // hits the /8
	expect(3_000_000, 16)
	expect(3_899_999)
	expect(3_900_000, 8)
	expect(9_000_000)
}

// TestExpiredLarge: tables beyond one scan are looked at in turns, without
// losing entries.
func TestExpiredLarge(t *testing.T) {
	now := uint64(0)
	pl := translateRig(t, idleScan+idleSlice*3+17, Env{Now: func() uint64 { return now }})
	now = 301_000_000
	seen := 0
	for calls := 0; seen < pl.Table("Ing.translation").Len(); calls++ {
		if calls > 3 {
			t.Fatalf("%d of %d entries reported after %d calls", seen, pl.Table("Ing.translation").Len(), calls)
		}
		pl.Expired(func(*Table, *Entry) { seen++ })
	}
	pl.Expired(func(*Table, *Entry) { t.Fatal("reported twice") })
}

// recorder writes down events.
type recorder struct{ lines []string }

func (r *recorder) Trace(e *Event) {
	v := func(x Value) string { return hex.EncodeToString(x.Bytes) }
	list := func(xs []Value) (s string) {
		for _, x := range xs {
			s += " " + v(x)
		}
		return s
	}
	var s string
	switch e.Kind {
	case EventReceive:
		s = fmt.Sprintf("receive port %d", e.Port)
	case EventState:
		s = "state " + e.Name
	case EventExtract:
		s = "extract " + e.Name
	case EventTable:
		s = fmt.Sprintf("table %s key%s hit %v const %v: %s%s", e.Name, list(e.Key), e.Hit, e.Const, e.Action, list(e.Args))
	case EventField:
		s = fmt.Sprintf("field %s %s -> %s", e.Name, v(e.Old), v(e.Value))
	case EventValid:
		s = fmt.Sprintf("valid %s %v", e.Name, e.Hit)
	case EventRegister:
		s = fmt.Sprintf("register %s[%d] write %v %s", e.Name, e.Index, e.Write, v(e.Value))
	case EventTransmit:
		s = fmt.Sprintf("transmit port %d %x", e.Port, e.Frame)
	case EventDrop:
		s = "drop " + e.Name
	case EventStrict:
		s = "strict " + e.Name
	default:
		return
	}
	r.lines = append(r.lines, s)
}

// TestTrace follows one packet.
func TestTrace(t *testing.T) {
	r := &recorder{}
	pl := newPipeline(t, "match", Env{Tracer: r})
	pl.Process(3, frameOf(7, 2, 0))
	got := strings.Join(r.lines, "\n")
	for _, want := range []string{
		"receive port 3", "state start", "extract k",
		"table Ing.fixed_exact key 02 hit true const true: Ing.set 22", "field k.res 00 -> 22",
		"transmit port 1 0702",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	r.lines = nil
	pl = newPipeline(t, "externs", Env{Tracer: r})
	pl.Process(0, []byte{1, 3, 0xbe, 0xef})
	if got := strings.Join(r.lines, "\n"); !strings.Contains(got, "register Ing.cells[3] write true beef") {
		t.Errorf("no register in\n%s", got)
	}
}

// TestTracedIsTheSame: what leaves does not depend on who listens.
func TestTracedIsTheSame(t *testing.T) {
	r := randomised(t)
	for _, prog := range []string{"parse", "actions", "traffic", "externs", "match"} {
		var out [2]string
		var pls [2]*Pipeline
		for i := range pls {
			env := Env{Transmit: func(port uint32, f []byte) { out[i] += fmt.Sprintf("%d %x\n", port, f) }, PRE: somePRE(), Rand: func() uint64 { return 4 }}
			if i == 1 {
				env.Tracer, env.Strict = &recorder{}, true
			}
			pls[i] = newPipeline(t, prog, env)
		}
		for range 300 {
			f := randomFrame(r.Uint64)
			pls[0].Process(1, f)
			pls[1].Process(1, f)
			if out[0] != out[1] {
				t.Fatalf("%s: frame %x:\n%s\ntraced:\n%s", prog, f, out[0], out[1])
			}
			out[0], out[1] = "", ""
		}
	}
}

func somePRE() *pre.Engine {
	e := pre.New()
	_ = e.SetGroup(9, []pre.Copy{{Port: 2, Instance: 1}, {Port: 3, Instance: 2}})
	_ = e.SetClone(5, pre.Session{Copies: []pre.Copy{{Port: 7}}, Truncate: 5})
	_ = e.SetClone(6, pre.Session{Copies: []pre.Copy{{Port: 7}, {Port: 8}}})
	return e
}

func randomFrame(next func() uint64) []byte {
	f := make([]byte, next()%60)
	for i := range f {
		f[i] = byte(next())
	}
	if len(f) > 0 && next()%4 > 0 {
		f[0] %= 0x60
	}
	return f
}

// TestStrict: strict mode speaks of reads of invalid headers and of packets
// that nobody sent anywhere.
func TestStrict(t *testing.T) {
	r := &recorder{}
	pl := newPipeline(t, "translate", Env{Tracer: r, Strict: true})
	pl.Process(1, tcpFrame(0))
	if got := strings.Join(r.lines, "\n"); strings.Contains(got, "strict") {
		t.Errorf("a good packet:\n%s", got)
	}
	r.lines = nil
	f := tcpFrame(0)
	f[12] = 0x86 // no IPv4: the ttl is read only behind the validity check
	pl.Process(1, f)
	if got := strings.Join(r.lines, "\n"); strings.Contains(got, "strict read") {
		t.Errorf("short circuit does not hold:\n%s", got)
	}
	r.lines = nil
	pl = newPipeline(t, "strict", Env{Tracer: r, Strict: true})
	pl.Process(1, []byte{1})
	got := strings.Join(r.lines, "\n")
	for _, want := range []string{"strict read of b.v while its header is invalid", "strict egress_spec was never set"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// TestNoAllocations: a warm instance allocates nothing, whatever the path.
func TestNoAllocations(t *testing.T) {
	frames := map[string][][]byte{
		"translate": {tcpFrame(1), tcpFrame(99999)},
		"traffic":   {{1, 0, 0, 0, 9}, {4, 0, 0, 0}, {8, 0, 0, 0}, {9, 0, 0, 0}, {10, 0, 0, 0}, {15, 0, 0, 0}},
		"actions":   {append([]byte{0x10, 0, 0, 0}, make([]byte, 33)...), append([]byte{0x14, 0, 0, 0}, make([]byte, 33)...), {0x20, 0, 0, 0, 2, 1, 2}},
		"externs":   {{0x10, 1, 2, 3}, {4, 1, 2, 3}, append([]byte{0x50, 0, 0, 0}, make([]byte, 20)...)},
		"parse":     {{1, 0, 0, 1, 1}, {2, 0x30, 1, 2, 3, 4}, {7, 1, 2}},
	}
	for prog, fs := range frames {
		env := Env{PRE: somePRE(), Transmit: func(uint32, []byte) {}, Digest: func(Digest) {}, Now: func() uint64 { return 1 }}
		pl := newPipeline(t, prog, env)
		if prog == "translate" {
			pl = translateRig(t, 100, env)
		}
		for i, f := range fs {
			pl.Process(1, f)
			if n := testing.AllocsPerRun(50, func() { pl.Process(1, f) }); n > 0 {
				t.Errorf("%s frame %d: %v allocations", prog, i, n)
			}
		}
	}
}

// TestConcurrent: packets from several goroutines, entries that come and go,
// idle scans and readers, under the race detector.
func TestConcurrent(t *testing.T) {
	var mu sync.Mutex
	sent := 0
	var clock uint64
	pl := translateRig(t, 500, Env{
		Now: func() uint64 { clock++; return clock }, // under the instance's lock
		Transmit: func(uint32, []byte) {
			mu.Lock()
			sent++
			mu.Unlock()
		},
	})
	tbl := pl.Table("Ing.translation")
	var wg sync.WaitGroup
	const workers, each = 4, 400
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				pl.Process(1, tcpFrame(i*workers+w))
			}
		})
	}
	wg.Go(func() {
		for i := range 300 {
			pl.Do(func() {
				e := Entry{Key: exactly(be32(client(i)), be32(0xc0000201), be16(clientPort(i)), be16(443))}
				must(t, tbl.Delete(e.KeyOf()))
				e.Action = Call{"Ing.translate", [][]byte{be32(1), be16(2)}}
				must(t, tbl.Insert(e))
			})
			pl.Stats()
		}
	})
	wg.Go(func() {
		for range 20 {
			pl.Expired(func(*Table, *Entry) {})
		}
	})
	wg.Wait()
	if s := pl.Stats(); s.Received != workers*each || s.Transmitted != uint64(sent) || sent != workers*each {
		t.Errorf("%d sent, %+v", sent, s)
	}
}

// passes counts the passes through ingress.
type passes int

func (n *passes) Trace(e *Event) {
	if e.Kind == EventReceive {
		*n++
	}
}

// TestBounded: a packet that resubmits itself for ever is given up.
func TestBounded(t *testing.T) {
	var n passes
	pl := newPipeline(t, "traffic", Env{Tracer: &n})
	pl.Process(0, []byte{12, 0, 0, 0})
	if s := pl.Stats(); n != MaxPasses || s.Overworked != 1 {
		t.Errorf("%d passes, %+v", n, s)
	}
}

// TestTransmitMayProcess: a frame may be given back from within Transmit, as
// when two ports are wired together.
func TestTransmitMayProcess(t *testing.T) {
	var pl *Pipeline
	rounds := 0
	pl = newPipeline(t, "match", Env{Transmit: func(_ uint32, f []byte) {
		if rounds++; rounds < 5 {
			pl.Process(1, f)
		}
	}})
	pl.Process(1, frameOf(0, 0, 0))
	if rounds != 5 {
		t.Errorf("%d rounds", rounds)
	}
}

// TestTranslatedChecksums: what translate.p4 rewrites has right checksums, and
// a wrong one stays wrong.
func TestTranslatedChecksums(t *testing.T) {
	var out []byte
	pl := translateRig(t, 1000, Env{Transmit: func(_ uint32, f []byte) { out = bytes.Clone(f) }})
	for i := range 1000 {
		pl.Process(1, tcpFrame(i))
		ip := out[14:34]
		if csum16(ip) != 0 {
			t.Fatalf("flow %d: IP checksum wrong: %x", i, ip)
		}
		if tcpSum(ip, out[34:]) != 0 {
			t.Fatalf("flow %d: TCP checksum wrong: %x", i, out)
		}
	}
	f := tcpFrame(5)
	f[60] ^= 1
	pl.Process(1, f)
	if tcpSum(out[14:34], out[34:]) == 0 {
		t.Error("a wrong checksum was made right")
	}
}
