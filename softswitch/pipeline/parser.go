package pipeline

import (
	"github.com/firstack/firstack/softswitch/bmv2json"
)

// maxStates bounds the parser states of one packet; a parser that goes round
// without consuming ends with error.ParserTimeout.
const maxStates = 1 << 14

// parseOp is one step of a parser state; false ends the parser, with
// packet.parserError set.
type parseOp func(p *packet) bool

// state is a compiled parser state.
type state struct {
	name string
	ops  []parseOp
	next func(p *packet) (*state, bool) // nil state = accept

	steps  []parserStep // ops, for what is made of them later
	always bool         // it leads to then in any case
	then   *state
}

// parserStep is an operation of a parser that may fail, or else the steps that it is.
type parserStep struct {
	op     parseOp
	effect effect // of op
	steps  []step
}

// parserCode is a compiled parser.
type parserCode struct {
	init   *state
	errors parseErrors
}

// parseErrors are the numbers of core.p4's errors in this program.
type parseErrors struct {
	noError, tooShort, stackOutOfBounds, headerTooShort, timeout, invalidArgument uint64
	names                                                                         map[uint64]string
}

func newParseErrors(src map[string]int) parseErrors {
	e := parseErrors{names: map[uint64]string{}}
	free := 0
	for name, v := range src {
		e.names[uint64(v)] = name
		free = max(free, v+1)
	}
	for _, core := range []struct {
		name string
		dst  *uint64
	}{
		{"NoError", &e.noError}, {"PacketTooShort", &e.tooShort},
		{"StackOutOfBounds", &e.stackOutOfBounds}, {"HeaderTooShort", &e.headerTooShort},
		{"ParserTimeout", &e.timeout}, {"ParserInvalidArgument", &e.invalidArgument},
	} {
		v, ok := src[core.name]
		if !ok { // p4c leaves out what a program does not use
			if v = free; core.name == "NoError" && e.names[0] == "" {
				v = 0
			}
			free = max(free, v+1)
			e.names[uint64(v)] = core.name
		}
		*core.dst = uint64(v)
	}
	return e
}

func (c *compiler) parser() error {
	c.out.parser.errors = newParseErrors(c.src.Errors)
	var src *bmv2json.Parser
	for _, p := range c.src.Parsers {
		if p.Name == "parser" || len(c.src.Parsers) == 1 {
			src = p
		}
	}
	if src == nil {
		return unsupported("program without a parser called \"parser\"")
	}
	states := make([]*state, len(src.States))
	for i, s := range src.States {
		states[i] = &state{name: s.Name}
	}
	to := func(s *bmv2json.State) *state {
		if s == nil {
			return nil
		}
		return states[s.Index]
	}
	for i, s := range src.States {
		for j := range s.Ops {
			o, err := c.parserOp(&s.Ops[j])
			if err != nil {
				return place(err, "parser state %s, operation %d", s.Name, j)
			}
			states[i].ops = append(states[i].ops, o.op)
			states[i].steps = append(states[i].steps, o)
		}
		var err error
		if states[i].next, err = c.transition(s, to); err != nil {
			return place(err, "parser state %s", s.Name)
		}
		states[i].always, states[i].then = unconditional(s), to(s.Default)
	}
	c.out.parser.init = to(src.Init)
	return nil
}

// parse runs the parser over p.in and leaves the rest in p.payload.
func (k *code) parse(p *packet) {
	k.beginParse(p)
	k.walk(k.parser.init, p, 0)
	k.endParse(p)
}

func (k *code) beginParse(p *packet) {
	p.pos = 0
	p.parserError = k.parser.errors.noError
	p.checksumError = false
}

// walk runs the parser from a state on, which is the n-th of the packet.
func (k *code) walk(s *state, p *packet, n int) {
	traced := p.pl.env.Tracer != nil
loop:
	for ; s != nil; n++ {
		if n == maxStates {
			p.parserError = k.parser.errors.timeout
			break
		}
		if traced {
			p.pl.note(p, EventState, s.name)
		}
		for _, o := range s.ops {
			if !o(p) {
				break loop
			}
		}
		next, ok := s.next(p)
		if !ok {
			break
		}
		s = next
	}
	if traced && p.parserError != k.parser.errors.noError {
		p.pl.note(p, EventParseError, k.parser.errors.names[p.parserError])
	}
}

func (k *code) endParse(p *packet) {
	p.payload = p.in[p.pos:]
	for _, verify := range k.verify {
		if !verify(p) {
			p.checksumError = true
		}
	}
}

// infallible is an operation that does not fail.
func infallible(steps []step) parserStep {
	ops := fuse(steps)
	return parserStep{steps: steps, op: func(p *packet) bool {
		for _, f := range ops {
			f(p)
		}
		return true
	}}
}

func (c *compiler) parserOp(o *bmv2json.ParserOp) (s parserStep, err error) {
	switch o.Kind {
	case bmv2json.OpExtract:
		s.op, err = c.extract(o)
		if o.Header != nil {
			h := &c.l.headers[o.Header.Index]
			s.effect = effect{bounded: true, writes: h.words(), sets: h.validity()}
		} // else it is one of a stack
	case bmv2json.OpSet:
		return c.parserSet(o)
	case bmv2json.OpVerify:
		s.effect = nothing
		s.op, err = c.parserVerify(o)
	case bmv2json.OpAdvance:
		s.effect = nothing
		s.op, err = c.advance(o)
	default:
		steps, err := c.steps(o.Primitive)
		if err != nil {
			return s, primitiveError(err, "parser", o.Primitive)
		}
		return infallible(steps), nil
	}
	return s, err
}

// extract compiles an extraction into a header, or the next of a stack.
func (c *compiler) extract(o *bmv2json.ParserOp) (parseOp, error) {
	switch {
	case o.Header != nil:
		h := &c.l.headers[o.Header.Index]
		if o.Length != nil {
			length, err := c.num(o.Length)
			if err != nil {
				return nil, err
			}
			return c.extractVarBit(func(*packet) *header { return h }, length), nil
		}
		return c.extractFixed(h), nil
	case o.Stack != nil:
		return c.extractNext(c.stackHeaders(o.Stack), c.l.stackNext[o.Stack.Index], o.Length)
	default:
		var hs []*header
		for _, u := range o.UnionStack.Unions {
			hs = append(hs, &c.l.headers[u.Headers[o.Member].Index])
		}
		return c.extractNext(hs, c.l.unionNext[o.UnionStack.Index], o.Length)
	}
}

func (c *compiler) extractFixed(h *header) parseOp {
	short, n := c.out.parser.errors.tooShort, h.bytes
	return func(p *packet) bool {
		b := p.in[p.pos:]
		if len(b) < n {
			p.parserError = short
			return false
		}
		h.extractFixed(p.w, b)
		p.setValid(h)
		p.pos += n
		if p.pl.env.Tracer != nil {
			p.pl.note(p, EventExtract, h.def.Name)
		}
		return true
	}
}

func (c *compiler) extractNext(hs []*header, next int, length *bmv2json.Expr) (parseOp, error) {
	full := c.out.parser.errors.stackOutOfBounds
	var each []parseOp
	if length == nil {
		for _, h := range hs {
			each = append(each, c.extractFixed(h))
		}
	} else {
		n, err := c.num(length)
		if err != nil {
			return nil, err
		}
		one := c.extractVarBit(func(p *packet) *header { return hs[p.w[next]] }, n)
		for range hs {
			each = append(each, one)
		}
	}
	return func(p *packet) bool {
		i := p.w[next]
		if i >= uint64(len(each)) {
			p.parserError = full
			return false
		}
		if !each[i](p) {
			return false
		}
		p.w[next] = i + 1
		return true
	}, nil
}

// extractVarBit takes the varbit field's length in bits from an expression; it
// must be whole bytes.
func (c *compiler) extractVarBit(ref func(*packet) *header, length num) parseOp {
	e, bits := &c.out.parser.errors, exact(c, length)
	return func(p *packet) bool {
		h := ref(p)
		n := bits(p)
		if n%8 != 0 {
			p.parserError = e.invalidArgument
			return false
		}
		b := p.in[p.pos:]
		if n > uint64(len(b))*8 || h.bytes+int(n/8) > len(b) {
			p.parserError = e.tooShort
			return false
		}
		if n > uint64(h.fields[h.varbit].width) {
			p.parserError = e.headerTooShort
			return false
		}
		h.extractVar(p.w, b, int(n))
		p.setValid(h)
		p.pos += h.bytes + int(n/8)
		if p.pl.env.Tracer != nil {
			p.pl.note(p, EventExtract, h.def.Name)
		}
		return true
	}
}

// exact gives a number as uint64, the largest one when it does not fit (or is
// negative).
func exact(c *compiler, n num) func(p *packet) uint64 {
	if n.unsigned() {
		return n.low
	}
	size := n.size()
	w, t := n.write(size), c.scratch(size)
	return func(p *packet) uint64 {
		v := p.tmp[t : t+size]
		w(p, v)
		for _, x := range v[1:] {
			if x != 0 {
				return ^uint64(0)
			}
		}
		if size == 1 && int64(v[0]) < 0 {
			return ^uint64(0)
		}
		return v[0]
	}
}

func (c *compiler) parserSet(o *bmv2json.ParserOp) (s parserStep, err error) {
	dst := c.l.slot(o.Dst)
	if o.Expr.Kind == bmv2json.KLookahead {
		s.effect.writes, s.effect.bounded = span(dst.off, dst.off+dst.words), !dst.varbit
		s.op, err = c.lookaheadSet(dst, o.Expr)
		return s, err
	}
	dstExpr := &bmv2json.Expr{Kind: bmv2json.KField, Type: bmv2json.Data, Field: o.Dst}
	params := []bmv2json.Param{{Expr: dstExpr}, {Expr: o.Expr}}
	prim := bmv2json.Primitive{Op: "assign", Params: params}
	if dst.varbit {
		prim.Op = "assign_VL"
	}
	steps, err := c.steps(&prim)
	return infallible(steps), err
}

func (c *compiler) parserVerify(o *bmv2json.ParserOp) (parseOp, error) {
	cond, err := c.boolean(o.Cond)
	if err != nil {
		return nil, err
	}
	code, err := c.num(o.Expr)
	if err != nil {
		return nil, err
	}
	low := code.low
	return func(p *packet) bool {
		if cond(p) {
			return true
		}
		p.parserError = low(p)
		return false
	}, nil
}

func (c *compiler) advance(o *bmv2json.ParserOp) (parseOp, error) {
	n, err := c.num(o.Expr)
	if err != nil {
		return nil, err
	}
	e, bits := &c.out.parser.errors, exact(c, n)
	return func(p *packet) bool {
		n := bits(p)
		if n%8 != 0 {
			p.parserError = e.invalidArgument
			return false
		}
		if n/8 > uint64(len(p.in)-p.pos) {
			p.parserError = e.tooShort
			return false
		}
		p.pos += int(n / 8)
		return true
	}, nil
}
