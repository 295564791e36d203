package pipeline

import (
	"flag"
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/firstack/firstack/softswitch/bmv2json"
)

var seedFlag = flag.Uint64("seed", 0, "seed of the randomised tests, 0 = a new one")

// random gives a generator whose seed is printed when the test fails.
func randomised(t testing.TB) *rand.Rand {
	s := *seedFlag
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("seed %d (-seed to repeat)", s)
	return rand.New(rand.NewPCG(s, 1))
}

// exprRig has one metadata header with fields of all kinds of widths.
type exprRig struct {
	c *compiler
	p *packet
	h *bmv2json.Header
	r *rand.Rand

	narrow bool // small fields, masks, sums and shifts only, as in checksums
}

func newExprRig(r *rand.Rand) *exprRig {
	typ := &bmv2json.HeaderType{Name: "meta", VarBit: -1}
	for _, w := range []int{1, 3, 8, 13, 16, 31, 32, 33, 48, 63, 64, 65, 96, 127, 128, 129, 200, 256} {
		typ.Fields = append(typ.Fields, bmv2json.Field{Name: fmt.Sprintf("u%d", w), Width: w})
		if w > 1 {
			typ.Fields = append(typ.Fields, bmv2json.Field{Name: fmt.Sprintf("i%d", w), Width: w, Signed: true})
		}
	}
	h := &bmv2json.Header{Name: "meta", Type: typ, Metadata: true}
	src := &bmv2json.Program{Headers: []*bmv2json.Header{h}}
	l := newLayout(src)
	return &exprRig{c: &compiler{src: src, l: l, out: &code{l: l}}, h: h, r: r, p: &packet{w: make([]uint64, l.words)}}
}

// fill gives every field a random value, extremes more often than chance.
func (g *exprRig) fill() []*big.Int {
	values := make([]*big.Int, len(g.h.Type.Fields))
	for i, f := range g.h.Type.Fields {
		v := g.number(f.Width)
		s := g.c.l.member(0, i)
		copy(g.p.w[s.off:s.off+s.words], toWords(v, s.words))
		if f.Signed && v.Bit(f.Width-1) == 1 {
			v.Sub(v, new(big.Int).Lsh(big1, uint(f.Width)))
		}
		values[i] = v
	}
	return values
}

func (g *exprRig) number(width int) *big.Int {
	_, ones := unsignedRange(width)
	switch g.r.IntN(5) {
	case 0:
		return new(big.Int)
	case 1:
		return new(big.Int).Set(ones)
	case 2:
		return new(big.Int).Lsh(big1, uint(width-1))
	}
	v := new(big.Int)
	for range (width + 63) / 64 {
		v.Lsh(v, 64).Or(v, new(big.Int).SetUint64(g.r.Uint64()))
	}
	return v.And(v, ones)
}

func (g *exprRig) leaf() *bmv2json.Expr {
	if g.narrow && g.r.IntN(3) == 0 { // a mask
		_, ones := unsignedRange(1 + g.r.IntN(20))
		return &bmv2json.Expr{Kind: bmv2json.KConst, Const: ones}
	}
	if g.narrow {
		return &bmv2json.Expr{Kind: bmv2json.KField, Field: bmv2json.FieldRef{Header: g.h, Field: 3 + 2*g.r.IntN(4)}}
	}
	if g.r.IntN(3) == 0 {
		v := g.number(1 + g.r.IntN(140))
		if g.r.IntN(4) == 0 {
			v.Neg(v)
		}
		return &bmv2json.Expr{Kind: bmv2json.KConst, Const: v}
	}
	return &bmv2json.Expr{Kind: bmv2json.KField, Field: bmv2json.FieldRef{Header: g.h, Field: g.r.IntN(len(g.h.Type.Fields))}}
}

var dataOps = []string{"+", "-", "*", "&", "|", "^", "~", "<<", ">>", "two_comp_mod", "usat_cast", "sat_cast", "?", "/", "%", "b2d"}

func (g *exprRig) data(depth int) *bmv2json.Expr {
	if depth == 0 || g.r.IntN(6) == 0 {
		return g.leaf()
	}
	ops := dataOps
	if g.narrow {
		ops = []string{"+", "&", "&", "~", ">>"}
	}
	e := &bmv2json.Expr{Kind: bmv2json.KOp, Op: ops[g.r.IntN(len(ops))]}
	constant := func(n int) *bmv2json.Expr {
		return &bmv2json.Expr{Kind: bmv2json.KConst, Const: big.NewInt(int64(n))}
	}
	switch e.Op {
	case "~":
		e.Right = g.data(depth - 1)
	case "b2d":
		e.Right = g.bool(depth - 1)
	case "<<", ">>":
		e.Left = g.data(depth - 1)
		e.Right = constant(g.r.IntN(140))
		if g.narrow {
			e.Right = constant(g.r.IntN(20))
			break
		}
		if g.r.IntN(3) == 0 { // a small field, so that the reference stays small too
			e.Right = &bmv2json.Expr{Kind: bmv2json.KField, Field: bmv2json.FieldRef{Header: g.h, Field: 3}}
		}
	case "two_comp_mod", "usat_cast", "sat_cast":
		e.Left = g.data(depth - 1)
		e.Right = constant(2 + g.r.IntN(140))
	case "?":
		e.Cond = g.bool(depth - 1)
		e.Left, e.Right = g.data(depth-1), g.data(depth-1)
	default:
		e.Left, e.Right = g.data(depth-1), g.data(depth-1)
	}
	return e
}

var boolOps = []string{"==", "!=", "<", "<=", ">", ">=", "and", "or", "not", "d2b", "?"}

func (g *exprRig) bool(depth int) *bmv2json.Expr {
	if depth <= 0 {
		return &bmv2json.Expr{Kind: bmv2json.KBool, Type: bmv2json.Bool, Bool: g.r.IntN(2) == 0}
	}
	e := &bmv2json.Expr{Kind: bmv2json.KOp, Type: bmv2json.Bool, Op: boolOps[g.r.IntN(len(boolOps))]}
	switch e.Op {
	case "not":
		e.Right = g.bool(depth - 1)
	case "d2b":
		e.Right = g.data(depth - 1)
	case "and", "or":
		e.Left, e.Right = g.bool(depth-1), g.bool(depth-1)
	case "?":
		e.Cond, e.Left, e.Right = g.bool(depth-1), g.bool(depth-1), g.bool(depth-1)
	default:
		e.Left, e.Right = g.data(depth-1), g.data(depth-1)
	}
	return e
}

// reference is BMv2's arithmetic in math/big.
type reference struct{ values []*big.Int }

func (f *reference) data(e *bmv2json.Expr) *big.Int {
	switch e.Kind {
	case bmv2json.KConst:
		return e.Const
	case bmv2json.KField:
		return f.values[e.Field.Field]
	}
	v := new(big.Int)
	switch e.Op {
	case "?":
		if f.bool(e.Cond) {
			return f.data(e.Left)
		}
		return f.data(e.Right)
	case "b2d":
		if f.bool(e.Right) {
			return big1
		}
		return big0
	case "~":
		return v.Not(f.data(e.Right))
	}
	a, b := f.data(e.Left), f.data(e.Right)
	switch e.Op {
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
		return v.Lsh(a, uint(b.Uint64()))
	case ">>":
		return v.Rsh(a, uint(b.Uint64()))
	case "/", "%":
		if a.Sign() < 0 || b.Sign() <= 0 {
			return v
		}
		if e.Op == "/" {
			return v.Quo(a, b)
		}
		return v.Rem(a, b)
	}
	w := int(b.Int64())
	lo, hi := signedRange(w)
	switch e.Op {
	case "usat_cast":
		lo, hi = unsignedRange(w)
		fallthrough
	case "sat_cast":
		return minBig(maxBig(a, lo), hi)
	}
	_, ones := unsignedRange(w) // two_comp_mod
	if v.And(a, ones); v.Bit(w-1) == 1 {
		v.Sub(v, new(big.Int).Lsh(big1, uint(w)))
	}
	return v
}

func (f *reference) bool(e *bmv2json.Expr) bool {
	if e.Kind == bmv2json.KBool {
		return e.Bool
	}
	switch e.Op {
	case "and":
		return f.bool(e.Left) && f.bool(e.Right)
	case "or":
		return f.bool(e.Left) || f.bool(e.Right)
	case "not":
		return !f.bool(e.Right)
	case "d2b":
		return f.data(e.Right).Sign() != 0
	case "?":
		if f.bool(e.Cond) {
			return f.bool(e.Left)
		}
		return f.bool(e.Right)
	}
	c := f.data(e.Left).Cmp(f.data(e.Right))
	switch e.Op {
	case "==":
		return c == 0
	case "!=":
		return c != 0
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	default:
		return c >= 0
	}
}

func show(e *bmv2json.Expr) string {
	switch {
	case e == nil:
		return ""
	case e.Kind == bmv2json.KConst:
		return e.Const.String()
	case e.Kind == bmv2json.KField:
		return e.Field.Name()
	case e.Kind == bmv2json.KBool:
		return fmt.Sprint(e.Bool)
	}
	return fmt.Sprintf("(%s %s | %s %s)", e.Op, show(e.Cond), show(e.Left), show(e.Right))
}

// TestArithmetic compares random expressions with math/big, assigned to fields
// of every width.
func TestArithmetic(t *testing.T) {
	r := randomised(t)
	g := newExprRig(r)
	for i := range 3000 {
		g.narrow = i%2 == 0
		e := g.data(1 + r.IntN(4))
		dst := r.IntN(len(g.h.Type.Fields))
		g.c.tmpWords = 0
		if r.IntN(2) == 0 { // something to share
			x := &bmv2json.Expr{Kind: bmv2json.KOp, Op: "+", Left: e, Right: e}
			e = &bmv2json.Expr{Kind: bmv2json.KOp, Op: "^", Left: x, Right: &bmv2json.Expr{Kind: bmv2json.KOp, Op: ">>", Left: x, Right: &bmv2json.Expr{Kind: bmv2json.KConst, Const: big.NewInt(int64(r.IntN(70)))}}}
		}
		n, before, err := g.c.share(e)
		if err != nil {
			t.Fatalf("%s: %v", show(e), err)
		}
		s := g.c.l.member(0, dst)
		store, err := g.c.storeSlot(s, n)
		if err != nil {
			t.Fatal(err)
		}
		store = after(before, store)
		for range 8 {
			ref := &reference{g.fill()}
			g.p.tmp = make([]uint64, g.c.tmpWords)
			g.p.w = append(g.p.w, make([]uint64, g.c.l.words-len(g.p.w))...)
			want := ref.data(e)
			if n.lo.BitLen() <= maxBits-64 && (want.Cmp(n.lo) < 0 || want.Cmp(n.hi) > 0) {
				t.Fatalf("%s = %v is outside %v to %v", show(e), want, n.lo, n.hi)
			}
			store(g.p)
			_, ones := unsignedRange(s.width)
			exp := toWords(new(big.Int).And(want, ones), s.words)
			if got := g.p.w[s.off : s.off+s.words]; !equalWords(got, exp) {
				t.Fatalf("%s\nto %d bits: got %x, want %x", show(e), s.width, got, exp)
			}
		}
	}
}

// TestConditions does the same with conditions.
func TestConditions(t *testing.T) {
	r := randomised(t)
	g := newExprRig(r)
	for i := range 1500 {
		g.narrow = i%4 == 0
		e := g.bool(1 + r.IntN(4))
		g.c.tmpWords = 0
		b, err := g.c.boolean(e)
		if err != nil {
			t.Fatalf("%s: %v", show(e), err)
		}
		for range 8 {
			ref := &reference{g.fill()}
			g.p.tmp = make([]uint64, g.c.tmpWords)
			if got, want := b(g.p), ref.bool(e); got != want {
				t.Fatalf("%s: got %v, want %v", show(e), got, want)
			}
		}
	}
}

func equalWords(a, b []uint64) bool { return cmpUnsigned(a, b) == 0 }
