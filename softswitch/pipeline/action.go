package pipeline

import (
	"github.com/firstack/firstack/softswitch/bmv2json"
)

// maxSteps bounds the primitives of one run of an action that jumps backwards.
const maxSteps = 1 << 16

// action is a compiled action.
type action struct {
	name   string
	params []param
	words  int // of the arguments
	steps  []step
	ops    []op // the same, fused
	// jumps is set, instead of ops, when the action has control flow of its own:
	// each step gives the index of the next.
	jumps []func(p *packet) int
	exits bool // it may exit
}

// run carries the action out; p.args are its arguments.
func (a *action) run(p *packet) {
	if a.jumps == nil {
		for _, f := range a.ops {
			f(p)
		}
		return
	}
	for pc, n := 0, 0; pc < len(a.jumps) && n < maxSteps; n++ {
		pc = a.jumps[pc](p)
	}
}

// action compiles one action.
func (c *compiler) action(src *bmv2json.Action) (*action, error) {
	a := &action{name: src.Name}
	for _, p := range src.Params {
		q := param{name: p.Name, off: a.words, words: (p.Width + 63) / 64, width: p.Width}
		a.words += q.words
		a.params = append(a.params, q)
	}
	c.params = a.params
	defer func() { c.params = nil }()
	jumps := false
	for i := range src.Primitives {
		switch src.Primitives[i].Op {
		case "_jump", "_jump_if_zero":
			jumps = true
		case "exit":
			a.exits = true
		}
	}
	for i := range src.Primitives {
		prim := &src.Primitives[i]
		if jumps {
			step, err := c.jumpStep(prim, i, len(src.Primitives))
			if err != nil {
				return nil, primitiveError(err, src.Name, prim)
			}
			a.jumps = append(a.jumps, step)
			continue
		}
		steps, err := c.steps(prim)
		if err != nil {
			return nil, primitiveError(err, src.Name, prim)
		}
		a.steps = append(a.steps, steps...)
	}
	a.ops = fuse(a.steps)
	return a, nil
}

func primitiveError(err error, where string, prim *bmv2json.Primitive) error {
	return place(err, "%s: primitive %s (%s:%d)", where, prim.Op, prim.Source.File, prim.Source.Line)
}

// jumpStep compiles step i of an action with jumps.
func (c *compiler) jumpStep(prim *bmv2json.Primitive, i, n int) (func(p *packet) int, error) {
	next := i + 1
	switch prim.Op {
	case "_jump":
		if len(prim.Params) != 1 {
			return nil, unsupported("%d parameters", len(prim.Params))
		}
		to, err := jumpTarget(&prim.Params[0], n)
		return func(*packet) int { return to }, err
	case "_jump_if_zero":
		if len(prim.Params) != 2 {
			return nil, unsupported("%d parameters", len(prim.Params))
		}
		to, err := jumpTarget(&prim.Params[1], n)
		if err != nil {
			return nil, err
		}
		zero, err := c.isZero(&prim.Params[0])
		if err != nil {
			return nil, err
		}
		return func(p *packet) int {
			if zero(p) {
				return to
			}
			return next
		}, nil
	}
	f, err := c.primitive(prim)
	if err != nil || f == nil {
		return func(*packet) int { return next }, err
	}
	return func(p *packet) int {
		f(p)
		return next
	}, nil
}

func jumpTarget(a *bmv2json.Param, n int) (int, error) {
	if a.Kind != bmv2json.PExpr || a.Expr.Kind != bmv2json.KConst || !a.Expr.Const.IsInt64() {
		return 0, unsupported("jump to a place that is no constant")
	}
	to := a.Expr.Const.Int64()
	if to < 0 || to > int64(n) {
		return 0, unsupported("jump to %d of %d primitives", to, n)
	}
	return int(to), nil
}

// isZero compiles the condition of _jump_if_zero, a boolean or a number.
func (c *compiler) isZero(a *bmv2json.Param) (test, error) {
	if a.Kind != bmv2json.PExpr {
		return nil, unsupported("condition that is no number")
	}
	if a.Expr.Type == bmv2json.Bool {
		b, err := c.boolean(a.Expr)
		if err != nil {
			return nil, err
		}
		return func(p *packet) bool { return !b(p) }, nil
	}
	n, err := c.number(a)
	if err != nil {
		return nil, err
	}
	return c.compare("==", n, constant(big0)), nil
}
