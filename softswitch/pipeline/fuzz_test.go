package pipeline

import (
	"os"
	"path/filepath"
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

// FuzzProgram compiles and runs any BMv2 JSON: it is refused, or it runs
// without panic.
func FuzzProgram(f *testing.F) {
	for _, file := range []string{"testdata/strict.json", "testdata/match.json", "testdata/parse.json"} {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
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
		pl := New(p, Env{PRE: somePRE(), Digest: func(Digest) {}})
		start := time.Now()
		for _, n := range []int{0, 1, 5, 40, 200} {
			pl.Process(1, make([]byte, n))
		}
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("five packets took %v", d)
		}
	})
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
