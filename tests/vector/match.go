package vector

import (
	"fmt"
	"math/big"
	"strings"

	configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
)

// fieldMatch encodes one key field; nil means that it does not matter and is left out, as P4Runtime
// demands ("Match Format").
func fieldMatch(f *configv1.MatchField, text string) (*p4v1.FieldMatch, error) {
	m := &p4v1.FieldMatch{FieldId: f.Id}
	kind := f.GetMatchType()
	if text == "any" || text == "*" {
		if kind == configv1.MatchField_EXACT {
			return nil, fmt.Errorf("an exact key has to be given")
		}
		return nil, nil
	}
	switch kind {
	case configv1.MatchField_EXACT:
		value, err := encode(text, f.Bitwidth)
		m.FieldMatchType = &p4v1.FieldMatch_Exact_{Exact: &p4v1.FieldMatch_Exact{Value: value}}
		return m, err
	case configv1.MatchField_OPTIONAL:
		value, err := encode(text, f.Bitwidth)
		m.FieldMatchType = &p4v1.FieldMatch_Optional_{Optional: &p4v1.FieldMatch_Optional{Value: value}}
		return m, err
	case configv1.MatchField_LPM:
		value, bits, err := parsePrefix(text, f.Bitwidth)
		if err != nil || bits == 0 {
			return nil, err
		}
		m.FieldMatchType = &p4v1.FieldMatch_Lpm{Lpm: &p4v1.FieldMatch_LPM{Value: canonical(value), PrefixLen: bits}}
		return m, nil
	case configv1.MatchField_TERNARY:
		value, mask, err := parseTernary(text, f.Bitwidth)
		if err != nil || mask.Sign() == 0 {
			return nil, err
		}
		m.FieldMatchType = &p4v1.FieldMatch_Ternary_{
			Ternary: &p4v1.FieldMatch_Ternary{Value: canonical(value), Mask: canonical(mask)},
		}
		return m, nil
	case configv1.MatchField_RANGE:
		low, high, found := strings.Cut(text, "..")
		if !found {
			high = low
		}
		l, err := encode(low, f.Bitwidth)
		if err != nil {
			return nil, err
		}
		h, err := encode(high, f.Bitwidth)
		m.FieldMatchType = &p4v1.FieldMatch_Range_{Range: &p4v1.FieldMatch_Range{Low: l, High: h}}
		return m, err
	}
	return nil, fmt.Errorf("match type %s is not known here", kind)
}

// parseTernary reads VALUE&&&MASK, ADDRESS/LENGTH or a value of which every bit matters.
func parseTernary(text string, width int32) (value, mask *big.Int, err error) {
	v, m, found := strings.Cut(text, "&&&")
	if !found {
		value, bits, err := parsePrefix(text, width)
		if err != nil {
			return nil, nil, err
		}
		return value, prefixMask(bits, width), nil
	}
	if value, err = parseValue(strings.TrimSpace(v), width); err != nil {
		return nil, nil, err
	}
	if mask, err = parseValue(strings.TrimSpace(m), width); err != nil {
		return nil, nil, err
	}
	if new(big.Int).And(value, mask).Cmp(value) != 0 {
		return nil, nil, fmt.Errorf("%q has bits beyond its mask", text)
	}
	return value, mask, nil
}

func canonicalUint(v uint32) []byte { return canonical(new(big.Int).SetUint64(uint64(v))) }
