package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/firstack/firstack/softswitch/bmv2json"
)

// FuzzPacket sends any frame through every test program and the project's own:
// nothing may panic, and work is bounded.
func FuzzPacket(f *testing.F) {
	var pls []*Pipeline
	sent := 0
	files, _ := filepath.Glob("testdata/*.json")
	own, _ := filepath.Glob("../../p4src/build/*.json")
	for _, file := range append(files, own...) {
		pls = append(pls, New(load0(f, file), Env{
			PRE:      somePRE(),
			Now:      func() uint64 { return 5 },
			Transmit: func(uint32, []byte) { sent++ },
			Digest:   func(Digest) {},
		}))
	}
	pls = append(pls, translateRig(f, 10, Env{Transmit: func(uint32, []byte) { sent++ }}))
	f.Add(uint16(0), []byte{})
	f.Add(uint16(1), tcpFrame(3))
	f.Add(uint16(511), []byte{2, 0xc0, 1, 2, 3})
	f.Fuzz(func(t *testing.T, port uint16, frame []byte) {
		for _, pl := range pls {
			sent = 0
			before := string(frame)
			pl.Process(uint32(port), frame)
			if sent > MaxCopies {
				t.Errorf("%d frames left", sent)
			}
			if string(frame) != before {
				t.Error("the frame was changed")
			}
		}
	})
}

// FuzzProgram compiles and runs broken programs: a seed decides which test
// program is taken and how its JSON is changed (values deleted, exchanged,
// replaced by others of the document). It is refused, or it runs without panic.
func FuzzProgram(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.json")
	var docs [][]byte
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		docs = append(docs, data)
	}
	for seed := range uint64(400) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 7))
		var doc any
		if err := json.Unmarshal(docs[r.IntN(len(docs))], &doc); err != nil {
			t.Fatal(err)
		}
		mutate(r, doc)
		data, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		tryProgram(t, data)
	})
}

// tryProgram runs a document as far as it is accepted.
func tryProgram(t *testing.T, data []byte) {
	src, err := bmv2json.Parse(data)
	if err != nil {
		return
	}
	p, err := Compile(src)
	if err != nil {
		return
	}
	if footprint(src) > 1<<22 {
		return // it may ask for much, but not here
	}
	var left [2]string // with versions, without
	env := func(i int) Env {
		return Env{
			PRE: somePRE(), Rand: func() uint64 { return 4 }, Versions: -i,
			Digest:   func(d Digest) { left[i] += fmt.Sprintf("%s %x\n", d.Name, d.Fields) },
			Transmit: func(port uint32, f []byte) { left[i] += fmt.Sprintf("%d %x\n", port, f) },
		}
	}
	plain, nodes := New(p, env(0)), New(p, env(1))
	watched := Env{PRE: somePRE(), Tracer: &recorder{}, Strict: true}
	traced := New(p, watched)
	start := time.Now()
	next := rand.New(rand.NewPCG(uint64(len(data)), 3)).Uint64
	both := func(port uint32, f []byte) {
		left = [2]string{}
		plain.Process(port, f)
		nodes.Process(port, f)
		if left[0] != left[1] || plain.Stats() != nodes.Stats() {
			t.Errorf("port %d, frame %x:\n%s%+v\nwithout versions:\n%s%+v", port, f, left[0], plain.Stats(), left[1], nodes.Stats())
		}
	}
	for _, n := range []int{0, 1, 5, 40, 200} {
		both(1, make([]byte, n))
		f := randomFrame(next)
		both(2, f)
		traced.Process(2, f)
	}
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("the packets took %v", d)
	}
}

// mutate changes a few places of a decoded JSON document.
func mutate(r *rand.Rand, doc any) {
	type place struct {
		value any
		set   func(any)
	}
	var places []place
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, k := range slices.Sorted(maps.Keys(v)) {
				if k == "source_info" {
					continue
				}
				places = append(places, place{v[k], func(x any) {
					if x == nil && r.IntN(2) == 0 {
						delete(v, k)
						return
					}
					v[k] = x
				}})
				walk(v[k])
			}
		case []any:
			for i := range v {
				places = append(places, place{v[i], func(x any) { v[i] = x }})
				walk(v[i])
			}
		}
	}
	walk(doc)
	for range 1 + r.IntN(3) {
		p := places[r.IntN(len(places))]
		other := places[r.IntN(len(places))].value
		switch x := p.value.(type) {
		case float64:
			p.set([]any{x + 1, x - 1, float64(0), float64(1 << 20), -x}[r.IntN(5)])
		case string:
			for range 50 { // preferably another string: a name for a name
				if s, ok := other.(string); ok {
					p.set(s)
					break
				}
				other = places[r.IntN(len(places))].value
			}
		case bool:
			p.set(!x)
		default:
			if r.IntN(4) == 0 {
				other = nil
			}
			if contains(other, p.value) || contains(p.value, doc) {
				continue // no cycles
			}
			p.set(other)
		}
	}
}

// contains tells whether a value holds another, so that putting it there would
// make a cycle.
func contains(v, part any) bool {
	a, err := json.Marshal(v)
	if err != nil {
		return true
	}
	b, err := json.Marshal(part)
	return err != nil || len(b) > 2 && bytes.Contains(a, b)
}

// footprint is the number of words that New takes for arrays.
func footprint(p *bmv2json.Program) int {
	n := 0
	for _, r := range p.Registers {
		n += r.Size * ((r.Width + 63) / 64)
	}
	for _, c := range p.Counters {
		n += 2 * c.Size
	}
	for _, m := range p.Meters {
		n += m.Size
	}
	return n
}
