package schema

import (
	"fmt"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
)

// Shape is the form in which P4Data carries a type.
type Shape int

// The shapes that can be served.
const (
	Bits   Shape = iota // bit<W>
	Signed              // int<W>
	Bool                // one bit
	Enum                // a serializable enum, carried as its number
	Struct              // its members in order
	Tuple               // its members in order
)

// DataType is a P4 type that a digest or a register can have (P4Runtime specification, "P4 Type
// Specifications in p4info.proto").
type DataType struct {
	Shape   Shape
	Width   int        // bits, of the shapes that are numbers
	Members []DataType // of structs and tuples
}

// Widths lists the widths, in bits, of the numbers in the type: what the program's learn list has.
func (d *DataType) Widths() []int {
	if d.Shape != Struct && d.Shape != Tuple {
		return []int{d.Width}
	}
	var out []int
	for i := range d.Members {
		out = append(out, d.Members[i].Widths()...)
	}
	return out
}

// maxTypes bounds the types in one type, so that one that contains itself, or multiplies by nesting,
// is refused.
const maxTypes = 1024

func (s *Schema) dataType(spec *p4configv1.P4DataTypeSpec) (*DataType, error) {
	budget := maxTypes
	return resolve(s.Info.GetTypeInfo(), spec, &budget)
}

func resolve(info *p4configv1.P4TypeInfo, spec *p4configv1.P4DataTypeSpec, budget *int) (*DataType, error) {
	if *budget--; *budget < 0 {
		return nil, fmt.Errorf("type has more than %d parts", maxTypes)
	}
	switch ts := spec.GetTypeSpec().(type) {
	case *p4configv1.P4DataTypeSpec_Bitstring:
		return bitstringType(ts.Bitstring)
	case *p4configv1.P4DataTypeSpec_Bool:
		return &DataType{Shape: Bool, Width: 1}, nil
	case *p4configv1.P4DataTypeSpec_Struct:
		name := ts.Struct.GetName()
		st := info.GetStructs()[name]
		if st == nil {
			return nil, fmt.Errorf("struct %q is not in type_info", name)
		}
		d := &DataType{Shape: Struct}
		for _, m := range st.GetMembers() {
			mt, err := resolve(info, m.GetTypeSpec(), budget)
			if err != nil {
				return nil, fmt.Errorf("struct %q, member %q: %w", name, m.GetName(), err)
			}
			d.Members = append(d.Members, *mt)
		}
		return d, nil
	case *p4configv1.P4DataTypeSpec_Tuple:
		d := &DataType{Shape: Tuple}
		for i, m := range ts.Tuple.GetMembers() {
			mt, err := resolve(info, m, budget)
			if err != nil {
				return nil, fmt.Errorf("tuple member %d: %w", i, err)
			}
			d.Members = append(d.Members, *mt)
		}
		return d, nil
	case *p4configv1.P4DataTypeSpec_SerializableEnum:
		name := ts.SerializableEnum.GetName()
		w, err := width("serializable enum", name, name, info.GetSerializableEnums()[name].GetUnderlyingType().GetBitwidth())
		if err != nil {
			return nil, err
		}
		return &DataType{Shape: Enum, Width: w}, nil
	case *p4configv1.P4DataTypeSpec_NewType:
		name := ts.NewType.GetName()
		nt := info.GetNewTypes()[name]
		if tr := nt.GetTranslatedType(); tr != nil {
			w, err := width("translated type", name, name, tr.GetSdnBitwidth())
			if err != nil {
				return nil, err
			}
			return &DataType{Shape: Bits, Width: w}, nil
		}
		if nt.GetOriginalType() == nil {
			return nil, fmt.Errorf("type %q is not in type_info", name)
		}
		return resolve(info, nt.GetOriginalType(), budget)
	default:
		return nil, fmt.Errorf("type %T is not supported", ts)
	}
}

func bitstringType(b *p4configv1.P4BitstringLikeTypeSpec) (*DataType, error) {
	switch bt := b.GetTypeSpec().(type) {
	case *p4configv1.P4BitstringLikeTypeSpec_Bit:
		w, err := width("type", "bit<W>", "W", bt.Bit.GetBitwidth())
		return &DataType{Shape: Bits, Width: w}, err
	case *p4configv1.P4BitstringLikeTypeSpec_Int:
		w, err := width("type", "int<W>", "W", bt.Int.GetBitwidth())
		return &DataType{Shape: Signed, Width: w}, err
	default:
		return nil, fmt.Errorf("type %T is not supported", bt)
	}
}
