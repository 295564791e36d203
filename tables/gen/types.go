package main

import (
	"fmt"
	"strings"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"

	"github.com/firstack/firstack/tables"
)

// goType is how a P4 value appears in Go.
type goType struct {
	name  string // Go type
	codec string // variable of package tables
	bits  int    // what the Go type holds; 0: anything
	strip string // suffix of the P4 name that the type makes superfluous
}

var units = []struct{ suffix, codec string }{
	{"_us", "Microseconds"}, {"_ms", "Milliseconds"}, {"_ns", "Nanoseconds"},
}

// typeOf chooses by format and name first, then by width.
func typeOf(name string, bits int, annotations []string) (goType, error) {
	if bits <= 0 {
		return goType{}, fmt.Errorf("%s has %d bits: values translated to strings are not supported", name, bits)
	}
	if tables.IsAddress(name, bits, annotations) {
		switch bits {
		case 32:
			return goType{name: "netip.Addr", codec: "Addr4", bits: 32}, nil
		case 48:
			return goType{name: "tables.MAC", codec: "Ethernet", bits: 48}, nil
		case 128:
			return goType{name: "netip.Addr", codec: "Addr6", bits: 128}, nil
		}
	}
	for _, u := range units {
		if strings.HasSuffix(name, u.suffix) && bits <= 64 {
			return goType{name: "time.Duration", codec: u.codec, bits: 64, strip: u.suffix}, nil
		}
	}
	for _, w := range []int{8, 16, 32, 64} {
		if bits <= w {
			return goType{name: fmt.Sprintf("uint%d", w), codec: fmt.Sprintf("Uint%d", w), bits: w}, nil
		}
	}
	return goType{name: "[]byte", codec: "Bytes"}, nil
}

// keyField is one field of a key struct.
type keyField struct {
	member
	kind string // constant of package tables
	verb string // tables.Put<verb>, tables.Get<verb>
}

func newKeyField(f *p4configv1.MatchField) (keyField, error) {
	m, err := newMember(f.GetName(), int(f.GetBitwidth()), f.GetAnnotations())
	if err != nil {
		return keyField{}, err
	}
	k := keyField{member: m}
	inner := m.typ.name
	switch f.GetMatchType() {
	case tables.KindExact:
		k.kind, k.verb, k.goType = "KindExact", "Exact", inner
	case tables.KindLPM:
		k.kind, k.verb, k.goType = "KindLPM", "LPM", "tables.LPM["+inner+"]"
		if inner == "netip.Addr" {
			k.verb, k.goType = "Prefix", "netip.Prefix"
		}
	case tables.KindTernary:
		if inner == "[]byte" {
			return k, fmt.Errorf("ternary field %s has more than 64 bits and is no address", f.GetName())
		}
		k.kind, k.verb, k.goType = "KindTernary", "Ternary", "tables.Ternary["+inner+"]"
	case tables.KindRange:
		k.kind, k.verb, k.goType = "KindRange", "Range", "tables.Range["+inner+"]"
	case tables.KindOptional:
		k.kind, k.verb, k.goType = "KindOptional", "Optional", "tables.Optional["+inner+"]"
	default:
		return k, fmt.Errorf("field %s: match kind %v is not supported", f.GetName(), f.GetMatch())
	}
	return k, nil
}

// member is one field of any generated struct.
type member struct {
	p4     string
	goName string
	goType string
	bits   int // in the P4Info at hand, for comments
	typ    goType
}

func newMember(name string, bits int, annotations []string) (member, error) {
	t, err := typeOf(name, bits, annotations)
	if err != nil {
		return member{}, err
	}
	return member{p4: name, goName: memberName(strings.TrimSuffix(name, t.strip)), goType: t.name, bits: bits, typ: t}, nil
}
