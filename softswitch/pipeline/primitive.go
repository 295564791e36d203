package pipeline

import (
	"github.com/firstack/firstack/softswitch/bmv2json"
)

// builder compiles one primitive; a nil op is a step without effect.
type builder struct {
	params int
	build  func(c *compiler, a []bmv2json.Param) (op, error)
}

// primitives are BMv2's core primitives and simple_switch's.
var primitives map[string]builder

func init() {
	primitives = map[string]builder{
		"assign":              {2, (*compiler).assignPrim},
		"modify_field":        {2, (*compiler).assignPrim},
		"assign_VL":           {2, (*compiler).assignVarBit},
		"assign_header":       {2, (*compiler).assignHeader},
		"copy_header":         {2, (*compiler).assignHeader},
		"assign_union":        {2, (*compiler).assignUnion},
		"assign_header_stack": {2, (*compiler).assignStack},
		"assign_union_stack":  {2, (*compiler).assignUnionStack},
		"push":                {2, (*compiler).push},
		"pop":                 {2, (*compiler).pop},
		"add_header":          {1, (*compiler).addHeader},
		"remove_header":       {1, (*compiler).removeHeader},
		"exit":                {0, func(*compiler, []bmv2json.Param) (op, error) { return func(p *packet) { p.exit = true }, nil }},
		"no_op":               {0, func(*compiler, []bmv2json.Param) (op, error) { return nil, nil }},
		"assert":              {1, (*compiler).assert},
		"assume":              {1, (*compiler).assert},
		"log_msg":             {2, (*compiler).logMsg},
		"mark_to_drop":        {1, (*compiler).markToDrop},
		"drop":                {0, (*compiler).drop},
		"truncate":            {1, (*compiler).truncate},

		"add":        {3, arithmetic("+")},
		"subtract":   {3, arithmetic("-")},
		"bit_and":    {3, arithmetic("&")},
		"bit_or":     {3, arithmetic("|")},
		"bit_xor":    {3, arithmetic("^")},
		"shift_left": {3, arithmetic("<<")}, "shift_right": {3, arithmetic(">>")},
		"add_to_field":        {2, (*compiler).addToField},
		"subtract_from_field": {2, (*compiler).subtractFromField},

		"register_read":                       {3, (*compiler).registerRead},
		"register_write":                      {3, (*compiler).registerWrite},
		"count":                               {2, (*compiler).count},
		"execute_meter":                       {3, (*compiler).executeMeter},
		"modify_field_with_hash_based_offset": {4, (*compiler).hashOffset},
		"modify_field_rng_uniform":            {3, (*compiler).random},
		"generate_digest":                     {2, (*compiler).digest},
		"clone_ingress_pkt_to_egress":         {2, (*compiler).clone},
		"clone_egress_pkt_to_egress":          {2, (*compiler).clone},
		"resubmit":                            {1, (*compiler).resubmit},
		"recirculate":                         {1, (*compiler).recirculate},
	}
}

// primitive compiles one primitive call.
func (c *compiler) primitive(prim *bmv2json.Primitive) (op, error) {
	b, ok := primitives[prim.Op]
	if !ok {
		return nil, unsupported("primitive %q", prim.Op)
	}
	if len(prim.Params) != b.params {
		return nil, unsupported("%d parameters, want %d", len(prim.Params), b.params)
	}
	return b.build(c, prim.Params)
}

// number compiles an argument as a number; booleans become 0 or 1.
func (c *compiler) number(a *bmv2json.Param) (num, error) {
	if a.Kind != bmv2json.PExpr {
		return num{}, unsupported("argument that is no number")
	}
	switch a.Expr.Type {
	case bmv2json.Data:
		return c.num(a.Expr)
	case bmv2json.Bool:
		return c.num(&bmv2json.Expr{Kind: bmv2json.KOp, Type: bmv2json.Data, Op: "b2d", Right: a.Expr})
	}
	return num{}, unsupported("argument that is no number")
}

// constantOf insists on a constant argument within 0 to limit.
func constantOf(a *bmv2json.Param, limit int64) (int, error) {
	if a.Kind != bmv2json.PExpr || a.Expr.Kind != bmv2json.KConst || !a.Expr.Const.IsInt64() {
		return 0, unsupported("argument that is no constant")
	}
	v := a.Expr.Const.Int64()
	if v < 0 || v > limit {
		return 0, unsupported("constant %d", v)
	}
	return int(v), nil
}

func exprOf(a *bmv2json.Param, want bmv2json.Type) (*bmv2json.Expr, error) {
	if a.Kind != bmv2json.PExpr || a.Expr.Type != want {
		return nil, unsupported("argument of the wrong type")
	}
	return a.Expr, nil
}

func (c *compiler) target(a *bmv2json.Param, src num) (op, error) {
	dst, err := exprOf(a, bmv2json.Data)
	if err != nil {
		return nil, err
	}
	return c.assign(dst, src)
}

func (c *compiler) assignPrim(a []bmv2json.Param) (op, error) {
	if copied, f := c.copyField(a); copied {
		return f, nil
	}
	if a[1].Kind != bmv2json.PExpr || a[1].Expr.Type != bmv2json.Data {
		src, err := c.number(&a[1])
		if err != nil {
			return nil, err
		}
		return c.target(&a[0], src)
	}
	src, before, err := c.share(a[1].Expr)
	if err != nil {
		return nil, err
	}
	f, err := c.target(&a[0], src)
	return after(before, f), err
}

// steps compiles one primitive call to the steps it takes.
func (c *compiler) steps(prim *bmv2json.Primitive) ([]step, error) {
	if prim.Op == "assign" && len(prim.Params) == 2 {
		if sums, err := c.assignSums(prim.Params); len(sums) > 0 || err != nil {
			return sums, err
		}
	}
	f, err := c.primitive(prim)
	if f == nil || err != nil {
		return nil, err
	}
	return []step{{do: f, e: c.effect(prim)}}, nil
}

// assignSums compiles an assignment to sums; none when it takes more.
func (c *compiler) assignSums(a []bmv2json.Param) (steps []step, err error) {
	if a[0].Kind != bmv2json.PExpr || a[0].Expr.Kind != bmv2json.KField || a[0].Expr.Field.Field == bmv2json.ValidField ||
		a[1].Kind != bmv2json.PExpr || a[1].Expr.Type != bmv2json.Data {
		return nil, nil
	}
	dst := c.l.slot(a[0].Expr.Field)
	if dst.words > 1 || dst.varbit || c.strict {
		return nil, nil
	}
	n, before, err := c.share(a[1].Expr)
	if err != nil {
		return nil, err
	}
	last, ok := n.asSum()
	if !ok {
		return nil, nil
	}
	for _, b := range before {
		if b.sum == nil {
			return nil, nil
		}
		steps = append(steps, b.sum.step())
	}
	last.dst = dst.off
	last.mask &= mask64(dst.width)
	return append(steps, last.step()), nil
}

// copyField is the short way between wide fields of one width.
func (c *compiler) copyField(a []bmv2json.Param) (bool, op) {
	if c.strict || a[0].Kind != bmv2json.PExpr || a[1].Kind != bmv2json.PExpr ||
		a[0].Expr.Kind != bmv2json.KField || a[1].Expr.Kind != bmv2json.KField {
		return false, nil
	}
	dst, src := c.l.slot(a[0].Expr.Field), c.l.slot(a[1].Expr.Field)
	if dst.varbit || src.varbit || dst.words == 1 || dst.width != src.width || a[0].Expr.Field.Field == bmv2json.ValidField {
		return false, nil
	}
	return true, func(p *packet) { copy(p.w[dst.off:dst.off+dst.words], p.w[src.off:src.off+src.words]) }
}

func arithmetic(name string) func(*compiler, []bmv2json.Param) (op, error) {
	return func(c *compiler, a []bmv2json.Param) (op, error) {
		l, err := exprOf(&a[1], bmv2json.Data)
		if err != nil {
			return nil, err
		}
		r, err := exprOf(&a[2], bmv2json.Data)
		if err != nil {
			return nil, err
		}
		n, err := c.operation(&bmv2json.Expr{Kind: bmv2json.KOp, Op: name, Left: l, Right: r})
		if err != nil {
			return nil, err
		}
		return c.target(&a[0], n)
	}
}

func (c *compiler) addToField(a []bmv2json.Param) (op, error) {
	return arithmetic("+")(c, []bmv2json.Param{a[0], a[0], a[1]})
}

func (c *compiler) subtractFromField(a []bmv2json.Param) (op, error) {
	return arithmetic("-")(c, []bmv2json.Param{a[0], a[0], a[1]})
}

// assert cannot stop the switch as BMv2's does: it is reported and counted.
func (c *compiler) assert(a []bmv2json.Param) (op, error) {
	zero, err := c.isZero(&a[0])
	if err != nil {
		return nil, err
	}
	return func(p *packet) {
		if zero(p) {
			p.pl.stats.Asserts++
			p.pl.note(p, EventLog, "assertion failed")
		}
	}, nil
}

func (c *compiler) logMsg(a []bmv2json.Param) (op, error) {
	if a[0].Kind != bmv2json.PString || a[1].Kind != bmv2json.PVector {
		return nil, unsupported("arguments of log_msg")
	}
	format := a[0].String
	var args []func(p *packet) uint64
	for i := range a[1].Vector {
		n, err := c.number(&a[1].Vector[i])
		if err != nil {
			return nil, err
		}
		args = append(args, n.low)
	}
	return func(p *packet) {
		if p.pl.env.Tracer != nil {
			p.pl.note(p, EventLog, logText(p, format, args))
		}
	}, nil
}

// random is inclusive at both ends and writes nothing when they are reversed.
func (c *compiler) random(a []bmv2json.Param) (op, error) {
	lo, err := c.number(&a[1])
	if err != nil {
		return nil, err
	}
	hi, err := c.number(&a[2])
	if err != nil {
		return nil, err
	}
	_, most := unsignedRange(64)
	t := c.scratch(1)
	store, err := c.target(&a[0], num{lo: big0, hi: most, low: func(p *packet) uint64 { return p.tmp[t] }})
	if err != nil {
		return nil, err
	}
	return func(p *packet) {
		l, h := lo.low(p), hi.low(p)
		if l > h {
			return
		}
		p.tmp[t] = l + p.pl.random(h-l)
		store(p)
	}, nil
}

// hashOffset is hash(): base + H % max, with max 0 taken as 1.
func (c *compiler) hashOffset(a []bmv2json.Param) (op, error) {
	if a[2].Kind != bmv2json.PCalculation {
		return nil, unsupported("hash without calculation")
	}
	calc, err := c.calculation(a[2].Calculation)
	if err != nil {
		return nil, err
	}
	base, err := c.number(&a[1])
	if err != nil {
		return nil, err
	}
	size, err := c.number(&a[3])
	if err != nil {
		return nil, err
	}
	_, most := unsignedRange(64)
	if size.shape == shapeConst && size.k > 0 && base.shape == shapeConst && base.k == 0 {
		k := size.k
		low := func(p *packet) uint64 { return calc(p) % k }
		if k&(k-1) == 0 {
			low = func(p *packet) uint64 { return calc(p) & (k - 1) }
		}
		return c.target(&a[0], num{lo: big0, hi: most, low: low})
	}
	return c.target(&a[0], num{lo: big0, hi: most, low: func(p *packet) uint64 {
		return calc(p)%max(size.low(p), 1) + base.low(p)
	}})
}
