package tables

import (
	"fmt"
	"net/netip"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
)

// MatchReader gives out the match fields of one entry; the first error sticks.
type MatchReader struct {
	object string
	fields []field
	match  []*p4v1.FieldMatch
	err    error
}

func (r *MatchReader) fail(i int, value any, err error) {
	if r.err == nil {
		r.err = &Error{Object: r.object, Field: r.fields[i].name, Value: value, Err: err}
	}
}

// at finds field i among the matches. Entries usually carry all fields in order, so it looks at place i first.
func (r *MatchReader) at(i int) *p4v1.FieldMatch {
	id := r.fields[i].id
	if i < len(r.match) && r.match[i].GetFieldId() == id {
		return r.match[i]
	}
	for _, m := range r.match {
		if m.GetFieldId() == id {
			return m
		}
	}
	return nil
}

// value decodes bytes of field i after checking them against its width.
func value[T any](r *MatchReader, i int, c Codec[T], b []byte) T {
	var zero T
	if len(b) == 0 {
		r.fail(i, b, fmt.Errorf("%w: empty byte string", ErrValue))
		return zero
	}
	if BitLen(b) > r.fields[i].width {
		r.fail(i, b, fmt.Errorf("%w: %s", ErrWidth, bitsOf(r.fields[i].width)))
		return zero
	}
	v, err := c.decode(b)
	if err != nil {
		r.fail(i, b, err)
	}
	return v
}

func bitsOf(width int) string { return fmt.Sprintf("the field has %d bits", width) }

// GetExact reads key field i.
func GetExact[T any](r *MatchReader, i int, c Codec[T]) (v T) {
	m := r.at(i)
	if m == nil {
		r.fail(i, nil, ErrMissing)
		return v
	}
	if m.GetExact() == nil {
		r.fail(i, nil, ErrKind)
		return v
	}
	return value(r, i, c, m.GetExact().GetValue())
}

// GetTernary reads key field i.
func GetTernary[T any](r *MatchReader, i int, c Codec[T]) (v Ternary[T]) {
	m := r.at(i)
	if m == nil {
		return v
	}
	t := m.GetTernary()
	if t == nil {
		r.fail(i, nil, ErrKind)
		return v
	}
	return Ternary[T]{Value: value(r, i, c, t.GetValue()), Mask: value(r, i, c, t.GetMask())}
}

func (r *MatchReader) lpm(i int) (*p4v1.FieldMatch_LPM, bool) {
	m := r.at(i)
	if m == nil {
		return nil, false
	}
	l := m.GetLpm()
	if l == nil {
		r.fail(i, nil, ErrKind)
		return nil, false
	}
	if l.GetPrefixLen() < 0 || int(l.GetPrefixLen()) > r.fields[i].width {
		r.fail(i, l.GetPrefixLen(), ErrWidth)
		return nil, false
	}
	return l, true
}

// GetLPM reads key field i.
func GetLPM[T any](r *MatchReader, i int, c Codec[T]) (v LPM[T]) {
	if l, ok := r.lpm(i); ok {
		return LPM[T]{Value: value(r, i, c, l.GetValue()), Length: int(l.GetPrefixLen())}
	}
	return v
}

// GetPrefix reads key field i, an address; a field that is not there is the prefix of length 0.
func GetPrefix(r *MatchReader, i int, c Codec[netip.Addr]) netip.Prefix {
	l, ok := r.lpm(i)
	if !ok {
		all, _ := netip.AddrFromSlice(make([]byte, (r.fields[i].width+7)/8))
		return netip.PrefixFrom(all, 0)
	}
	return netip.PrefixFrom(value(r, i, c, l.GetValue()), int(l.GetPrefixLen()))
}

// GetRange reads key field i; a field that is not there is the whole range.
func GetRange[T any](r *MatchReader, i int, c Codec[T]) (v Range[T]) {
	m := r.at(i)
	if m == nil {
		width := r.fields[i].width
		return Range[T]{Low: value(r, i, c, []byte{0}), High: value(r, i, c, maskBytes(width, width))}
	}
	x := m.GetRange()
	if x == nil {
		r.fail(i, nil, ErrKind)
		return v
	}
	return Range[T]{Low: value(r, i, c, x.GetLow()), High: value(r, i, c, x.GetHigh())}
}

// GetOptional reads key field i.
func GetOptional[T any](r *MatchReader, i int, c Codec[T]) (v Optional[T]) {
	m := r.at(i)
	if m == nil {
		return v
	}
	if m.GetOptional() == nil {
		r.fail(i, nil, ErrKind)
		return v
	}
	return Some(value(r, i, c, m.GetOptional().GetValue()))
}
