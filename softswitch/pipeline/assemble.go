package pipeline

import "slices"

// assembler makes one version.
type assembler struct {
	s     *specializer
	v     *version
	f     *facts // behind the steps
	steps []step

	args      []uint64 // of the action being taken in
	argsKnown bool
	argsSet   bool // they are in packet.args when the steps run
	leaves    bool // the steps end with an exit
	mayLeave  bool // only the packet shows whether they do
}

// control takes in a control from a node on, up to the first that needs the packet to be decided.
func (b *assembler) control(n *node) {
	for {
		if b.exits(n) {
			return
		}
		switch {
		case n == nil:
			b.finish(toEnd, nil)
			return
		case n.compares() && b.f.known[n.off]:
			n = n.on(b.f.w[n.off] == n.k)
		case n.kind == nodeTest && n.reads != nil && b.f.all(n.reads):
			if n.test(b.computer()) {
				n = n.yes
			} else {
				n = n.no
			}
		case n.kind == nodePlain:
			b.action(n.plain.action, n.plain.args, true, false)
			n = n.next
		case n.kind == nodeTable:
			next, ok := b.table(n)
			if !ok {
				return
			}
			n = next
		default:
			b.decide(n)
			return
		}
	}
}

// rest leaves a control to the nodes.
func (b *assembler) rest(n *node) {
	if !b.exits(n) {
		b.finish(toNodes, n)
	}
}

// exits ends the version if an action did, or may, exit; else the control would go on at n.
func (b *assembler) exits(n *node) bool {
	switch {
	case b.leaves:
		b.finish(toEnd, nil)
	case b.mayLeave:
		b.finish(toExit, n)
	}
	return b.leaves || b.mayLeave
}

// decide ends the version with a branch.
func (b *assembler) decide(n *node) {
	v := b.v
	v.off, v.k, v.test = n.off, n.k, n.test
	switch n.kind {
	case nodeTest:
		b.finish(toTest, n)
	default:
		b.finish(toEqual, n)
	}
}

func (b *assembler) finish(kind versionKind, n *node) {
	b.v.kind, b.v.node, b.v.f = kind, n, b.f
	b.v.ops = fuse(withoutLost(b.steps))
	if kind == toEnd {
		b.v.emitted = b.s.emitted(b.f)
	}
}

// action takes in an action. known: args are its arguments; set: they are in packet.args when it runs.
func (b *assembler) action(a *action, args []uint64, known, set bool) {
	b.args, b.argsKnown, b.argsSet = args, known, set
	if a.jumps != nil {
		b.add(step{do: a.run, e: effect{args: true}})
	}
	for _, s := range a.steps {
		b.add(s)
	}
	if a.exits {
		b.leaves, b.mayLeave = a.jumps == nil, a.jumps != nil
	}
}

// add takes in a step as far as its outcome is not known.
func (b *assembler) add(s step) {
	f, e := b.f, &s.e
	switch {
	case s.sum != nil:
		x := s.sum.folded(f)
		if len(x.terms) == 0 {
			b.store(x.dst, x.value(nil))
			return
		}
		f.forget(x.dst)
		b.steps = append(b.steps, x.step())
	case e.idle.off != 0 && f.holds(e.idle):
	case e.pure && f.all(e.reads) && (b.argsKnown || !e.args):
		b.compute(s)
	default:
		if b.argsKnown && !b.argsSet && (e.args || !e.bounded) {
			args := b.args
			b.steps = append(b.steps, step{do: func(p *packet) { p.args = args }, e: nothing})
			b.argsSet = true
		}
		b.steps = append(b.steps, s)
		f.after(e)
	}
}

// store sets a word to a known value.
func (b *assembler) store(off int, v uint64) {
	if b.f.holds(fact{off, v}) {
		return
	}
	b.f.set(off, v)
	b.steps = append(b.steps, setTo(off, v).step())
}

// compute carries out now what depends on nothing unknown.
func (b *assembler) compute(s step) {
	p := b.computer()
	before := make([]fact, len(s.e.writes))
	for i, off := range s.e.writes {
		before[i] = fact{off, p.w[off]}
	}
	s.do(p)
	for _, x := range before {
		if v := p.w[x.off]; !b.f.known[x.off] || v != x.v {
			b.f.known[x.off] = false
			b.store(x.off, v)
		}
	}
}

// computer is a packet with the known words.
func (b *assembler) computer() *packet {
	p := b.s.scratch
	p.w, p.args = b.f.w, b.args
	return p
}

// withoutLost leaves out steps whose outcome later ones overwrite unseen.
func withoutLost(steps []step) []step {
	lost := map[int]bool{}
	kept := make([]step, 0, len(steps))
	for i := len(steps) - 1; i >= 0; i-- {
		s := &steps[i]
		if !s.e.pure {
			clear(lost) // it may read anything
			kept = append(kept, *s)
			continue
		}
		useless := len(s.e.writes) > 0
		for _, off := range s.e.writes {
			useless = useless && lost[off]
		}
		if useless {
			continue
		}
		for _, off := range s.e.writes {
			lost[off] = true
		}
		for _, off := range s.e.reads {
			delete(lost, off)
		}
		kept = append(kept, *s)
	}
	slices.Reverse(kept)
	return kept
}
