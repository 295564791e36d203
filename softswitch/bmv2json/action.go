package bmv2json

import (
	"math/big"

	"github.com/firstack/firstack/softswitch/bmv2json/jsontree"
)

// ParamKind says what a primitive's argument is.
type ParamKind uint8

// The kinds of arguments.
const (
	PExpr        ParamKind = iota // Expr: a number, header, stack, union
	PString                       // String
	PCalculation                  // Calculation
	PRegister                     // Register: the array as a whole
	PCounter                      // Counter
	PMeter                        // Meter
	PVector                       // Vector
)

// Param is one argument of a primitive.
type Param struct {
	Kind        ParamKind
	Expr        *Expr
	String      string
	Calculation *Calculation
	Register    *Register
	Counter     *Counter
	Meter       *Meter
	Vector      []Param
}

// Primitive is one step of an action.
type Primitive struct {
	Op     string
	Params []Param
	Source Source
}

// ActionParam is a parameter that the control plane fills.
type ActionParam struct {
	Name  string
	Width int // bits
}

// Action is a named sequence of primitives.
type Action struct {
	Name       string
	ID         int
	Params     []ActionParam
	Primitives []Primitive
	Source     Source
	Index      int // position in Program.Actions
}

// Call is an action with constant arguments.
type Call struct {
	Action *Action
	Args   []*big.Int
}

func (d *decoder) actions() error {
	for _, r := range d.raw.Actions {
		a := &Action{Name: r.Name, ID: r.ID, Source: r.Source.source(), Index: len(d.p.Actions)}
		for _, p := range r.Runtime {
			if p.Width < 1 || p.Width > maxFieldWidth {
				return invalid("%s: parameter %s of %d bits", r.Name, p.Name, p.Width)
			}
			a.Params = append(a.Params, ActionParam{Name: p.Name, Width: p.Width})
		}
		for i := range r.Primitives {
			p, err := d.primitive(&r.Primitives[i], len(a.Params))
			if err != nil {
				return at(err, "%s", r.Name)
			}
			a.Primitives = append(a.Primitives, p)
		}
		if _, ok := d.actionByID[r.ID]; ok {
			return invalid("%s: id %d twice", r.Name, r.ID)
		}
		d.actionByID[r.ID] = a
		d.p.Actions = append(d.p.Actions, a)
	}
	return nil
}

// primitive decodes one call; locals is the number of parameters in sight.
func (d *decoder) primitive(r *rawPrimitive, locals int) (Primitive, error) {
	p := Primitive{Op: r.Op, Source: r.Source.source()}
	if r.Op == "" {
		return p, invalid("primitive without op")
	}
	for i := range r.Params {
		a, err := d.param(&r.Params[i], locals, 0)
		if err != nil {
			return p, at(err, "primitive %s (%s:%d), parameter %d", r.Op, p.Source.File, p.Source.Line, i)
		}
		p.Params = append(p.Params, a)
	}
	return p, nil
}

func (d *decoder) param(v *rawValue, locals, depth int) (Param, error) {
	switch v.Type {
	case "string", "calculation", "register_array", "counter_array", "meter_array", "extern":
		return d.object(v)
	case "parameters_vector", "field_list":
		return d.vector(v, locals, depth)
	}
	raw := *v
	if raw.Type == "expression" {
		// The value of an argument of type "expression" is a value object itself.
		e, err := d.expr(raw.Value)
		if err != nil {
			return Param{}, err
		}
		return Param{Kind: PExpr, Expr: e}, noLocals(e, locals)
	}
	e, err := d.leaf(raw, 0)
	if err != nil {
		return Param{}, err
	}
	return Param{Kind: PExpr, Expr: e}, noLocals(e, locals)
}

func (d *decoder) object(v *rawValue) (Param, error) {
	name, err := stringOf(v.Value)
	if err != nil {
		return Param{}, err
	}
	p := Param{}
	switch v.Type {
	case "string":
		p.Kind, p.String = PString, name
	case "calculation":
		p.Kind = PCalculation
		p.Calculation, err = find(d.calcByName, "calculation", name)
	case "register_array":
		p.Kind = PRegister
		p.Register, err = find(d.regByName, "register", name)
	case "counter_array":
		p.Kind = PCounter
		p.Counter, err = find(d.counterBy, "counter", name)
	case "meter_array":
		p.Kind = PMeter
		p.Meter, err = find(d.meterBy, "meter", name)
	default:
		err = unsupported("argument of type %q", v.Type)
	}
	return p, err
}

func (d *decoder) vector(v *rawValue, locals, depth int) (Param, error) {
	if depth > 4 {
		return Param{}, unsupported("vectors nested more than 4 deep")
	}
	var items []rawValue
	if v.Value.IsNull() || v.Value.Kind == jsontree.Object { // p4c writes an empty vector as {}
		return Param{Kind: PVector}, nil
	}
	if err := unmarshal(v.Value, &items); err != nil {
		return Param{}, err
	}
	p := Param{Kind: PVector}
	for i := range items {
		a, err := d.param(&items[i], locals, depth+1)
		if err != nil {
			return Param{}, err
		}
		p.Vector = append(p.Vector, a)
	}
	return p, nil
}

// call decodes an action with constant arguments.
func (d *decoder) call(id int, data []string) (*Call, error) {
	a, ok := d.actionByID[id]
	if !ok {
		return nil, invalid("unknown action id %d", id)
	}
	if len(data) != len(a.Params) {
		return nil, invalid("action %s: %d arguments for %d parameters", a.Name, len(data), len(a.Params))
	}
	c := &Call{Action: a}
	for i, s := range data {
		v, err := hex(s)
		if err != nil {
			return nil, at(err, "action %s", a.Name)
		}
		c.Args = append(c.Args, truncate(v, a.Params[i].Width))
	}
	return c, nil
}

// truncate keeps the low bits of v; negative numbers as two's complement.
func truncate(v *big.Int, width int) *big.Int {
	mask := new(big.Int).Lsh(big.NewInt(1), uint(width))
	mask.Sub(mask, big.NewInt(1))
	return new(big.Int).And(v, mask)
}
