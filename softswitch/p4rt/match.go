package p4rt

import (
	"bytes"
	"fmt"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/softswitch/p4rt/bytestring"
	"github.com/firstack/firstack/softswitch/p4rt/schema"
	"github.com/firstack/firstack/softswitch/pipeline"
)

// decodeKey fills key, one field for each of fields, from the matches of an entry (P4Runtime
// specification, chapter "Match Format"). The values share the message's memory. owner names the
// table or value set in errors, which are INVALID_ARGUMENT.
func decodeKey(owner string, fields []schema.Field, match []*p4v1.FieldMatch, key []pipeline.Field) error {
	for i := range key {
		key[i] = pipeline.Field{}
	}
	for i, m := range match {
		at := -1
		if id := m.GetFieldId(); i < len(fields) && fields[i].ID == id {
			at = i
		} else {
			for j := range fields {
				if fields[j].ID == id {
					at = j
				}
			}
		}
		if at < 0 {
			return status.Errorf(codes.InvalidArgument, "%s: match field %d does not exist", owner, m.GetFieldId())
		}
		f := &fields[at]
		if key[at].Present {
			return status.Errorf(codes.InvalidArgument, "%s: match field %q is given twice", owner, f.Name)
		}
		if err := decodeField(f, m, &key[at]); err != nil {
			return status.Errorf(codes.InvalidArgument, "%s: match field %q: %v", owner, f.Name, err)
		}
	}
	for i := range key {
		if !key[i].Present && fields[i].Kind == p4configv1.MatchField_EXACT {
			return status.Errorf(codes.InvalidArgument, "%s: match field %q is exact and must be given", owner, fields[i].Name)
		}
	}
	return nil
}

// decodeField checks one match against its field.
func decodeField(f *schema.Field, m *p4v1.FieldMatch, out *pipeline.Field) error {
	switch mt := m.GetFieldMatchType().(type) {
	case *p4v1.FieldMatch_Exact_:
		if f.Kind != p4configv1.MatchField_EXACT {
			return wrongKind(f, "exact")
		}
		*out = pipeline.Field{Present: true, Value: mt.Exact.GetValue()}
		return bytestring.Check(out.Value, f.Width)
	case *p4v1.FieldMatch_Lpm:
		if f.Kind != p4configv1.MatchField_LPM {
			return wrongKind(f, "lpm")
		}
		return decodeLPM(f, mt.Lpm, out)
	case *p4v1.FieldMatch_Ternary_:
		if f.Kind != p4configv1.MatchField_TERNARY {
			return wrongKind(f, "ternary")
		}
		return decodeTernary(f, mt.Ternary, out)
	case *p4v1.FieldMatch_Range_:
		if f.Kind != p4configv1.MatchField_RANGE {
			return wrongKind(f, "range")
		}
		return decodeRange(f, mt.Range, out)
	case *p4v1.FieldMatch_Optional_:
		if f.Kind != p4configv1.MatchField_OPTIONAL {
			return wrongKind(f, "optional")
		}
		*out = pipeline.Field{Present: true, Value: mt.Optional.GetValue()}
		return bytestring.Check(out.Value, f.Width)
	default:
		return fmt.Errorf("match type %T is not supported", mt)
	}
}

func wrongKind(f *schema.Field, got string) error {
	return fmt.Errorf("the match is %s, but the field's match kind is %s", got, f.Kind)
}

func decodeLPM(f *schema.Field, m *p4v1.FieldMatch_LPM, out *pipeline.Field) error {
	n := int(m.GetPrefixLen())
	*out = pipeline.Field{Present: true, Value: m.GetValue(), PrefixLen: n}
	switch {
	case n == 0:
		return fmt.Errorf("prefix length is 0: leave a field out that matches anything")
	case n < 0 || n > f.Width:
		return fmt.Errorf("prefix length %d is not within 1 to %d", n, f.Width)
	}
	if err := bytestring.Check(m.GetValue(), f.Width); err != nil {
		return err
	}
	if trailingZeros(m.GetValue()) < f.Width-n {
		return fmt.Errorf("value %x has bits set beyond the prefix of %d bits", m.GetValue(), n)
	}
	return nil
}

func decodeTernary(f *schema.Field, m *p4v1.FieldMatch_Ternary, out *pipeline.Field) error {
	*out = pipeline.Field{Present: true, Value: m.GetValue(), Mask: m.GetMask()}
	if err := bytestring.Check(m.GetValue(), f.Width); err != nil {
		return fmt.Errorf("value: %w", err)
	}
	if err := bytestring.Check(m.GetMask(), f.Width); err != nil {
		return fmt.Errorf("mask: %w", err)
	}
	v, mask := bytestring.Trim(m.GetValue()), bytestring.Trim(m.GetMask())
	if len(mask) == 1 && mask[0] == 0 {
		return fmt.Errorf("mask is 0: leave a field out that matches anything")
	}
	outside := len(v) > len(mask)
	for i := 1; i <= len(v) && i <= len(mask); i++ {
		outside = outside || v[len(v)-i]&^mask[len(mask)-i] != 0
	}
	if outside {
		return fmt.Errorf("value %x has bits set that mask %x does not have", v, mask)
	}
	return nil
}

func decodeRange(f *schema.Field, m *p4v1.FieldMatch_Range, out *pipeline.Field) error {
	*out = pipeline.Field{Present: true, Low: m.GetLow(), High: m.GetHigh()}
	if err := bytestring.Check(m.GetLow(), f.Width); err != nil {
		return fmt.Errorf("low bound: %w", err)
	}
	if err := bytestring.Check(m.GetHigh(), f.Width); err != nil {
		return fmt.Errorf("high bound: %w", err)
	}
	low, high := bytestring.Trim(m.GetLow()), bytestring.Trim(m.GetHigh())
	if len(low) > len(high) || len(low) == len(high) && bytes.Compare(low, high) > 0 {
		return fmt.Errorf("low bound %x is above high bound %x", low, high)
	}
	if len(low) == 1 && low[0] == 0 && allOnes(high, f.Width) {
		return fmt.Errorf("range is everything: leave a field out that matches anything")
	}
	return nil
}

// encodeKey gives the matches of an entry in canonical form, fields that match anything left out.
func encodeKey(fields []schema.Field, key []pipeline.Field) []*p4v1.FieldMatch {
	out := make([]*p4v1.FieldMatch, 0, len(key))
	for i := range key {
		k, f := &key[i], &fields[i]
		if !k.Present {
			continue
		}
		m := &p4v1.FieldMatch{FieldId: f.ID}
		switch f.Kind {
		case p4configv1.MatchField_EXACT:
			m.FieldMatchType = &p4v1.FieldMatch_Exact_{Exact: &p4v1.FieldMatch_Exact{Value: canonical(k.Value)}}
		case p4configv1.MatchField_LPM:
			m.FieldMatchType = &p4v1.FieldMatch_Lpm{Lpm: &p4v1.FieldMatch_LPM{Value: canonical(k.Value), PrefixLen: int32(k.PrefixLen)}}
		case p4configv1.MatchField_TERNARY:
			mask := k.Mask
			if mask == nil {
				mask = ones(f.Width)
			}
			m.FieldMatchType = &p4v1.FieldMatch_Ternary_{Ternary: &p4v1.FieldMatch_Ternary{Value: canonical(k.Value), Mask: canonical(mask)}}
		case p4configv1.MatchField_RANGE:
			m.FieldMatchType = &p4v1.FieldMatch_Range_{Range: &p4v1.FieldMatch_Range{Low: canonical(k.Low), High: canonical(k.High)}}
		case p4configv1.MatchField_OPTIONAL:
			m.FieldMatchType = &p4v1.FieldMatch_Optional_{Optional: &p4v1.FieldMatch_Optional{Value: canonical(k.Value)}}
		}
		out = append(out, m)
	}
	return out
}

// canonical copies a value in its shortest form.
func canonical(v []byte) []byte { return append([]byte(nil), bytestring.Trim(v)...) }

func isZero(v []byte) bool { return bytestring.Trim(v)[0] == 0 }

func ones(width int) []byte {
	out := bytes.Repeat([]byte{0xff}, bytestring.Bytes(width))
	if spare := 8*len(out) - width; spare > 0 {
		out[0] >>= spare
	}
	return out
}

// allOnes says whether v, in canonical form, is the largest value of width bits.
func allOnes(v []byte, width int) bool { return bytes.Equal(v, ones(width)) }

// trailingZeros counts the zero bits at the end of v; a zero has as many as it takes.
func trailingZeros(v []byte) int {
	n := 0
	for i := len(v) - 1; i >= 0; i-- {
		if v[i] == 0 {
			n += 8
			continue
		}
		for b := v[i]; b&1 == 0; b >>= 1 {
			n++
		}
		return n
	}
	return 8 * maxFieldBytes
}

// maxFieldBytes is more than any field has.
const maxFieldBytes = 1 << 16
