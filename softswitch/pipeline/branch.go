package pipeline

import "github.com/firstack/firstack/softswitch/bmv2json"

// branchNode compiles a condition. The traced form reports it as a whole; the
// other is taken apart: "and", "or" and "not" become branches of their own, and
// a comparison of a field with a constant needs no closure.
func (c *compiler) branchNode(n *node, src *bmv2json.Conditional, to func(*bmv2json.Node) *node) error {
	cond, err := c.boolean(src.Expr)
	if err != nil {
		return err
	}
	yes, no := to(src.True), to(src.False)
	name := n.name
	n.step = func(p *packet) *node {
		ok := cond(p)
		p.pl.trace(p, Event{Kind: EventCondition, Name: name, Hit: ok})
		if ok {
			return yes
		}
		return no
	}
	return c.lower(n, src.Expr, yes, no)
}

// lower makes n the branch on an expression.
func (c *compiler) lower(n *node, e *bmv2json.Expr, yes, no *node) error {
	n.yes, n.no = yes, no
	if e.Kind == bmv2json.KOp {
		switch e.Op {
		case "not":
			return c.lower(n, e.Right, no, yes)
		case "and":
			second := &node{name: n.name}
			if err := c.lower(second, e.Right, yes, no); err != nil {
				return err
			}
			return c.lower(n, e.Left, second, no)
		case "or":
			second := &node{name: n.name}
			if err := c.lower(second, e.Right, yes, no); err != nil {
				return err
			}
			return c.lower(n, e.Left, yes, second)
		case "valid":
			if e.Right.Kind == bmv2json.KHeader {
				n.kind, n.off, n.k = nodeUnequal, c.l.headers[e.Right.Header.Index].valid, 0
				return nil
			}
		case "d2b":
			return c.lowerCompare(n, "!=", e.Right, &bmv2json.Expr{Kind: bmv2json.KConst, Const: big0}, e)
		case "==", "!=":
			if e.Left.Type == bmv2json.Data {
				return c.lowerCompare(n, e.Op, e.Left, e.Right, e)
			}
		}
	}
	return c.lowerTest(n, e)
}

// lowerCompare uses the short form when one side is a field of one word and the
// other a constant.
func (c *compiler) lowerCompare(n *node, op string, l, r, whole *bmv2json.Expr) error {
	a, err := c.num(l)
	if err != nil {
		return err
	}
	b, err := c.num(r)
	if err != nil {
		return err
	}
	if a.shape == shapeConst {
		a, b = b, a
	}
	if a.shape != shapeField || b.shape != shapeConst || !b.unsigned() {
		return c.lowerTest(n, whole)
	}
	n.kind, n.off, n.k = nodeEqual, a.off, b.k
	if op == "!=" {
		n.kind = nodeUnequal
	}
	return nil
}

func (c *compiler) lowerTest(n *node, e *bmv2json.Expr) (err error) {
	n.kind = nodeTest
	if reads := []int{}; c.readsOf(e, &reads) && !local(e) {
		n.reads = reads
	}
	n.test, err = c.boolean(e)
	return err
}
