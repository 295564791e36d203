package pipeline

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/firstack/firstack/softswitch/pre"
)

// controlWords is how many words random controls work on; the last is a bit that tells whether a header is valid.
const controlWords = 5

// randomControl makes random comparisons, tests, calls and exits over a few words, each leading to later ones only.
func randomControl(r *rand.Rand) []*node {
	nodes := make([]*node, 1+r.IntN(40))
	for i := range nodes {
		nodes[i] = &node{name: fmt.Sprint(i)}
	}
	later := func(i int) *node {
		if j := i + 1 + r.IntN(6); j < len(nodes) {
			return nodes[j]
		}
		return nil
	}
	for i, n := range nodes {
		n.off, n.k, n.yes, n.no = 1+r.IntN(controlWords), r.Uint64N(4), later(i), later(i)
		switch off, k := n.off, n.k; r.IntN(6) {
		case 0:
			n.kind = nodeEqual
		case 1:
			n.kind = nodeUnequal
		case 2:
			n.kind, n.test = nodeTest, func(p *packet) bool { return p.w[off] > k }
			if r.IntN(2) == 0 {
				n.reads = []int{off}
			}
		default:
			a := &action{words: 1}
			for range r.IntN(5) {
				a.steps = append(a.steps, randomStep(r))
			}
			switch r.IntN(20) {
			case 0:
				a.exits = true
				a.steps = append(a.steps, step{do: func(p *packet) { p.exit = true }, e: nothing})
			case 1:
				a.exits = true
				a.jumps = []func(*packet) int{func(p *packet) int { p.exit = p.w[off] == k; return 1 }}
				a.steps = nil
			}
			a.ops = fuse(a.steps)
			plainNode(n, &call{action: a, args: []uint64{r.Uint64N(4)}}, later(i))
		}
	}
	return nodes
}

// randomStep makes a step, of any kind that assemblers treat apart.
func randomStep(r *rand.Rand) step {
	dst, src, k := 1+r.IntN(controlWords-1), 1+r.IntN(controlWords), r.Uint64N(4)
	valid := controlWords
	writes := effect{bounded: true, writes: []int{dst}}
	pure := effect{bounded: true, writes: []int{dst}, pure: true, reads: []int{src}}
	switch r.IntN(9) {
	case 0:
		return setTo(dst, k).step()
	case 1:
		return sum{dst: dst, terms: []term{{off: src, mask: 3}, {off: valid, mask: 1, left: 1}}[:1+r.IntN(2)], k: k, inv: r.Uint64N(2), mask: 3}.step()
	case 2:
		return step{do: func(p *packet) { p.w[dst] = (p.w[src] + k) & 3 }, e: pure}
	case 3:
		pure.args = true
		return step{do: func(p *packet) { p.w[dst] = (p.w[src] + p.args[0]) & 3 }, e: pure}
	case 4: // as a register: it may write or not
		return step{do: func(p *packet) {
			if p.w[src] == k {
				p.w[dst] = p.w[src] ^ 1
			}
		}, e: writes}
	case 5:
		return step{do: func(p *packet) { p.w[dst], p.w[valid] = p.w[src]&1, k&1 }} // nothing is said of it
	case 6:
		return step{do: func(p *packet) {
			if p.w[valid] == 0 {
				p.w[valid], p.w[dst] = 1, 0
			}
		}, e: effect{bounded: true, writes: []int{dst}, sets: []fact{{valid, 1}}, idle: fact{valid, 1}, zeroed: []int{dst}}}
	case 7:
		return step{do: func(p *packet) { p.w[valid] = 0 }, e: effect{bounded: true, sets: []fact{{valid, 0}}, idle: fact{valid, 0}}}
	default:
		writes.args = true
		return step{do: func(p *packet) { p.w[dst] ^= p.args[0] }, e: writes}
	}
}

// TestVersionsDoTheSame: whatever is known where a control begins, and however few versions there may be, its words end as
// the nodes leave them.
func TestVersionsDoTheSame(t *testing.T) {
	r := randomised(t)
	spared := 0
	for round := range 3000 {
		nodes := randomControl(r)
		k := &code{egress: nodes[0], order: []*header{{valid: controlWords}}, l: &layout{words: controlWords + 1, widths: []int{1, 64, 64, 64, 64, 1}}}
		k.ingressWords, k.egressWords = k.relevances()
		pl := &Pipeline{code: k}
		s := newSpecializer(pl, []int{maxVersions, 2 + r.IntN(12)}[round%2])
		for range 40 {
			w := []uint64{1, r.Uint64N(5), r.Uint64N(5), r.Uint64N(5), r.Uint64N(5), r.Uint64N(2)}
			f := unknown(len(w))
			for i, v := range w {
				if r.IntN(3) == 0 {
					f.set(i, v)
				}
			}
			a, b := &packet{pl: pl, w: slices.Clone(w)}, &packet{pl: pl, w: slices.Clone(w)}
			pl.apply(k.egress, a)
			end := s.follow(s.at(k.egressWords, k.egress, f), b)
			if !slices.Equal(a.w, b.w) {
				t.Fatalf("round %d: %v became %v, want %v (known: %v)", round, w, b.w, a.w, f.known)
			}
			if end.emitted != nil {
				spared++
				if valid := len(end.emitted) == 1; valid != (a.w[controlWords] == 1) {
					t.Fatalf("round %d: %v ends with %v, and the header is said to be valid: %v", round, w, a.w, valid)
				}
			}
		}
		if s.left < 0 {
			t.Fatalf("round %d: %d versions too many", round, -s.left)
		}
	}
	if spared == 0 {
		t.Error("never was it known which headers are valid")
	}
}

// TestVersionsAreProgramsToo: what leaves, and what is counted, does not depend on how many versions there may be, whatever
// is in the tables.
func TestVersionsAreProgramsToo(t *testing.T) {
	r := randomised(t)
	files, _ := filepath.Glob("testdata/*.json")
	own, _ := filepath.Glob("../../p4src/build/*.json")
	for _, file := range append(files, own...) {
		if filepath.Base(file) == "tiny.json" {
			continue // a program for its parts; it parses next to nothing
		}
		limits := []int{-1, 0, 1, 2, 3, 9}
		out := make([]string, len(limits))
		var pls []*Pipeline
		seed := r.Uint64()
		for i, limit := range limits {
			pl := New(load0(t, file), Env{
				PRE: somePRE(), Rand: func() uint64 { return 4 }, Versions: limit,
				Transmit: func(port uint32, f []byte) { out[i] += fmt.Sprintf("%d %x\n", port, f) },
				Digest:   func(d Digest) { out[i] += fmt.Sprintf("%s %x\n", d.Name, d.Fields) },
			})
			draw := rand.New(rand.NewPCG(seed, 0))
			pl.Do(func() { randomEntries(draw, pl) })
			pls = append(pls, pl)
		}
		for range 400 {
			f := randomFrame(r.Uint64)
			if r.IntN(2) == 0 {
				f = tcpFrame(r.IntN(3))
				for range r.IntN(4) {
					f[r.IntN(54)] ^= 1 << r.IntN(8)
				}
			}
			port := uint32(r.IntN(3))
			for i, pl := range pls {
				out[i] = ""
				pl.Process(port, f)
				if out[i] != out[0] || pl.Stats() != pls[0].Stats() {
					t.Fatalf("%s: port %d, frame %x:\n%s%+v\nwithout versions:\n%s%+v", file, port, f, out[i], pl.Stats(), out[0], pls[0].Stats())
				}
			}
		}
		for i, pl := range pls {
			if n := pl.Versions(); limits[i] > 0 && n > limits[i] || (n == 0) != (limits[i] < 0) {
				t.Errorf("%s: %d versions made, with a limit of %d", file, n, limits[i])
			}
			if got, want := contents(pl), contents(pls[0]); got != want {
				t.Fatalf("%s: with %d versions\n%s\nwithout:\n%s", file, limits[i], got, want)
			}
		}
	}
}

// randomEntries fills tables, some of them by defaults alone. Values are small, for packets to meet them.
func randomEntries(r *rand.Rand, pl *Pipeline) {
	small := func(width int) []byte {
		b := make([]byte, (width+7)/8)
		b[len(b)-1] = byte(r.IntN(4)) & byte(mask64(min(width, 8)))
		return b
	}
	for _, table := range pl.Tables() {
		if table.Const() || table.Profile() != nil || len(table.def.actions) == 0 {
			continue
		}
		call := func() Call {
			a := table.def.actions[r.IntN(len(table.def.actions))]
			c := Call{Action: a.name}
			for _, p := range a.params {
				c.Args = append(c.Args, small(p.width))
			}
			return c
		}
		if r.IntN(3) == 0 {
			c := call()
			_ = table.SetDefault(&c) // it may be constant
		}
		for range r.IntN(12) {
			e := Entry{Priority: int32(1 + r.IntN(5)), Action: call()}
			for _, k := range table.Keys() {
				f := Field{Present: k.Kind == Exact || r.IntN(2) == 0, Value: small(k.Width), PrefixLen: k.Width}
				switch k.Kind {
				case Range:
					f.Low, f.High = make([]byte, len(f.Value)), f.Value
				case Ternary:
					f.Mask = small(k.Width)
					for i := range f.Value {
						f.Value[i] &= f.Mask[i]
					}
					f.Present = f.Present && f.Mask[len(f.Mask)-1] != 0
				}
				e.Key = append(e.Key, f)
			}
			_ = table.Insert(e) // the key may be there already
		}
	}
}

// contents are an instance's counters and registers.
func contents(pl *Pipeline) string {
	var b strings.Builder
	for _, table := range pl.tables {
		fmt.Fprintln(&b, table.Name(), table.defltCount)
		var lines []string
		table.Range(func(e *Entry) bool {
			lines = append(lines, fmt.Sprint(e.Key, e.Priority, e.Packets, e.Bytes, e.LastHit))
			return true
		})
		slices.Sort(lines)
		fmt.Fprintln(&b, strings.Join(lines, "\n"))
	}
	for _, c := range pl.counters {
		fmt.Fprintln(&b, c.name, c.cells)
	}
	for _, x := range pl.registers {
		for i, v := range x.cells {
			if v != 0 {
				fmt.Fprintln(&b, x.name, i, v)
			}
		}
	}
	return b.String()
}

// TestVersionsKnowTheTarget: what the target itself writes between parser, ingress and egress is not taken for known.
func TestVersionsKnowTheTarget(t *testing.T) {
	for _, versions := range []int{-1, 0} {
		var got []string
		engine := pre.New()
		must(t, engine.SetGroup(9, []pre.Copy{{Port: 3, Instance: 1}, {Port: 4, Instance: 2}}))
		pl := newPipeline(t, "target", Env{PRE: engine, Versions: versions, Transmit: func(port uint32, f []byte) {
			got = append(got, fmt.Sprintf("%d:%x", port, f))
		}})
		pl.Do(func() {
			must(t, pl.Table("t").Insert(Entry{Key: exactly([]byte{1}), Action: Call{"many", nil}}))
			must(t, pl.Table("t").Insert(Entry{Key: exactly([]byte{2}), Action: Call{"one", nil}, Meter: &MeterConfig{}}))
		})
		// f1: the meter is red, f2: the checksum is wrong, f3: egress_port 3, f4: packet_length 10, f5: egress_rid 2, f6: a copy,
		// f7: egress_spec 3.
		for _, c := range []struct{ in, out string }{
			{"0300000000000000fcff", "3:0300000101000000fcff"},
			{"0300000000000000ffff", "3:0300010101000000ffff"},
			{"0300000000000000fcff00", "3:0300000100000000fcff00"},
			{"0200000000000000fdff", "3:0201000101000000fdff"},
			{"0100000000000000feff", "3:0100000101000100feff 4:0100000001010100feff"},
			{"0300000000000000fcff", "3:0300000101000000fcff"},
		} {
			got = nil
			in, err := hex.DecodeString(c.in)
			must(t, err)
			pl.Process(1, in)
			if out := strings.Join(got, " "); out != c.out {
				t.Errorf("%d versions: %s became %s, want %s", versions, c.in, out, c.out)
			}
		}
	}
}
