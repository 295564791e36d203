package bmv2json

import (
	"math/big"

	"github.com/firstack/firstack/softswitch/bmv2json/jsontree"
)

// Type is the type of an expression.
type Type uint8

// The types an expression can have.
const (
	Data Type = iota // a number of any size
	Bool
	HeaderT
	StackT
	UnionT
	UnionStackT
)

// ExprKind says which members of an Expr are meaningful.
type ExprKind uint8

// The kinds of expressions.
const (
	KConst      ExprKind = iota // Const
	KBool                       // Bool
	KField                      // Field
	KLocal                      // Local: index of the action's parameter
	KHeader                     // Header
	KStack                      // Stack
	KUnion                      // Union
	KUnionStack                 // UnionStack
	KStackLast                  // Stack, Member: field of the last header
	KUnionLast                  // UnionStack, Union member Member, field Member2
	KRegister                   // Register, Left: index
	KLookahead                  // Offset, Width in bits; parser only
	KOp                         // Op, Left, Right, Cond
	KAccess                     // Left (a header), Member: its field
	KMember                     // Left (a union), Member: its header
)

// Expr is an expression, type-checked.
type Expr struct {
	Kind       ExprKind
	Type       Type
	Const      *big.Int
	Bool       bool
	Field      FieldRef
	Local      int
	Header     *Header
	Stack      *Stack
	Union      *Union
	UnionStack *UnionStack
	Register   *Register
	Member     int
	Member2    int
	Offset     int
	Width      int
	Op         string // as in the JSON: "+", "==", "d2b", "?"...
	Left       *Expr
	Right      *Expr
	Cond       *Expr
}

// signature of an operator: operand types and result. An absent left operand
// makes it unary.
type signature struct {
	left, right, result Type
	unary               bool // takes right only
}

var operators = map[string]signature{
	"+": {Data, Data, Data, false}, "-": {Data, Data, Data, false}, "*": {Data, Data, Data, false},
	"/": {Data, Data, Data, false}, "%": {Data, Data, Data, false},
	"<<": {Data, Data, Data, false}, ">>": {Data, Data, Data, false},
	"&": {Data, Data, Data, false}, "|": {Data, Data, Data, false}, "^": {Data, Data, Data, false},
	">": {Data, Data, Bool, false}, ">=": {Data, Data, Bool, false},
	"<": {Data, Data, Bool, false}, "<=": {Data, Data, Bool, false},
	"and": {Bool, Bool, Bool, false}, "or": {Bool, Bool, Bool, false},
	"two_comp_mod": {Data, Data, Data, false}, "usat_cast": {Data, Data, Data, false}, "sat_cast": {Data, Data, Data, false},
	"dereference_header_stack": {StackT, Data, HeaderT, false},
	"dereference_union_stack":  {UnionStackT, Data, UnionT, false},
	"not":                      {right: Bool, result: Bool, unary: true},
	"~":                        {right: Data, result: Data, unary: true},
	"valid":                    {right: HeaderT, result: Bool, unary: true},
	"valid_union":              {right: UnionT, result: Bool, unary: true},
	"d2b":                      {right: Data, result: Bool, unary: true},
	"b2d":                      {right: Bool, result: Data, unary: true},
	"last_stack_index":         {right: StackT, result: Data, unary: true},
	"size_stack":               {right: StackT, result: Data, unary: true},
}

// rawExpr holds the operands of an expression.
type rawExpr struct{ Left, Right, Cond *jsontree.Value }

// expr decodes a type value object into an expression.
func (d *decoder) expr(raw *jsontree.Value) (*Expr, error) { return d.exprAt(raw, 0) }

// typed decodes an expression and insists on its type.
func (d *decoder) typed(raw *jsontree.Value, want Type) (*Expr, error) {
	e, err := d.expr(raw)
	if err != nil {
		return nil, err
	}
	if e.Type != want {
		return nil, invalid("%.80s: operand of the wrong type", raw)
	}
	return e, nil
}

func (d *decoder) exprAt(raw *jsontree.Value, depth int) (*Expr, error) {
	if depth > maxDepth {
		return nil, unsupported("expression nested more than %d deep", maxDepth)
	}
	typ, err := raw.Member("type").Text()
	if err != nil || typ == "" {
		return nil, invalid("expression %.80s", raw)
	}
	v := raw.Member("value")
	if typ != "expression" {
		return d.leaf(rawValue{Type: typ, Value: v}, depth)
	}
	if v.Member("op").IsNull() {
		if v.Member("type").IsNull() {
			return nil, invalid("expression %.80s has no op", raw)
		}
		return d.exprAt(v, depth+1) // the value is itself a type value object
	}
	op, err := v.Member("op").Text()
	if err != nil {
		return nil, invalid("expression %.80s", raw)
	}
	r := rawExpr{Left: v.Member("left"), Right: v.Member("right"), Cond: v.Member("cond")}
	e, err := d.operation(op, &r, depth+1)
	return e, at(err, "op %q", op)
}

func (d *decoder) operation(op string, r *rawExpr, depth int) (*Expr, error) {
	switch op {
	case "?":
		return d.ternary(r, depth)
	case "==", "!=":
		return d.equality(op, r, depth)
	case "access_field":
		return d.access(r, depth)
	case "access_union_header":
		left, err := d.operand(r.Left, UnionT, depth)
		if err != nil {
			return nil, err
		}
		i, err := intOf(r.Right)
		if err != nil {
			return nil, err
		}
		if i < 0 || i >= len(unionShape(left).Headers) {
			return nil, invalid("union member %d", i)
		}
		return &Expr{Kind: KMember, Type: HeaderT, Left: left, Member: i}, nil
	}
	sig, ok := operators[op]
	if !ok {
		return nil, unsupported("operator %q", op)
	}
	e := &Expr{Kind: KOp, Type: sig.result, Op: op}
	var err error
	switch {
	case sig.unary && !r.Left.IsNull():
		return nil, invalid("left operand of a unary operator")
	case sig.unary:
	case r.Left.IsNull() && (op == "+" || op == "-"):
		e.Left = &Expr{Kind: KConst, Type: Data, Const: new(big.Int)}
	default:
		if e.Left, err = d.operand(r.Left, sig.left, depth); err != nil {
			return nil, err
		}
	}
	if e.Right, err = d.operand(r.Right, sig.right, depth); err != nil {
		return nil, err
	}
	switch op {
	case "two_comp_mod", "usat_cast", "sat_cast":
		w := e.Right.Const
		if w == nil || !w.IsInt64() || w.Int64() < 1 || w.Int64() > maxFieldWidth {
			return nil, unsupported("%s to a width that is no constant", op)
		}
	}
	return e, nil
}

func (d *decoder) operand(raw *jsontree.Value, want Type, depth int) (*Expr, error) {
	if raw.IsNull() {
		return nil, invalid("operand missing")
	}
	e, err := d.exprAt(raw, depth)
	if err != nil {
		return nil, err
	}
	if e.Type != want {
		return nil, invalid("%.80s: operand of the wrong type", raw)
	}
	return e, nil
}

func (d *decoder) ternary(r *rawExpr, depth int) (*Expr, error) {
	cond, err := d.operand(r.Cond, Bool, depth)
	if err != nil {
		return nil, err
	}
	left, err := d.exprAt(r.Left, depth)
	if err != nil {
		return nil, err
	}
	right, err := d.operand(r.Right, left.Type, depth)
	if err != nil {
		return nil, err
	}
	if left.Type != Data && left.Type != Bool {
		return nil, unsupported("choice between headers")
	}
	return &Expr{Kind: KOp, Type: left.Type, Op: "?", Left: left, Right: right, Cond: cond}, nil
}

func (d *decoder) equality(op string, r *rawExpr, depth int) (*Expr, error) {
	left, err := d.exprAt(r.Left, depth)
	if err != nil {
		return nil, err
	}
	right, err := d.operand(r.Right, left.Type, depth)
	if err != nil {
		return nil, err
	}
	if left.Type == StackT || left.Type == UnionStackT {
		return nil, unsupported("comparison of stacks")
	}
	return &Expr{Kind: KOp, Type: Bool, Op: op, Left: left, Right: right}, nil
}

func (d *decoder) access(r *rawExpr, depth int) (*Expr, error) {
	left, err := d.operand(r.Left, HeaderT, depth)
	if err != nil {
		return nil, err
	}
	i, err := intOf(r.Right)
	if err != nil {
		return nil, err
	}
	// BMv2 appends $valid$ behind the declared fields.
	t := ShapeOf(left)
	if i == len(t.Fields) {
		i = ValidField
	}
	if i < ValidField || i >= len(t.Fields) {
		return nil, invalid("field %d of %s", i, t.Name)
	}
	return &Expr{Kind: KAccess, Type: Data, Left: left, Member: i}, nil
}

// ShapeOf gives the header type of an expression of type HeaderT.
func ShapeOf(e *Expr) *HeaderType {
	switch e.Kind {
	case KHeader:
		return e.Header.Type
	case KMember:
		return unionShape(e.Left).Headers[e.Member].Type
	default: // dereference_header_stack
		return e.Left.Stack.Type
	}
}

// unionShape gives a union of the type of an expression of type UnionT.
func unionShape(e *Expr) *Union {
	if e.Kind == KUnion {
		return e.Union
	}
	return e.Left.UnionStack.Unions[0] // dereference_union_stack
}

func (d *decoder) leaf(v rawValue, depth int) (*Expr, error) {
	switch v.Type {
	case "bool":
		b, err := v.Value.Truth()
		if err != nil {
			return nil, invalid("bool %.20s", v.Value)
		}
		return &Expr{Kind: KBool, Type: Bool, Bool: b}, nil
	case "field":
		ref, err := d.fieldValue(v.Value)
		return &Expr{Kind: KField, Type: Data, Field: ref}, err
	case "local", "runtime_data":
		i, err := intOf(v.Value)
		if err == nil && i < 0 {
			err = invalid("%s %d", v.Type, i)
		}
		return &Expr{Kind: KLocal, Type: Data, Local: i}, err
	case "lookahead":
		return lookahead(v.Value)
	case "register":
		return d.register(v.Value, depth)
	case "stack_field":
		name, field, err := pair(v.Value)
		if err != nil {
			return nil, err
		}
		s, err := find(d.stackByName, "header stack", name)
		if err != nil {
			return nil, err
		}
		i := s.Type.FieldIndex(field)
		if i < ValidField {
			return nil, invalid("header type %q has no field %q", s.Type.Name, field)
		}
		return &Expr{Kind: KStackLast, Type: Data, Stack: s, Member: i}, nil
	case "union_stack_field":
		return d.unionStackField(v.Value)
	}
	name, err := stringOf(v.Value)
	if err != nil {
		return nil, err
	}
	return d.named(v.Type, name)
}

func (d *decoder) named(typ, name string) (*Expr, error) {
	switch typ {
	case "hexstr":
		c, err := hex(name)
		return &Expr{Kind: KConst, Type: Data, Const: c}, err
	case "header":
		h, err := find(d.headerByName, "header", name)
		return &Expr{Kind: KHeader, Type: HeaderT, Header: h}, err
	case "header_stack":
		s, err := find(d.stackByName, "header stack", name)
		return &Expr{Kind: KStack, Type: StackT, Stack: s}, err
	case "header_union":
		u, err := find(d.unionByName, "header union", name)
		return &Expr{Kind: KUnion, Type: UnionT, Union: u}, err
	case "header_union_stack":
		s, err := find(d.ustackByName, "header union stack", name)
		return &Expr{Kind: KUnionStack, Type: UnionStackT, UnionStack: s}, err
	}
	return nil, unsupported("value of type %q", typ)
}

func lookahead(raw *jsontree.Value) (*Expr, error) {
	var t []int
	if err := unmarshal(raw, &t); err != nil || len(t) != 2 ||
		t[0] < 0 || t[1] < 1 || t[0] > maxFieldWidth || t[1] > maxFieldWidth {
		return nil, invalid("lookahead %.40s", raw)
	}
	return &Expr{Kind: KLookahead, Type: Data, Offset: t[0], Width: t[1]}, nil
}

func (d *decoder) register(raw *jsontree.Value, depth int) (*Expr, error) {
	t, err := tuple(raw, 2)
	if err != nil {
		return nil, err
	}
	name, err := stringOf(&t[0])
	if err != nil {
		return nil, err
	}
	r, err := find(d.regByName, "register", name)
	if err != nil {
		return nil, err
	}
	idx, err := d.operand(&t[1], Data, depth+1)
	return &Expr{Kind: KRegister, Type: Data, Register: r, Left: idx}, err
}

func (d *decoder) unionStackField(raw *jsontree.Value) (*Expr, error) {
	var t []string
	if err := unmarshal(raw, &t); err != nil || len(t) != 3 {
		return nil, invalid("union_stack_field %.60s", raw)
	}
	s, err := find(d.ustackByName, "header union stack", t[0])
	if err != nil {
		return nil, err
	}
	u := s.Unions[0]
	for i, m := range u.Members {
		if m == t[1] {
			j := u.Headers[i].Type.FieldIndex(t[2])
			if j < ValidField {
				return nil, invalid("%s.%s has no field %q", t[0], t[1], t[2])
			}
			return &Expr{Kind: KUnionLast, Type: Data, UnionStack: s, Member: i, Member2: j}, nil
		}
	}
	return nil, invalid("%s has no member %q", t[0], t[1])
}
