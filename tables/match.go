package tables

import (
	"errors"
	"net/netip"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
)

// Kind is how a key field is compared.
type Kind = p4configv1.MatchField_MatchType

// The match kinds of P4Runtime, for generated code.
const (
	KindExact    = p4configv1.MatchField_EXACT
	KindLPM      = p4configv1.MatchField_LPM
	KindTernary  = p4configv1.MatchField_TERNARY
	KindRange    = p4configv1.MatchField_RANGE
	KindOptional = p4configv1.MatchField_OPTIONAL
)

// FieldSpec is a key field as a generated binding knows it.
type FieldSpec struct {
	Name string
	Kind Kind
	Bits int // the most that its Go type holds; 0: anything
}

// field is a value's place in the pipeline in use: key field, parameter, member or metadata.
type field struct {
	name  string
	id    uint32
	width int
}

// fits gives the canonical form of b when the field can hold it.
func (f *field) fits(object string, value any, b []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, &Error{Object: object, Field: f.name, Value: value, Err: err}
	}
	if BitLen(b) > f.width {
		return nil, &Error{Object: object, Field: f.name, Value: value, Detail: bitsOf(f.width), Err: ErrWidth}
	}
	return Canonical(b), nil
}

// MatchWriter collects the match fields of one entry; the first error sticks.
type MatchWriter struct {
	object string
	fields []field
	out    []*p4v1.FieldMatch
	err    error
}

func (w *MatchWriter) fail(i int, value any, err error) {
	if w.err != nil {
		return
	}
	var e *Error
	if errors.As(err, &e) {
		w.err = err
		return
	}
	w.err = &Error{Object: w.object, Field: w.fields[i].name, Value: value, Err: err}
}

func bytesOf[T any](w *MatchWriter, i int, c Codec[T], v T) []byte {
	b, err := c.encode(v)
	b, err = w.fields[i].fits(w.object, v, b, err)
	if err != nil {
		w.fail(i, v, err)
	}
	return b
}

// exactCell keeps the messages of one exact match together: one allocation in place of three.
type exactCell struct {
	match p4v1.FieldMatch
	kind  p4v1.FieldMatch_Exact_
	exact p4v1.FieldMatch_Exact
}

// PutExact writes key field i.
func PutExact[T any](w *MatchWriter, i int, c Codec[T], v T) {
	cell := &exactCell{}
	cell.exact.Value = bytesOf(w, i, c, v)
	cell.kind.Exact = &cell.exact
	cell.match.FieldId = w.fields[i].id
	cell.match.FieldMatchType = &cell.kind
	w.out = append(w.out, &cell.match)
}

// PutTernary writes key field i, or nothing when every bit is "don't care".
func PutTernary[T comparable](w *MatchWriter, i int, c Codec[T], v Ternary[T]) {
	var zero T
	if v.Mask == zero {
		return
	}
	mask, err := c.encode(v.Mask)
	if err != nil {
		w.fail(i, v, err)
		return
	}
	if width := w.fields[i].width; BitLen(mask) > width {
		mask = and(mask, maskBytes(width, width))
	}
	if BitLen(mask) == 0 {
		return
	}
	value := bytesOf(w, i, c, v.Value)
	full, ok := padded(value, len(mask))
	if !ok {
		w.fail(i, v, ErrWidth)
		return
	}
	w.out = append(w.out, &p4v1.FieldMatch{FieldId: w.fields[i].id, FieldMatchType: &p4v1.FieldMatch_Ternary_{
		Ternary: &p4v1.FieldMatch_Ternary{Value: Canonical(and(full, mask)), Mask: Canonical(mask)},
	}})
}

func putLPM(w *MatchWriter, i int, v any, value []byte, length int) {
	width := w.fields[i].width
	if length < 0 || length > width {
		w.fail(i, v, &Error{Object: w.object, Field: w.fields[i].name, Value: v, Detail: bitsOf(width), Err: ErrWidth})
		return
	}
	if length == 0 || w.err != nil {
		return
	}
	full, _ := padded(value, (width+7)/8)
	w.out = append(w.out, &p4v1.FieldMatch{FieldId: w.fields[i].id, FieldMatchType: &p4v1.FieldMatch_Lpm{
		Lpm: &p4v1.FieldMatch_LPM{Value: Canonical(and(full, maskBytes(width, length))), PrefixLen: int32(length)},
	}})
}

// PutLPM writes key field i, or nothing when the prefix is empty. Bits beyond the prefix are cleared.
func PutLPM[T any](w *MatchWriter, i int, c Codec[T], v LPM[T]) {
	if v.Length == 0 {
		return
	}
	putLPM(w, i, v, bytesOf(w, i, c, v.Value), v.Length)
}

// PutPrefix writes key field i, an address; the zero Prefix matches every address.
func PutPrefix(w *MatchWriter, i int, c Codec[netip.Addr], v netip.Prefix) {
	if v == (netip.Prefix{}) {
		return
	}
	if !v.IsValid() {
		w.fail(i, v, ErrValue)
		return
	}
	putLPM(w, i, v, bytesOf(w, i, c, v.Addr()), v.Bits())
}

// PutRange writes key field i, or nothing when the range is the whole field.
func PutRange[T any](w *MatchWriter, i int, c Codec[T], v Range[T]) {
	low, high := bytesOf(w, i, c, v.Low), bytesOf(w, i, c, v.High)
	if w.err != nil {
		return
	}
	if len(low) > len(high) || len(low) == len(high) && string(low) > string(high) {
		w.fail(i, v, &Error{Object: w.object, Field: w.fields[i].name, Value: v, Detail: "low is above high", Err: ErrValue})
		return
	}
	width := w.fields[i].width
	if BitLen(low) == 0 && string(high) == string(maskBytes(width, width)) {
		return
	}
	w.out = append(w.out, &p4v1.FieldMatch{FieldId: w.fields[i].id, FieldMatchType: &p4v1.FieldMatch_Range_{
		Range: &p4v1.FieldMatch_Range{Low: low, High: high},
	}})
}

// PutOptional writes key field i when it is set.
func PutOptional[T any](w *MatchWriter, i int, c Codec[T], v Optional[T]) {
	if !v.Set {
		return
	}
	w.out = append(w.out, &p4v1.FieldMatch{FieldId: w.fields[i].id, FieldMatchType: &p4v1.FieldMatch_Optional_{
		Optional: &p4v1.FieldMatch_Optional{Value: bytesOf(w, i, c, v.Value)},
	}})
}
