package pipeline

// maxStretch bounds the states that one version of a parser takes in.
const maxStretch = 32

// parserVersion is a parser's state for what is known where it is entered, and the states that follow in any case.
type parserVersion struct {
	ops     []parseOp
	states  int
	last    *state // whose transition decides
	f       *facts // behind the operations
	ways    []parserWay
	ingress *version // where ingress begins when the packet is accepted here
}

// parserWay leads from one state to another.
type parserWay struct {
	to *state
	v  *parserVersion // nil when there could be no more versions
}

// arrived are the facts of a packet that has just come.
func (s *specializer) arrived() *facts {
	k := s.pl.code
	f := fresh(k.l.words)
	for _, x := range []stdField{k.std.ingressPort, k.std.packetLength, k.std.ingressTimestamp} {
		if x.ok {
			f.forget(x.off)
		}
	}
	return f
}

func (s *specializer) parserAt(st *state, f *facts) *parserVersion {
	if st == nil || s.left == 0 {
		return nil
	}
	o := parserOrigin{st, f.sum()}
	if v := s.states[o]; v != nil {
		return v
	}
	s.left--
	b := &assembler{s: s, f: f.clone()}
	v := &parserVersion{f: b.f}
	flush := func() {
		if ops := fuse(withoutLost(b.steps)); len(ops) > 0 {
			v.ops = append(v.ops, func(p *packet) bool {
				for _, f := range ops {
					f(p)
				}
				return true
			})
		}
		b.steps = nil
	}
	for {
		v.states++
		for i := range st.steps {
			x := &st.steps[i]
			for _, y := range x.steps {
				b.add(y)
			}
			if x.steps == nil {
				flush()
				v.ops = append(v.ops, x.op)
				b.f.after(&x.effect)
			}
		}
		if !st.always || st.then == nil || v.states == maxStretch {
			break
		}
		st = st.then
	}
	flush()
	v.last = st
	s.states[o] = v
	return v
}

// parse is code.parse for a packet that nothing has touched. It gives the version of ingress that the packet's way through
// the parser leads to.
func (s *specializer) parse(p *packet) *version {
	k := s.pl.code
	k.beginParse(p)
	root := s.walk(p)
	k.endParse(p)
	return root
}

func (s *specializer) walk(p *packet) *version {
	k := s.pl.code
	st, v := k.parser.init, s.parser
	n := 0
	for ; v != nil && n+v.states <= maxStates; v = s.way(v, st) {
		for _, o := range v.ops {
			if !o(p) {
				return s.ingress
			}
		}
		n += v.states
		next, ok := v.last.next(p)
		if !ok {
			return s.ingress
		}
		if next == nil {
			if v.ingress == nil {
				v.ingress = s.accepted(v)
			}
			return v.ingress
		}
		st = next
	}
	k.walk(st, p, n) // without versions
	return s.ingress
}

// way gives the version of a state that follows.
func (s *specializer) way(v *parserVersion, to *state) *parserVersion {
	for i := range v.ways {
		if v.ways[i].to == to {
			return v.ways[i].v
		}
	}
	next := s.parserAt(to, v.f)
	v.ways = append(v.ways, parserWay{to, next})
	return next
}

// accepted makes the version of ingress behind a state.
func (s *specializer) accepted(v *parserVersion) *version {
	k := s.pl.code
	f := v.f.clone()
	if k.std.parserError.ok {
		f.set(k.std.parserError.off, k.parser.errors.noError&mask64(k.std.parserError.width))
	}
	if k.std.checksumError.ok {
		f.set(k.std.checksumError.off, 0)
		if len(k.verify) > 0 {
			f.forget(k.std.checksumError.off)
		}
	}
	return s.at(k.ingressWords, k.ingress, f)
}
