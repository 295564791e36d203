package bmv2json

import "math/big"

// ValidField is FieldRef.Field for the hidden one-bit field "$valid$".
const ValidField = -1

// Source is a place in the P4 program; the zero value is unknown.
type Source struct {
	File string
	Line int
}

// Field is one member of a header type.
type Field struct {
	Name   string
	Width  int // bits; for a varbit field the greatest width
	Signed bool
	VarBit bool
}

// HeaderType is the type of a header, struct or metadata.
type HeaderType struct {
	Name      string
	ID        int
	Fields    []Field
	VarBit    int // index of the varbit field, -1 when there is none
	MaxLength int // bytes, header types with a varbit field only
}

// FieldIndex finds a field by name, ValidField for "$valid$"; -2 when there is
// none.
func (t *HeaderType) FieldIndex(name string) int {
	if name == "$valid$" {
		return ValidField
	}
	for i := range t.Fields {
		if t.Fields[i].Name == name {
			return i
		}
	}
	return -2
}

// Bits is the width of all fixed fields together.
func (t *HeaderType) Bits() int {
	n := 0
	for i := range t.Fields {
		if !t.Fields[i].VarBit {
			n += t.Fields[i].Width
		}
	}
	return n
}

// Header is an instance of a header type.
type Header struct {
	Name     string
	ID       int
	Type     *HeaderType
	Metadata bool
	Index    int // position in Program.Headers
	Union    *Union
}

// FieldRef names one field of one header.
type FieldRef struct {
	Header *Header
	Field  int // index in Header.Type.Fields, or ValidField
}

// Width is the field's width in bits.
func (r FieldRef) Width() int {
	if r.Field == ValidField {
		return 1
	}
	return r.Header.Type.Fields[r.Field].Width
}

// Name is "header.field".
func (r FieldRef) Name() string {
	if r.Field == ValidField {
		return r.Header.Name + ".$valid$"
	}
	return r.Header.Name + "." + r.Header.Type.Fields[r.Field].Name
}

// Stack is a header stack.
type Stack struct {
	Name    string
	Type    *HeaderType
	Headers []*Header
	Index   int // position in Program.Stacks
}

// Union is a header union: at most one of its headers is valid.
type Union struct {
	Name    string
	Members []string // member names, in the order of Headers
	Headers []*Header
	Index   int
}

// UnionStack is a stack of unions.
type UnionStack struct {
	Name   string
	Unions []*Union
	Index  int
}

// Register is a register array.
type Register struct {
	Name  string
	Size  int // cells
	Width int // bits a cell
	Index int
}

// Counter is an indirect counter array, or the direct counter of Table.
type Counter struct {
	Name   string
	Size   int
	Direct bool
	Table  string // binding of a direct counter
	Index  int
}

// Meter is an indirect meter array, or the direct meter of Table.
type Meter struct {
	Name   string
	Size   int
	Bytes  bool // unit: bytes, else packets
	Rates  int
	Direct bool
	Table  string
	Result *FieldRef // where a direct meter's colour goes
	Index  int
}

// CalcInput is one part of a calculation's input: exactly one of Field,
// Header, Const or Payload.
type CalcInput struct {
	Field   *FieldRef
	Header  *Header
	Const   *big.Int
	Width   int // bits of Const
	Payload bool
}

// Calculation is a named hash or checksum over a list of inputs.
type Calculation struct {
	Name  string
	Algo  string
	Input []CalcInput
	Index int
}

// Checksum ties a calculation to a field.
type Checksum struct {
	Name        string
	Target      FieldRef
	Calculation *Calculation
	Update      bool
	Verify      bool
	Cond        *Expr // nil = always
}

// FieldList lists what a clone, resubmission or recirculation keeps, or what a
// digest carries.
type FieldList struct {
	Name   string
	ID     int
	Fields []FieldRef
}

// ValueSet is a parser value set.
type ValueSet struct {
	Name  string
	Width int // bits of a value, without padding
	Size  int
	Index int
}
