package differential

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/tests/packet"
	"github.com/firstack/firstack/tests/vector"
	"github.com/firstack/firstack/tests/vector/embedded"
)

// forms are how many versions of its code each of the embedded switches may make: none, so that packets go through the
// program as it was compiled first; few, so that they do when those are used up; as many as it likes.
var forms = []int{-1, 60, 0}

// TestForms gives embedded switches that carry out a program in different ways the same, and demands the same of all:
// frames, packet-ins, digests, entries, counters, registers.
func TestForms(t *testing.T) {
	t.Logf("seed %d", *seed)
	const rounds = 3 // of each program
	packets, frames, usedUp, more := 0, 0, 0, 0
	for round := range rounds * len(p4src.Programs) {
		program := string(p4src.Programs[round%len(p4src.Programs)])
		t.Run(fmt.Sprintf("%s/%d", program, round), func(t *testing.T) {
			switches, err := compareForms(t, program, round)
			if err != nil {
				t.Fatalf("-seed %d: %v", *seed, err)
			}
			for i, p := range switches {
				packets, frames = packets+p.packets, frames+p.frames
				switch made := p.ours.Pipeline().Versions(); {
				case forms[i] < 0 && made > 0, forms[i] > 0 && made > forms[i]:
					t.Errorf("%d versions made, with %d", made, forms[i])
				case made == forms[i]:
					usedUp++
				case made > slices.Max(forms):
					more++
				}
			}
		})
	}
	if frames*3 < packets {
		t.Errorf("%d packets made %d frames leave: most of what they should show does not show", packets, frames)
	}
	if usedUp == 0 || more == 0 {
		t.Errorf("in %d rounds versions did not suffice, in %d more were made: both ways are to be taken", usedUp, more)
	}
}

func compareForms(t *testing.T, name string, round int) (switches []*pair, err error) {
	ctx := t.Context()
	program, err := vector.LoadProgram(name)
	if err != nil {
		return switches, err
	}
	for _, versions := range forms {
		target, err := embedded.StartVersions(ctx, versions)
		if err != nil {
			return switches, err
		}
		p := &pair{program: program, ours: target}
		t.Cleanup(func() {
			if err := p.close(); err != nil {
				t.Error(err)
			}
		})
		if err := target.Load(ctx, program); err != nil {
			return switches, err
		}
		switches = append(switches, p)
	}
	r := rand.New(rand.NewPCG(*seed, uint64(1000+round)))
	tr, g, base, err := draw(r, program)
	if err != nil {
		return switches, err
	}
	written := g.initial()
	write := func(updates []*p4v1.Update) (err error) {
		for _, p := range switches {
			err = errors.Join(err, p.write(ctx, updates))
		}
		return err
	}
	if err := errors.Join(write(base), write(written)); err != nil {
		return switches, err
	}
	for switches[0].packets < perRound {
		if chance(r, 8) {
			if err := write(g.change(written)); err != nil {
				return switches, err
			}
		}
		if chance(r, 12) {
			out := g.packetOut(tr.next().frame)
			for _, p := range switches {
				if err := p.packetOut(ctx, out); err != nil {
					return switches, err
				}
			}
		}
		one := tr.next()
		var left []string
		for _, p := range switches {
			p.packets++
			p.clock += tick
			if err := errors.Join(p.ours.Advance(p.clock), p.ours.Send(one.port, one.frame)); err != nil {
				return switches, err
			}
			frames := p.ours.Frames()
			p.frames += len(frames)
			left = append(left, frameTexts(frames))
		}
		for i := range left {
			if left[i] != left[0] {
				return switches, fmt.Errorf("packet %d at port %d: %s\n%x\n%d versions:\n%s%d versions:\n%s",
					switches[0].packets, one.port, one.text, one.frame, forms[0], left[0], forms[i], left[i])
			}
		}
	}
	var states []string
	for _, p := range switches {
		state, err := p.state(t)
		if err != nil {
			return switches, err
		}
		states = append(states, state)
	}
	for i, s := range states {
		if s != states[0] {
			return switches, fmt.Errorf("with %d versions the state differs from that with %d:\n%s", forms[i], forms[0], firstDifference(s, states[0]))
		}
	}
	return switches, nil
}

func frameTexts(frames []vector.Frame) string {
	var b strings.Builder
	for _, f := range frames {
		fmt.Fprintf(&b, "port %d %s %x\n", f.Port, packet.Decode(f.Bytes), f.Bytes)
	}
	return b.String()
}

// state is what a switch has told its controller, and all that can be read.
func (p *pair) state(t *testing.T) (string, error) {
	events, err := p.ours.Control(t.Context())
	if err != nil {
		return "", err
	}
	p.keep(events)
	var b strings.Builder
	for _, in := range p.ourIns {
		fmt.Fprintf(&b, "packet-in %x %s\n", in.Payload, metadata(in))
	}
	for _, m := range p.messages(p.ourTold) {
		fmt.Fprintln(&b, m)
	}
	var queries []*p4v1.Entity
	for _, x := range p.program.Info.Tables {
		queries = append(queries, &p4v1.Entity{Entity: &p4v1.Entity_TableEntry{TableEntry: &p4v1.TableEntry{
			TableId: x.Preamble.Id, CounterData: &p4v1.CounterData{},
		}}})
	}
	for _, x := range p.program.Info.Counters {
		queries = append(queries, &p4v1.Entity{Entity: &p4v1.Entity_CounterEntry{CounterEntry: &p4v1.CounterEntry{CounterId: x.Preamble.Id}}})
	}
	for _, q := range queries {
		read, err := p.ours.Read(t.Context(), q)
		if err != nil {
			return "", fmt.Errorf("%v: %w", q, err)
		}
		var lines []string
		for _, e := range read {
			for key, text := range entityTexts([]*p4v1.Entity{e}) {
				lines = append(lines, strings.TrimSpace(key+" "+text))
			}
		}
		slices.Sort(lines)
		for _, l := range lines {
			fmt.Fprintln(&b, l)
		}
	}
	// Not over P4Runtime, for there are very many.
	pl := p.ours.Pipeline()
	pl.Do(func() {
		for _, x := range p.program.Info.Registers {
			r := pl.Register(x.Preamble.Name)
			zero := make([]byte, (r.Width()+7)/8)
			for i := range r.Size() {
				if v, _ := r.Read(i); !bytes.Equal(v, zero) {
					fmt.Fprintf(&b, "%s[%d] %x\n", r.Name(), i, v)
				}
			}
		}
	})
	return b.String(), nil
}

// firstDifference gives the first lines that differ.
func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return x[i] + "\n" + y[i]
		}
	}
	return fmt.Sprintf("%d and %d lines", len(x), len(y))
}
