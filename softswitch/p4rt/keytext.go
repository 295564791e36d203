package p4rt

import (
	"fmt"
	"strings"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/softswitch/p4rt/bytestring"
	"github.com/firstack/firstack/softswitch/p4rt/schema"
)

// keyText writes the key of an entry for messages: "src=0x0a000001 dst=0x0a000000/8 priority=3".
func keyText(fields []schema.Field, e *p4v1.TableEntry) string {
	text := matchText(fields, e.GetMatch())
	if e.GetPriority() != 0 {
		text += fmt.Sprintf(" priority=%d", e.GetPriority())
	}
	return text
}

func matchText(fields []schema.Field, match []*p4v1.FieldMatch) string {
	var parts []string
	for i, m := range match {
		name := fmt.Sprint(m.GetFieldId())
		for _, f := range fields {
			if f.ID == m.GetFieldId() && f.Name != "" {
				name = f.Name
			}
		}
		hex := func(v []byte) string { return fmt.Sprintf("0x%x", bytestring.Trim(v)) }
		switch k := m.GetFieldMatchType().(type) {
		case *p4v1.FieldMatch_Exact_:
			name += "=" + hex(k.Exact.GetValue())
		case *p4v1.FieldMatch_Lpm:
			name += fmt.Sprintf("=%s/%d", hex(k.Lpm.GetValue()), k.Lpm.GetPrefixLen())
		case *p4v1.FieldMatch_Ternary_:
			name += "=" + hex(k.Ternary.GetValue()) + "&&&" + hex(k.Ternary.GetMask())
		case *p4v1.FieldMatch_Range_:
			name += "=" + hex(k.Range.GetLow()) + ".." + hex(k.Range.GetHigh())
		case *p4v1.FieldMatch_Optional_:
			name += "=" + hex(k.Optional.GetValue())
		}
		if i == maxKeyText {
			return strings.Join(append(parts, "…"), " ")
		}
		parts = append(parts, name)
	}
	if len(parts) == 0 {
		return "(anything)"
	}
	return strings.Join(parts, " ")
}

// maxKeyText is how many fields of a key a message names.
const maxKeyText = 16

func equalMatch(a, b *p4v1.FieldMatch) bool { return proto.Equal(a, b) }
