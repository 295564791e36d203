package pipeline

import (
	"fmt"

	"github.com/firstack/firstack/softswitch/bmv2json"
)

// p4c substitutes local variables by what was assigned to them, so that a
// folded checksum computes its sum four times over. sharing finds the
// subexpressions of one expression that occur more than once; each is then
// evaluated once, into scratch, ahead of the rest. That is not seen: evaluation
// has no side effects.
type sharing struct {
	ids    map[string]int // structural identity
	uses   []int          // places a subexpression is used in, by id
	memo   map[*bmv2json.Expr]int
	done   map[int]num // compiled ones, by id
	before []prepared  // evaluate them, in order
}

// prepared evaluates a shared subexpression; sum says the same as do where it is one.
type prepared struct {
	do  op
	sum *sum
}

// share compiles an expression with common subexpressions evaluated once; the
// steps to take before are returned with it.
func (c *compiler) share(e *bmv2json.Expr) (n num, before []prepared, err error) {
	if c.strict || c.sharing != nil { // strict mode reports every read where it stands
		n, err = c.num(e)
		return n, nil, err
	}
	s := &sharing{ids: map[string]int{}, memo: map[*bmv2json.Expr]int{}, done: map[int]num{}}
	s.identify(e)
	c.sharing = s
	defer func() { c.sharing = nil }()
	n, err = c.num(e)
	return n, s.before, err
}

// identify gives equal subexpressions one id and counts their uses: a
// subexpression inside a shared one is used there once.
func (s *sharing) identify(e *bmv2json.Expr) int {
	if e == nil {
		return -1
	}
	l, r, cond := s.identify(e.Left), s.identify(e.Right), s.identify(e.Cond)
	key := fmt.Sprint(e.Kind, e.Op, l, r, cond, e.Local, e.Member, e.Member2, e.Offset, e.Width, e.Bool, e.Const)
	switch {
	case e.Kind == bmv2json.KField:
		key += e.Field.Name()
	case e.Header != nil:
		key += e.Header.Name
	case e.Stack != nil:
		key += e.Stack.Name
	case e.Union != nil:
		key += e.Union.Name
	case e.UnionStack != nil:
		key += e.UnionStack.Name
	case e.Register != nil:
		key += e.Register.Name
	}
	id, ok := s.ids[key]
	if !ok {
		id = len(s.ids)
		s.ids[key] = id
		s.uses = append(s.uses, 0)
		for _, part := range []int{l, r, cond} {
			if part >= 0 {
				s.uses[part]++
			}
		}
	}
	s.memo[e] = id
	return id
}

// find gives a shared subexpression, compiling it the first time; ok is false
// when it is to be compiled in place.
func (c *compiler) find(e *bmv2json.Expr) (n num, ok bool, err error) {
	s := c.sharing
	if s == nil || e.Kind != bmv2json.KOp {
		return n, false, nil
	}
	id, known := s.memo[e]
	if !known || s.uses[id] < 2 {
		return n, false, nil
	}
	if n, ok = s.done[id]; ok {
		return n, true, nil
	}
	if n, err = c.operation(e); err != nil {
		return n, false, err
	}
	if n.limbs == nil && n.shape == shapeAny {
		low, t := n.low, c.l.scratch()
		step := prepared{do: func(p *packet) { p.w[t] = low(p) }}
		if x, ok := n.asSum(); ok && n.unsigned() {
			x.dst = t
			step.sum = &x
		}
		s.before = append(s.before, step)
		kept := num{lo: n.lo, hi: n.hi, low: func(p *packet) uint64 { return p.w[t] }}
		if n.unsigned() {
			kept.shape, kept.off = shapeField, t
		}
		n = kept
	}
	s.done[id] = n
	return n, true, nil
}

// after makes one step of the preparations and the step itself.
func after(before []prepared, f op) op {
	switch len(before) {
	case 0:
		return f
	case 1:
		a := before[0].do
		return func(p *packet) {
			a(p)
			f(p)
		}
	}
	return func(p *packet) {
		for i := range before {
			before[i].do(p)
		}
		f(p)
	}
}
