package pipeline

import (
	"math/big"

	"github.com/firstack/firstack/softswitch/bmv2json"
)

// num compiles an expression of type Data.
func (c *compiler) num(e *bmv2json.Expr) (num, error) {
	switch e.Kind {
	case bmv2json.KConst:
		return constant(e.Const), nil
	case bmv2json.KField:
		return c.load(e.Field.Header.Index, e.Field.Field), nil
	case bmv2json.KLocal:
		return c.local(e.Local), nil
	case bmv2json.KStackLast:
		return c.dynamic(c.lastOf(e.Stack), e.Stack.Headers[0].Index, e.Member), nil
	case bmv2json.KUnionLast:
		return c.dynamic(c.lastUnion(e.UnionStack, e.Member), e.UnionStack.Unions[0].Headers[e.Member].Index, e.Member2), nil
	case bmv2json.KRegister:
		return c.registerValue(e)
	case bmv2json.KAccess:
		if e.Left.Kind == bmv2json.KHeader {
			return c.load(e.Left.Header.Index, e.Member), nil
		}
		h, sample, err := c.headerRef(e.Left)
		if err != nil {
			return num{}, err
		}
		return c.dynamic(h, sample, e.Member), nil
	case bmv2json.KOp:
		if n, ok, err := c.find(e); ok || err != nil {
			return n, err
		}
		return c.operation(e)
	}
	return num{}, unsupported("expression kind %d as a number", e.Kind)
}

// load reads a field that is known at compile time.
func (c *compiler) load(header, field int) num {
	s := c.l.member(header, field)
	off := s.off
	var n num
	if s.signed {
		n.lo, n.hi = signedRange(s.width)
	} else {
		n.lo, n.hi = unsignedRange(s.width)
	}
	switch {
	case s.words > 1:
		words, width, signed := s.words, s.width, s.signed
		n.low = func(p *packet) uint64 { return p.w[off] }
		n.limbs = func(count int) func(p *packet, dst []uint64) {
			return func(p *packet, dst []uint64) {
				copyLimbs(dst, p.w[off:off+words])
				if signed {
					extendLimbs(dst, width)
				}
			}
		}
	case s.signed:
		width := s.width
		n.low = func(p *packet) uint64 { return signExtend(p.w[off], width) }
	default:
		n.shape, n.off = shapeField, off
		n.low = func(p *packet) uint64 { return p.w[off] }
	}
	if c.strict && field != bmv2json.ValidField {
		n = c.watched(n, header, field)
	}
	return n
}

// copyLimbs copies as many words as fit and zeroes the rest.
func copyLimbs(dst, src []uint64) {
	n := copy(dst, src)
	clear(dst[n:])
}

// dynamic reads a field of a header that is only known when the packet is
// there; sample is a header of the same type. Without a header it reads zero.
func (c *compiler) dynamic(ref func(p *packet) *header, sample, field int) num {
	s := c.l.member(sample, field)
	var n num
	if s.signed {
		n.lo, n.hi = signedRange(s.width)
	} else {
		n.lo, n.hi = unsignedRange(s.width)
	}
	off := func(h *header) int { return h.fields[field].off }
	if field == bmv2json.ValidField {
		off = func(h *header) int { return h.valid }
	}
	width, signed, words := s.width, s.signed, s.words
	n.low = func(p *packet) uint64 {
		h := ref(p)
		if h == nil {
			return 0
		}
		v := p.w[off(h)]
		if signed && width < 64 {
			v = signExtend(v, width)
		}
		return v
	}
	if words > 1 {
		n.limbs = func(count int) func(p *packet, dst []uint64) {
			return func(p *packet, dst []uint64) {
				h := ref(p)
				if h == nil {
					clear(dst)
					return
				}
				copyLimbs(dst, p.w[off(h):off(h)+words])
				if signed {
					extendLimbs(dst, width)
				}
			}
		}
	}
	return n
}

// param is where an action's parameter lives among its arguments.
type param struct {
	name  string
	off   int
	words int
	width int
}

// local reads an argument of the action.
func (c *compiler) local(i int) num {
	a := c.params[i]
	off, words := a.off, a.words
	var n num
	n.lo, n.hi = unsignedRange(a.width)
	n.low = func(p *packet) uint64 { return p.args[off] }
	if words > 1 {
		n.limbs = func(count int) func(p *packet, dst []uint64) {
			return func(p *packet, dst []uint64) { copyLimbs(dst, p.args[off:off+words]) }
		}
		return n
	}
	n.shape, n.arg = shapeArg, off
	return n
}

// operation compiles an operator that gives a number.
func (c *compiler) operation(e *bmv2json.Expr) (num, error) {
	switch e.Op {
	case "?":
		return c.choice(e)
	case "b2d":
		b, err := c.boolean(e.Right)
		if err != nil {
			return num{}, err
		}
		return num{lo: big0, hi: big1, low: func(p *packet) uint64 {
			if b(p) {
				return 1
			}
			return 0
		}}, nil
	case "last_stack_index", "size_stack":
		return c.stackSize(e)
	case "~":
		a, err := c.num(e.Right)
		if err != nil {
			return num{}, err
		}
		return c.not(a), nil
	}
	a, err := c.num(e.Left)
	if err != nil {
		return num{}, err
	}
	b, err := c.num(e.Right)
	if err != nil {
		return num{}, err
	}
	if a.shape == shapeConst && b.shape == shapeConst {
		if v := fold(e.Op, a.big, b.big); v != nil {
			return constant(v), nil
		}
	}
	switch e.Op {
	case "+", "-", "*", "&", "|", "^":
		return c.ring(e.Op, a, b), nil
	case "<<":
		return c.shl(a, b), nil
	case ">>":
		return c.shr(a, b), nil
	case "/", "%":
		return c.divide(e.Op, a, b), nil
	case "two_comp_mod":
		return c.twoComp(a, int(e.Right.Const.Int64())), nil
	case "usat_cast", "sat_cast":
		return c.saturate(a, int(e.Right.Const.Int64()), e.Op == "sat_cast"), nil
	}
	return num{}, unsupported("operator %q", e.Op)
}

// fold computes with constants; nil means it is left to run time.
func fold(op string, a, b *big.Int) *big.Int {
	v := new(big.Int)
	switch op {
	case "+":
		return v.Add(a, b)
	case "-":
		return v.Sub(a, b)
	case "*":
		return v.Mul(a, b)
	case "&":
		return v.And(a, b)
	case "|":
		return v.Or(a, b)
	case "^":
		return v.Xor(a, b)
	case "<<":
		if b.Sign() >= 0 && b.Cmp(big.NewInt(maxBits/2)) <= 0 && a.BitLen() <= maxBits/2 {
			return v.Lsh(a, uint(b.Uint64()))
		}
	}
	return nil
}

func (c *compiler) choice(e *bmv2json.Expr) (num, error) {
	cond, err := c.boolean(e.Cond)
	if err != nil {
		return num{}, err
	}
	a, err := c.num(e.Left)
	if err != nil {
		return num{}, err
	}
	b, err := c.num(e.Right)
	if err != nil {
		return num{}, err
	}
	n := num{lo: minBig(a.lo, b.lo), hi: maxBig(a.hi, b.hi)}
	n.low = func(p *packet) uint64 {
		if cond(p) {
			return a.low(p)
		}
		return b.low(p)
	}
	if !n.unsigned() && !n.signed() {
		n.limbs = func(count int) func(p *packet, dst []uint64) {
			l, r := a.write(count), b.write(count)
			return func(p *packet, dst []uint64) {
				if cond(p) {
					l(p, dst)
				} else {
					r(p, dst)
				}
			}
		}
	}
	return n, nil
}

func (c *compiler) stackSize(e *bmv2json.Expr) (num, error) {
	s := e.Right.Stack
	if e.Right.Kind != bmv2json.KStack {
		return num{}, unsupported("%s of something that is no stack", e.Op)
	}
	off := c.l.stackNext[s.Index]
	if e.Op == "size_stack" {
		return num{lo: big0, hi: big.NewInt(int64(len(s.Headers))), low: func(p *packet) uint64 { return p.w[off] }}, nil
	}
	return num{lo: big.NewInt(-1), hi: big.NewInt(int64(len(s.Headers) - 1)), low: func(p *packet) uint64 { return p.w[off] - 1 }}, nil
}
