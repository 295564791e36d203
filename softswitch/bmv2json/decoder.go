package bmv2json

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/firstack/firstack/softswitch/bmv2json/jsontree"
)

// Bounds that keep a hostile document from exhausting memory. They are far
// beyond what p4c emits.
const (
	maxFieldWidth = 1 << 16 // bits
	maxPHVBits    = 1 << 22
	maxArray      = 1 << 26 // cells of a register, counter or meter array
	maxRegBits    = 1 << 33 // one register array
	maxTable      = 1 << 30
	maxDepth      = 200 // nesting of expressions
)

// decoder holds the names met so far.
type decoder struct {
	raw *rawProgram
	p   *Program

	typeByName   map[string]*HeaderType
	headerByName map[string]*Header
	headerByID   map[int]*Header
	stackByName  map[string]*Stack
	unionByName  map[string]*Union
	unionByID    map[int]*Union
	ustackByName map[string]*UnionStack
	regByName    map[string]*Register
	counterBy    map[string]*Counter
	meterBy      map[string]*Meter
	calcByName   map[string]*Calculation
	vsetByName   map[string]*ValueSet
	actionByID   map[int]*Action
	externByName map[string]string // name to type
}

func newDecoder(raw *rawProgram) *decoder {
	return &decoder{
		raw:          raw,
		p:            &Program{Errors: map[string]int{}, Aliases: map[string]FieldRef{}},
		typeByName:   map[string]*HeaderType{},
		headerByName: map[string]*Header{},
		headerByID:   map[int]*Header{},
		stackByName:  map[string]*Stack{},
		unionByName:  map[string]*Union{},
		unionByID:    map[int]*Union{},
		ustackByName: map[string]*UnionStack{},
		regByName:    map[string]*Register{},
		counterBy:    map[string]*Counter{},
		meterBy:      map[string]*Meter{},
		calcByName:   map[string]*Calculation{},
		vsetByName:   map[string]*ValueSet{},
		actionByID:   map[int]*Action{},
		externByName: map[string]string{},
	}
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
}

func unsupported(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), ErrUnsupported)
}

// at prefixes an error with the object it is about.
func at(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), err)
}

// hex parses a hexstr: an optional sign, an optional 0x, hexadecimal digits.
func hex(s string) (*big.Int, error) {
	digits, neg := strings.CutPrefix(s, "-")
	digits = strings.TrimPrefix(strings.TrimPrefix(digits, "0x"), "0X")
	if digits == "" || len(digits) > maxFieldWidth/4+2 || strings.ContainsAny(digits, "+-_") {
		return nil, invalid("hexstr %.40q", s)
	}
	v, ok := new(big.Int).SetString(digits, 16)
	if !ok {
		return nil, invalid("hexstr %.40q", s)
	}
	if neg {
		v.Neg(v)
	}
	return v, nil
}

// stringOf decodes a JSON string.
func stringOf(raw *jsontree.Value) (string, error) {
	s, err := raw.Text()
	if err != nil {
		return "", invalid("%.60s: want a string", raw)
	}
	return s, nil
}

func intOf(raw *jsontree.Value) (int, error) {
	n, err := raw.Int()
	if err != nil {
		return 0, invalid("%.60s: want an integer", raw)
	}
	return n, nil
}

// tuple decodes an array of exactly n elements.
func tuple(raw *jsontree.Value, n int) ([]jsontree.Value, error) {
	t, err := raw.Array()
	if err != nil || len(t) != n {
		return nil, invalid("%.60s: want an array of %d", raw, n)
	}
	return t, nil
}

// pair decodes an array of two strings.
func pair(raw *jsontree.Value) (a, b string, err error) {
	t, err := raw.Array()
	if err != nil || len(t) != 2 || t[0].Kind != jsontree.String || t[1].Kind != jsontree.String {
		return "", "", invalid("%.60s: want two strings", raw)
	}
	a, _ = t[0].Text()
	b, _ = t[1].Text()
	return a, b, nil
}

func find[T any](m map[string]*T, what, name string) (*T, error) {
	if v, ok := m[name]; ok {
		return v, nil
	}
	return nil, invalid("unknown %s %q", what, name)
}

func add[T any](m map[string]*T, what, name string, v *T) error {
	if _, ok := m[name]; ok {
		return invalid("%s %q twice", what, name)
	}
	m[name] = v
	return nil
}

// field resolves a (header, field) pair, aliases included.
func (d *decoder) field(header, field string) (FieldRef, error) {
	if ref, ok := d.p.Aliases[header+"."+field]; ok {
		return ref, nil
	}
	h, err := find(d.headerByName, "header", header)
	if err != nil {
		return FieldRef{}, err
	}
	i := h.Type.FieldIndex(field)
	if i < ValidField {
		return FieldRef{}, invalid("header type %q has no field %q", h.Type.Name, field)
	}
	return FieldRef{Header: h, Field: i}, nil
}

func (d *decoder) fieldValue(raw *jsontree.Value) (FieldRef, error) {
	h, f, err := pair(raw)
	if err != nil {
		return FieldRef{}, err
	}
	return d.field(h, f)
}
