package bmv2json

import (
	"math/big"

	"github.com/firstack/firstack/softswitch/bmv2json/jsontree"
)

// ParserOpKind is the kind of a parser operation.
type ParserOpKind uint8

// The kinds of parser operations, with the ParserOp members they use.
const (
	OpExtract   ParserOpKind = iota // Header, or Stack, or UnionStack and Member; Length for varbit headers
	OpSet                           // Dst, Expr
	OpVerify                        // Cond, Expr: the error
	OpAdvance                       // Expr: bits
	OpPrimitive                     // Primitive
)

// ParserOp is one operation of a parser state.
type ParserOp struct {
	Kind       ParserOpKind
	Header     *Header
	Stack      *Stack
	UnionStack *UnionStack
	Member     int
	Length     *Expr // bits of the varbit field, nil for fixed headers
	Dst        FieldRef
	Expr       *Expr
	Cond       *Expr
	Primitive  *Primitive
}

// Transition leads to Next (nil = accept) when the key, masked, equals Value,
// or is in Set. A default transition has neither.
type Transition struct {
	Value []*big.Int // one for each key element
	Mask  []*big.Int // likewise; nil = all ones
	Set   *ValueSet
	Next  *State
}

// State is a parser state.
type State struct {
	Name        string
	Ops         []ParserOp
	Key         []*Expr // KField, KStackLast, KUnionLast or KLookahead
	KeyWidths   []int   // bits
	Transitions []Transition
	Default     *State // nil = accept
	Index       int    // position in Parser.States
}

// Parser is a parser with its start state.
type Parser struct {
	Name   string
	Init   *State // nil = accept at once
	States []*State
}

// Deparser lists the headers in the order they are emitted.
type Deparser struct {
	Name       string
	Order      []*Header
	Primitives []Primitive // carried out before the headers are emitted
}

func (d *decoder) parsers() error {
	for i := range d.raw.Parsers {
		r := &d.raw.Parsers[i]
		p := &Parser{Name: r.Name}
		states := map[string]*State{}
		for j := range r.States {
			s, err := d.state(&r.States[j])
			if err != nil {
				return at(err, "%s: state %s", r.Name, r.States[j].Name)
			}
			s.Index = len(p.States)
			if err := add(states, "parser state", s.Name, s); err != nil {
				return err
			}
			p.States = append(p.States, s)
		}
		for j := range r.States {
			if err := d.transitions(p.States[j], &r.States[j], states); err != nil {
				return at(err, "%s: state %s", r.Name, r.States[j].Name)
			}
		}
		if r.Init != "" {
			var err error
			if p.Init, err = find(states, "parser state", r.Init); err != nil {
				return at(err, "%s", r.Name)
			}
		}
		d.p.Parsers = append(d.p.Parsers, p)
	}
	return nil
}

func (d *decoder) state(r *rawState) (*State, error) {
	s := &State{Name: r.Name}
	for i := range r.Ops {
		op, err := d.parserOp(&r.Ops[i])
		if err != nil {
			return nil, at(err, "op %s", r.Ops[i].Op)
		}
		s.Ops = append(s.Ops, op)
	}
	for _, k := range r.Key {
		e, err := d.leaf(k, 0)
		if err != nil {
			return nil, at(err, "transition_key")
		}
		w, err := keyWidth(e)
		if err != nil {
			return nil, at(err, "transition_key of type %s", k.Type)
		}
		s.Key = append(s.Key, e)
		s.KeyWidths = append(s.KeyWidths, w)
	}
	return s, nil
}

func keyWidth(e *Expr) (int, error) {
	switch e.Kind {
	case KField:
		return fixedWidth(e.Field.Header.Type, e.Field.Field)
	case KStackLast:
		return fixedWidth(e.Stack.Type, e.Member)
	case KUnionLast:
		return fixedWidth(e.UnionStack.Unions[0].Headers[e.Member].Type, e.Member2)
	case KLookahead:
		return e.Width, nil
	}
	return 0, invalid("no field")
}

func fixedWidth(t *HeaderType, i int) (int, error) {
	if i == ValidField {
		return 1, nil
	}
	if t.Fields[i].VarBit {
		return 0, unsupported("variable-length field %s", t.Fields[i].Name)
	}
	return t.Fields[i].Width, nil
}

func (d *decoder) parserOp(r *rawParserOp) (ParserOp, error) {
	want := map[string]int{"extract": 1, "extract_VL": 2, "set": 2, "verify": 2, "advance": 1, "shift": 1, "primitive": 1}
	n, ok := want[r.Op]
	if !ok {
		return ParserOp{}, unsupported("parser operation %q", r.Op)
	}
	if len(r.Params) != n {
		return ParserOp{}, invalid("%d parameters, want %d", len(r.Params), n)
	}
	switch r.Op {
	case "extract", "extract_VL":
		return d.extract(r)
	case "set":
		return d.set(r)
	case "verify":
		return d.verify(r)
	case "shift":
		n, err := intOf(r.Params[0])
		if err == nil && (n < 0 || n > maxFieldWidth) {
			err = invalid("shift by %d bytes", n)
		}
		return ParserOp{Kind: OpAdvance, Expr: &Expr{Kind: KConst, Type: Data, Const: big.NewInt(int64(n) * 8)}}, err
	case "advance":
		e, err := d.typed(r.Params[0], Data)
		if err != nil {
			return ParserOp{}, err
		}
		return ParserOp{Kind: OpAdvance, Expr: e}, noLocals(e, 0)
	default: // primitive
		var p rawPrimitive
		if err := unmarshal(r.Params[0], &p); err != nil {
			return ParserOp{}, err
		}
		prim, err := d.primitive(&p, 0)
		return ParserOp{Kind: OpPrimitive, Primitive: &prim}, err
	}
}

func (d *decoder) extract(r *rawParserOp) (ParserOp, error) {
	op := ParserOp{Kind: OpExtract}
	var v rawValue
	err := unmarshal(r.Params[0], &v)
	if err != nil {
		return op, err
	}
	var typ *HeaderType
	switch v.Type {
	case "regular":
		var name string
		if name, err = stringOf(v.Value); err != nil {
			return op, err
		}
		if op.Header, err = find(d.headerByName, "header", name); err != nil {
			return op, err
		}
		if op.Header.Metadata {
			return op, invalid("%s is metadata", name)
		}
		typ = op.Header.Type
	case "stack":
		var name string
		if name, err = stringOf(v.Value); err != nil {
			return op, err
		}
		if op.Stack, err = find(d.stackByName, "header stack", name); err != nil {
			return op, err
		}
		typ = op.Stack.Type
	case "union_stack":
		name, member, err := pair(v.Value)
		if err != nil {
			return op, err
		}
		if op.UnionStack, err = find(d.ustackByName, "header union stack", name); err != nil {
			return op, err
		}
		op.Member = -1
		u := op.UnionStack.Unions[0]
		for i, m := range u.Members {
			if m == member {
				op.Member, typ = i, u.Headers[i].Type
			}
		}
		if op.Member < 0 {
			return op, invalid("%s has no member %q", name, member)
		}
	default:
		return op, unsupported("extract to a %q", v.Type)
	}
	if (r.Op == "extract_VL") != (typ.VarBit >= 0) {
		return op, invalid("%s of header type %s", r.Op, typ.Name)
	}
	if r.Op == "extract_VL" {
		// BMv2 wants the length wrapped once: {"type": "expression", "value": E}.
		if op.Length, err = d.typed(r.Params[1], Data); err != nil {
			return op, err
		}
		return op, noLocals(op.Length, 0)
	}
	return op, nil
}

func (d *decoder) set(r *rawParserOp) (ParserOp, error) {
	op := ParserOp{Kind: OpSet}
	dst, err := d.expr(r.Params[0])
	if err != nil {
		return op, err
	}
	if dst.Kind != KField || dst.Field.Field == ValidField {
		return op, unsupported("set of something that is no field")
	}
	op.Dst = dst.Field
	op.Expr, err = d.expr(r.Params[1])
	if err != nil {
		return op, err
	}
	// p4c sets one-bit fields from boolean constants and expressions.
	if op.Expr.Type != Data && op.Expr.Type != Bool {
		return op, invalid("set from something that is no number")
	}
	if op.Expr.Kind == KLookahead {
		return op, nil
	}
	return op, noLocals(op.Expr, 0)
}

func (d *decoder) verify(r *rawParserOp) (ParserOp, error) {
	op := ParserOp{Kind: OpVerify}
	var err error
	if op.Cond, err = d.condition(r.Params[0]); err != nil {
		return op, err
	}
	if n, err := intOf(r.Params[1]); err == nil {
		op.Expr = &Expr{Kind: KConst, Type: Data, Const: big.NewInt(int64(n))}
		return op, nil
	}
	if op.Expr, err = d.typed(r.Params[1], Data); err != nil {
		return op, err
	}
	return op, noLocals(op.Expr, 0)
}

func (d *decoder) transitions(s *State, r *rawState, states map[string]*State) error {
	for _, t := range r.Transitions {
		var next *State
		if t.Next != nil {
			var err error
			if next, err = find(states, "parser state", *t.Next); err != nil {
				return err
			}
		}
		typ := t.Type
		if typ == "" || typ == "hexstr" && t.Value != nil && *t.Value == "default" {
			typ = "hexstr"
			if t.Value == nil || *t.Value == "default" {
				typ = "default"
			}
		}
		switch typ {
		case "default":
			s.Default = next
		case "hexstr":
			if t.Value == nil || len(s.Key) == 0 {
				return invalid("transition without value or key")
			}
			tr := Transition{Next: next}
			var err error
			if tr.Value, err = split(*t.Value, s.KeyWidths); err != nil {
				return err
			}
			if t.Mask != nil {
				if tr.Mask, err = split(*t.Mask, s.KeyWidths); err != nil {
					return err
				}
			}
			s.Transitions = append(s.Transitions, tr)
		case "parse_vset":
			if t.Value == nil {
				return invalid("transition without value set")
			}
			if t.Mask != nil {
				return unsupported("mask on a value set (P4_14)")
			}
			v, err := find(d.vsetByName, "value set", *t.Value)
			if err != nil {
				return err
			}
			sum := 0
			for _, w := range s.KeyWidths {
				sum += w
			}
			if sum != v.Width {
				return invalid("value set %s has %d bits, the key %d", v.Name, v.Width, sum)
			}
			s.Transitions = append(s.Transitions, Transition{Set: v, Next: next})
		default:
			return unsupported("transition of type %q", typ)
		}
	}
	return nil
}

// split cuts a transition value into its key elements, each padded to bytes.
func split(s string, widths []int) ([]*big.Int, error) {
	v, err := hex(s)
	if err != nil {
		return nil, err
	}
	if v.Sign() < 0 {
		return nil, invalid("transition value %s", s)
	}
	parts := make([]*big.Int, len(widths))
	for i := len(widths) - 1; i >= 0; i-- {
		padded := uint((widths[i] + 7) / 8 * 8)
		parts[i] = truncate(v, int(padded))
		v = new(big.Int).Rsh(v, padded)
	}
	if v.Sign() != 0 {
		return nil, invalid("transition value %s is too long", s)
	}
	return parts, nil
}

func (d *decoder) deparsers() error {
	for _, r := range d.raw.Deparsers {
		dp := &Deparser{Name: r.Name}
		for _, name := range r.Order {
			h, err := find(d.headerByName, "header", name)
			if err != nil {
				return at(err, "%s", r.Name)
			}
			if h.Metadata {
				return invalid("%s: %s is metadata", r.Name, name)
			}
			dp.Order = append(dp.Order, h)
		}
		for i := range r.Primitives {
			p, err := d.primitive(&r.Primitives[i], 0)
			if err != nil {
				return at(err, "%s", r.Name)
			}
			dp.Primitives = append(dp.Primitives, p)
		}
		d.p.Deparsers = append(d.p.Deparsers, dp)
	}
	return nil
}

func unmarshal(raw *jsontree.Value, v any) error {
	if raw == nil || jsontree.Fill(raw, v) != nil {
		return invalid("%.60s", raw)
	}
	return nil
}
