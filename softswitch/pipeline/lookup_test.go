package pipeline

import (
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/firstack/firstack/softswitch/bmv2json"
)

// tableRig is one table over a metadata header, with an action that takes a
// number and writes it where the test can read it.
type tableRig struct {
	pl    *Pipeline
	t     *Table
	kinds []string
	width []int
}

func newTableRig(t testing.TB, kinds []string, widths []int, size int) *tableRig {
	typ := &bmv2json.HeaderType{Name: "m", VarBit: -1}
	for i, w := range widths {
		typ.Fields = append(typ.Fields, bmv2json.Field{Name: fmt.Sprintf("f%d", i), Width: w})
	}
	typ.Fields = append(typ.Fields, bmv2json.Field{Name: "out", Width: 32})
	h := &bmv2json.Header{Name: "m", Type: typ, Metadata: true, Index: 0}
	std := &bmv2json.HeaderType{Name: "s", VarBit: -1}
	for _, f := range []string{"ingress_port", "egress_spec", "egress_port", "instance_type", "packet_length"} {
		std.Fields = append(std.Fields, bmv2json.Field{Name: f, Width: 32})
	}
	sh := &bmv2json.Header{Name: "standard_metadata", Type: std, Metadata: true, Index: 1}
	set := &bmv2json.Action{Name: "set", Params: []bmv2json.ActionParam{{Name: "v", Width: 32}}, Primitives: []bmv2json.Primitive{{
		Op: "assign", Params: []bmv2json.Param{
			{Expr: &bmv2json.Expr{Kind: bmv2json.KField, Field: bmv2json.FieldRef{Header: h, Field: len(widths)}}},
			{Expr: &bmv2json.Expr{Kind: bmv2json.KLocal}},
		},
	}}}
	tbl := &bmv2json.Table{Name: "t", Match: "exact", Size: size, Actions: []*bmv2json.Action{set}, Next: []*bmv2json.Node{nil}, Counters: true, Timeout: true}
	rank := map[string]int{"exact": 0, "lpm": 1, "ternary": 2, "range": 3}
	for i, k := range kinds {
		tbl.Key = append(tbl.Key, bmv2json.Key{Name: typ.Fields[i].Name, Match: k, Target: bmv2json.FieldRef{Header: h, Field: i}})
		if rank[k] > rank[tbl.Match] {
			tbl.Match = k
		}
	}
	tbl.Default = &bmv2json.Call{Action: set, Args: []*big.Int{big.NewInt(0)}}
	n := &bmv2json.Node{Name: "t", Table: tbl}
	src := &bmv2json.Program{
		Headers: []*bmv2json.Header{h, sh}, Actions: []*bmv2json.Action{set},
		Parsers: []*bmv2json.Parser{{Name: "parser"}}, Deparsers: []*bmv2json.Deparser{{Name: "deparser"}},
		Controls: []*bmv2json.Control{{Name: "ingress", Init: n, Nodes: []*bmv2json.Node{n}, Tables: []*bmv2json.Table{tbl}}, {Name: "egress"}},
	}
	p, err := Compile(src)
	if err != nil {
		t.Fatal(err)
	}
	g := &tableRig{pl: New(p, Env{}), kinds: kinds, width: widths}
	g.t = g.pl.Table("t")
	return g
}

// lookup applies the table to a key and gives what the action wrote.
func (g *tableRig) lookup(key []*big.Int) uint64 {
	p := g.pl.packet(&run{})
	for i, v := range key {
		s := g.pl.code.l.member(0, i)
		copy(p.w[s.off:s.off+s.words], toWords(v, s.words))
	}
	g.t.run(p)
	return p.w[g.pl.code.l.member(0, len(key)).off]
}

// refEntry is an entry of the reference: a list that is searched one by one.
type refEntry struct {
	value, mask, low, high []*big.Int
	prio                   int64
	id                     uint64
}

func (e *refEntry) match(key []*big.Int) bool {
	for i, v := range key {
		if new(big.Int).And(v, e.mask[i]).Cmp(e.value[i]) != 0 || v.Cmp(e.low[i]) < 0 || v.Cmp(e.high[i]) > 0 {
			return false
		}
	}
	return true
}

// randomEntry makes an entry and its reference from few distinct values, so
// that entries overlap.
func (g *tableRig) randomEntry(r *rand.Rand, id uint64) (Entry, refEntry) {
	e := Entry{Key: make([]Field, len(g.kinds)), Action: Call{"set", [][]byte{big.NewInt(int64(id)).Bytes()}}}
	var ref refEntry
	ref.id = id
	priority := false
	for i, k := range g.kinds {
		_, ones := unsignedRange(g.width[i])
		v := smallish(r, g.width[i])
		mask, low, high := ones, big0, ones
		f := &e.Key[i]
		f.Present = true
		switch k {
		case "exact":
			f.Value = v.Bytes()
		case "lpm":
			n := r.IntN(g.width[i] + 1)
			mask = new(big.Int).AndNot(ones, new(big.Int).Rsh(ones, uint(n)))
			f.Value, f.PrefixLen, f.Present = v.Bytes(), n, n > 0 || r.IntN(2) == 0
			ref.prio = int64(n)
		case "ternary":
			priority = true
			switch r.IntN(3) {
			case 0:
				mask = big0
				f.Present = r.IntN(2) == 0
				f.Value, f.Mask = v.Bytes(), []byte{}
			case 1:
				f.Value = v.Bytes() // optional: no mask
			default:
				mask = smallish(r, g.width[i])
				f.Value, f.Mask = v.Bytes(), mask.Bytes()
				if mask.Sign() == 0 {
					f.Mask = []byte{0}
				}
			}
		case "range":
			priority = true
			mask = big0
			if r.IntN(4) == 0 {
				f.Present = false
				break
			}
			low, high = v, smallish(r, g.width[i])
			if low.Cmp(high) > 0 {
				low, high = high, low
			}
			f.Low, f.High = low.Bytes(), high.Bytes()
		}
		ref.value = append(ref.value, new(big.Int).And(v, mask))
		ref.mask = append(ref.mask, mask)
		ref.low, ref.high = append(ref.low, low), append(ref.high, high)
	}
	if priority {
		e.Priority = 1 + int32(r.IntN(1000))
		ref.prio = int64(e.Priority)
	}
	return e, ref
}

func smallish(r *rand.Rand, width int) *big.Int {
	v := big.NewInt(int64(r.IntN(1 << min(width, 4))))
	if r.IntN(2) == 0 {
		v.Lsh(v, uint(max(0, width-4)))
	}
	if r.IntN(4) == 0 && width > 64 {
		v.Or(v, new(big.Int).Lsh(big1, 64))
	}
	return v
}

// TestLookup compares tables of all kinds with a list that is searched one by
// one, while entries come and go.
func TestLookup(t *testing.T) {
	for _, c := range []struct {
		kinds  []string
		widths []int
	}{
		{[]string{"exact"}, []int{9}},
		{[]string{"exact"}, []int{64}},
		{[]string{"exact", "exact", "exact", "exact"}, []int{32, 32, 16, 16}},
		{[]string{"exact", "exact", "exact"}, []int{128, 3, 128}},
		{[]string{"lpm"}, []int{32}},
		{[]string{"lpm", "exact"}, []int{128, 9}},
		{[]string{"ternary"}, []int{8}},
		{[]string{"ternary", "exact", "ternary"}, []int{32, 7, 61}},
		{[]string{"ternary", "ternary"}, []int{128, 65}},
		{[]string{"ternary", "lpm"}, []int{16, 32}},
		{[]string{"range"}, []int{16}},
		{[]string{"range", "exact", "range", "ternary"}, []int{16, 8, 100, 33}},
	} {
		for _, size := range []int{20, 400} {
			t.Run(fmt.Sprintf("%v %v %d", c.kinds, c.widths, size), func(t *testing.T) {
				r := randomised(t)
				churn(t, r, newTableRig(t, c.kinds, c.widths, size), size)
			})
		}
	}
}

func churn(t *testing.T, r *rand.Rand, g *tableRig, size int) {
	var refs []refEntry
	var keys []Key
	id := uint64(0)
	for step := range 6 * size {
		switch {
		case len(refs) > 0 && r.IntN(3) == 0: // delete
			i := r.IntN(len(refs))
			if err := g.t.Delete(keys[i]); err != nil {
				t.Fatal(err)
			}
			refs = append(refs[:i], refs[i+1:]...)
			keys = append(keys[:i], keys[i+1:]...)
		case len(refs) > 0 && r.IntN(6) == 0: // modify
			i := r.IntN(len(refs))
			id++
			refs[i].id = id
			if err := g.t.Modify(Entry{Key: keys[i].Fields, Priority: keys[i].Priority, Action: Call{"set", [][]byte{big.NewInt(int64(id)).Bytes()}}}); err != nil {
				t.Fatal(err)
			}
		default:
			id++
			e, ref := g.randomEntry(r, id)
			err := g.t.Insert(e)
			switch {
			case errors.Is(err, ErrExists):
				if _, ok := g.t.Get(e.KeyOf()); !ok {
					t.Fatalf("%v, but it is not there", err)
				}
			case errors.Is(err, ErrFull) && len(refs) == size:
			case err != nil:
				t.Fatal(err)
			default:
				refs, keys = append(refs, ref), append(keys, e.KeyOf())
			}
		}
		if g.t.Len() != len(refs) {
			t.Fatalf("step %d: Len %d, want %d", step, g.t.Len(), len(refs))
		}
		for range 4 {
			probeOne(t, r, g, refs)
		}
	}
	checkRange(t, g, keys)
}

// probeOne looks up one key, mostly one that some entry matches.
func probeOne(t *testing.T, r *rand.Rand, g *tableRig, refs []refEntry) {
	key := make([]*big.Int, len(g.kinds))
	for i := range key {
		key[i] = smallish(r, g.width[i])
		if len(refs) > 0 && r.IntN(3) > 0 {
			e := &refs[r.IntN(len(refs))]
			key[i] = new(big.Int).Or(e.value[i], new(big.Int).AndNot(key[i], e.mask[i]))
		}
	}
	best := int64(-1)
	want := map[uint64]bool{}
	for i := range refs {
		if e := &refs[i]; e.match(key) && e.prio >= best {
			if e.prio > best {
				clear(want)
			}
			best = e.prio
			want[e.id] = true
		}
	}
	got := g.lookup(key)
	if len(want) == 0 && got == 0 || want[got] {
		return
	}
	t.Fatalf("key %x: got entry %d, want one of %v", key, got, want)
}

// checkRange: every entry is visited once, and reads back as it was written.
func checkRange(t *testing.T, g *tableRig, keys []Key) {
	n := 0
	g.t.Range(func(e *Entry) bool {
		n++
		again, ok := g.t.Get(e.KeyOf())
		if !ok || again.Priority != e.Priority {
			t.Fatalf("entry %s is not found under its own key", g.t.def.String(&Key{Fields: e.Key, Priority: e.Priority}))
		}
		return true
	})
	if n != len(keys) {
		t.Fatalf("Range visited %d entries of %d", n, len(keys))
	}
	g.t.Clear()
	if g.t.Len() != 0 {
		t.Fatal("Clear left entries")
	}
}

// TestExactGrowth fills a table far beyond its first chunk, empties it and
// fills it again.
func TestExactGrowth(t *testing.T) {
	const n = 20_000
	g := newTableRig(t, []string{"exact", "exact"}, []int{32, 32}, n)
	entry := func(i int) Entry {
		k := big.NewInt(int64(i)).Bytes()
		return Entry{Key: []Field{{Value: k, Present: true}, {Value: k, Present: true}}, Action: Call{"set", [][]byte{big.NewInt(int64(i + 1)).Bytes()}}}
	}
	for round := range 2 {
		for i := range n {
			if err := g.t.Insert(entry(i)); err != nil {
				t.Fatal(err)
			}
		}
		for i := range n {
			v := big.NewInt(int64(i))
			if got := g.lookup([]*big.Int{v, v}); got != uint64(i+1) {
				t.Fatalf("round %d: key %d: got %d", round, i, got)
			}
		}
		for i := range n {
			e := entry(i)
			if err := g.t.Delete(e.KeyOf()); err != nil {
				t.Fatal(err)
			}
		}
		if g.t.recs.high > n {
			t.Fatalf("%d records for %d entries: removed ones are not used again", g.t.recs.high, n)
		}
	}
}
