package pipeline

import (
	"slices"

	"github.com/firstack/firstack/softswitch/bmv2json"
)

// test is a compiled condition.
type test func(p *packet) bool

// boolean compiles an expression of type Bool.
func (c *compiler) boolean(e *bmv2json.Expr) (test, error) {
	if e.Kind == bmv2json.KBool {
		v := e.Bool
		return func(*packet) bool { return v }, nil
	}
	if e.Kind != bmv2json.KOp {
		return nil, unsupported("expression kind %d as a condition", e.Kind)
	}
	switch e.Op {
	case "and", "or":
		return c.logic(e)
	case "not":
		return c.negation(e)
	case "valid":
		return c.valid(e.Right)
	case "valid_union":
		return c.validUnion(e.Right)
	case "d2b":
		n, err := c.num(e.Right)
		if err != nil {
			return nil, err
		}
		return c.compare("!=", n, constant(big0)), nil
	case "?":
		return c.boolChoice(e)
	case "==", "!=":
		switch e.Left.Type {
		case bmv2json.Bool:
			return c.boolEquality(e)
		case bmv2json.HeaderT:
			return c.headerEquality(e)
		case bmv2json.UnionT:
			return c.unionEquality(e)
		}
	}
	a, err := c.num(e.Left)
	if err != nil {
		return nil, err
	}
	b, err := c.num(e.Right)
	if err != nil {
		return nil, err
	}
	return c.compare(e.Op, a, b), nil
}

func (c *compiler) both(l, r *bmv2json.Expr) (a, b test, err error) {
	if a, err = c.boolean(l); err != nil {
		return nil, nil, err
	}
	b, err = c.boolean(r)
	return a, b, err
}

// logic compiles and, or. Evaluation has no side effects, so that stopping
// early is not seen.
func (c *compiler) logic(e *bmv2json.Expr) (test, error) {
	a, b, err := c.both(e.Left, e.Right)
	if err != nil {
		return nil, err
	}
	if e.Op == "and" {
		return func(p *packet) bool { return a(p) && b(p) }, nil
	}
	return func(p *packet) bool { return a(p) || b(p) }, nil
}

func (c *compiler) negation(e *bmv2json.Expr) (test, error) {
	a, err := c.boolean(e.Right)
	if err != nil {
		return nil, err
	}
	return func(p *packet) bool { return !a(p) }, nil
}

func (c *compiler) boolChoice(e *bmv2json.Expr) (test, error) {
	cond, err := c.boolean(e.Cond)
	if err != nil {
		return nil, err
	}
	a, b, err := c.both(e.Left, e.Right)
	if err != nil {
		return nil, err
	}
	return func(p *packet) bool {
		if cond(p) {
			return a(p)
		}
		return b(p)
	}, nil
}

func (c *compiler) boolEquality(e *bmv2json.Expr) (test, error) {
	a, b, err := c.both(e.Left, e.Right)
	if err != nil {
		return nil, err
	}
	want := e.Op == "=="
	return func(p *packet) bool { return (a(p) == b(p)) == want }, nil
}

// compare compiles a comparison of two numbers.
func (c *compiler) compare(op string, a, b num) test {
	if a.shape == shapeConst && b.shape != shapeConst {
		mirror := map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<="}
		if m, ok := mirror[op]; ok {
			op = m
		}
		a, b = b, a
	}
	switch {
	case a.unsigned() && b.unsigned():
		return compareUnsigned(op, &a, &b)
	case a.signed() && b.signed():
		return compareSigned(op, a.low, b.low)
	}
	size := max(a.size(), b.size())
	wa, wb, t := a.write(size), b.write(size), c.scratch(2*size)
	order := func(p *packet) int {
		l, r := p.tmp[t:t+size], p.tmp[t+size:t+2*size]
		wa(p, l)
		wb(p, r)
		return cmpLimbs(l, r)
	}
	switch op {
	case "==":
		return func(p *packet) bool { return order(p) == 0 }
	case "!=":
		return func(p *packet) bool { return order(p) != 0 }
	case "<":
		return func(p *packet) bool { return order(p) < 0 }
	case "<=":
		return func(p *packet) bool { return order(p) <= 0 }
	case ">":
		return func(p *packet) bool { return order(p) > 0 }
	default: // ">="
		return func(p *packet) bool { return order(p) >= 0 }
	}
}

func compareUnsigned(op string, a, b *num) test {
	x, y, i, j, k := a.low, b.low, a.off, b.off, b.k
	switch {
	case a.shape == shapeField && b.shape == shapeConst:
		switch op {
		case "==":
			return func(p *packet) bool { return p.w[i] == k }
		case "!=":
			return func(p *packet) bool { return p.w[i] != k }
		case "<":
			return func(p *packet) bool { return p.w[i] < k }
		case "<=":
			return func(p *packet) bool { return p.w[i] <= k }
		case ">":
			return func(p *packet) bool { return p.w[i] > k }
		default:
			return func(p *packet) bool { return p.w[i] >= k }
		}
	case a.shape == shapeField && b.shape == shapeField && op == "==":
		return func(p *packet) bool { return p.w[i] == p.w[j] }
	case a.shape == shapeField && b.shape == shapeField && op == "!=":
		return func(p *packet) bool { return p.w[i] != p.w[j] }
	case b.shape == shapeConst && op == "==":
		return func(p *packet) bool { return x(p) == k }
	case b.shape == shapeConst && op == "!=":
		return func(p *packet) bool { return x(p) != k }
	}
	switch op {
	case "==":
		return func(p *packet) bool { return x(p) == y(p) }
	case "!=":
		return func(p *packet) bool { return x(p) != y(p) }
	case "<":
		return func(p *packet) bool { return x(p) < y(p) }
	case "<=":
		return func(p *packet) bool { return x(p) <= y(p) }
	case ">":
		return func(p *packet) bool { return x(p) > y(p) }
	default:
		return func(p *packet) bool { return x(p) >= y(p) }
	}
}

func compareSigned(op string, x, y func(*packet) uint64) test {
	switch op {
	case "==":
		return func(p *packet) bool { return x(p) == y(p) }
	case "!=":
		return func(p *packet) bool { return x(p) != y(p) }
	case "<":
		return func(p *packet) bool { return int64(x(p)) < int64(y(p)) }
	case "<=":
		return func(p *packet) bool { return int64(x(p)) <= int64(y(p)) }
	case ">":
		return func(p *packet) bool { return int64(x(p)) > int64(y(p)) }
	default:
		return func(p *packet) bool { return int64(x(p)) >= int64(y(p)) }
	}
}

// valid compiles isValid() of a header.
func (c *compiler) valid(e *bmv2json.Expr) (test, error) {
	if e.Kind == bmv2json.KHeader {
		off := c.l.headers[e.Header.Index].valid
		return func(p *packet) bool { return p.w[off] != 0 }, nil
	}
	ref, _, err := c.headerRef(e)
	if err != nil {
		return nil, err
	}
	return func(p *packet) bool {
		h := ref(p)
		return h != nil && p.w[h.valid] != 0
	}, nil
}

// validUnion compiles isValid() of a union.
func (c *compiler) validUnion(e *bmv2json.Expr) (test, error) {
	members, err := c.unionRef(e)
	if err != nil {
		return nil, err
	}
	return func(p *packet) bool {
		for _, h := range members(p) {
			if p.w[h.valid] != 0 {
				return true
			}
		}
		return false
	}, nil
}

// headerEquality: both valid and all fields equal (BMv2's Header::cmp).
func (c *compiler) headerEquality(e *bmv2json.Expr) (test, error) {
	if bmv2json.ShapeOf(e.Left) != bmv2json.ShapeOf(e.Right) {
		return nil, unsupported("comparison of headers of different types")
	}
	a, _, err := c.headerRef(e.Left)
	if err != nil {
		return nil, err
	}
	b, _, err := c.headerRef(e.Right)
	if err != nil {
		return nil, err
	}
	want := e.Op == "=="
	return func(p *packet) bool { return p.sameHeader(a(p), b(p)) == want }, nil
}

func (p *packet) sameHeader(a, b *header) bool {
	return a != nil && b != nil && p.w[a.valid] != 0 && p.w[b.valid] != 0 &&
		slices.Equal(p.w[a.start:a.end], p.w[b.start:b.end])
}

// unionEquality: the same member is valid in both, with equal fields; two
// unions without a valid member are not equal (BMv2's HeaderUnion::cmp).
func (c *compiler) unionEquality(e *bmv2json.Expr) (test, error) {
	a, err := c.unionRef(e.Left)
	if err != nil {
		return nil, err
	}
	b, err := c.unionRef(e.Right)
	if err != nil {
		return nil, err
	}
	want := e.Op == "=="
	return func(p *packet) bool { return p.sameUnion(a(p), b(p)) == want }, nil
}

func (p *packet) sameUnion(a, b []*header) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if p.w[a[i].valid] != 0 {
			return p.sameHeader(a[i], b[i])
		}
	}
	return false
}
