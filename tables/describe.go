package tables

import (
	"fmt"
	"net/netip"
	"strings"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
)

// Describe names an entity for people: what it belongs to, and which one it is. It works on any entity, known to
// a binding or not, for logs and errors.
func (s *Schema) Describe(e *p4v1.Entity) (object, key string) {
	switch x := e.GetEntity().(type) {
	case *p4v1.Entity_TableEntry:
		return "table " + s.Name(x.TableEntry.GetTableId()), s.describeMatch(x.TableEntry)
	case *p4v1.Entity_DirectCounterEntry:
		t := x.DirectCounterEntry.GetTableEntry()
		return "direct counter of " + s.Name(t.GetTableId()), s.describeMatch(t)
	case *p4v1.Entity_DirectMeterEntry:
		t := x.DirectMeterEntry.GetTableEntry()
		return "direct meter of " + s.Name(t.GetTableId()), s.describeMatch(t)
	case *p4v1.Entity_ActionProfileMember:
		return "action profile " + s.Name(x.ActionProfileMember.GetActionProfileId()), fmt.Sprintf("member %d", x.ActionProfileMember.GetMemberId())
	case *p4v1.Entity_ActionProfileGroup:
		return "action profile " + s.Name(x.ActionProfileGroup.GetActionProfileId()), fmt.Sprintf("group %d", x.ActionProfileGroup.GetGroupId())
	case *p4v1.Entity_CounterEntry:
		return "counter " + s.Name(x.CounterEntry.GetCounterId()), describeIndex(x.CounterEntry.GetIndex())
	case *p4v1.Entity_MeterEntry:
		return "meter " + s.Name(x.MeterEntry.GetMeterId()), describeIndex(x.MeterEntry.GetIndex())
	case *p4v1.Entity_RegisterEntry:
		return "register " + s.Name(x.RegisterEntry.GetRegisterId()), describeIndex(x.RegisterEntry.GetIndex())
	case *p4v1.Entity_DigestEntry:
		return "digest " + s.Name(x.DigestEntry.GetDigestId()), ""
	case *p4v1.Entity_ValueSetEntry:
		return "value set " + s.Name(x.ValueSetEntry.GetValueSetId()), ""
	case *p4v1.Entity_PacketReplicationEngineEntry:
		pre := x.PacketReplicationEngineEntry
		if c := pre.GetCloneSessionEntry(); c != nil {
			return "clone session", fmt.Sprint(c.GetSessionId())
		}
		return "multicast group", fmt.Sprint(pre.GetMulticastGroupEntry().GetMulticastGroupId())
	}
	return fmt.Sprintf("%T", e.GetEntity()), ""
}

func describeIndex(i *p4v1.Index) string {
	if i == nil {
		return "all cells"
	}
	return fmt.Sprintf("cell %d", i.GetIndex())
}

func (s *Schema) describeMatch(t *p4v1.TableEntry) string {
	if t.GetIsDefaultAction() {
		return "default entry"
	}
	if len(t.GetMatch()) == 0 && t.GetPriority() == 0 {
		return "any key"
	}
	info := s.tables[t.GetTableId()]
	var parts []string
	for _, m := range t.GetMatch() {
		name, width := fmt.Sprint(m.GetFieldId()), 0
		for _, f := range info.GetMatchFields() {
			if f.GetId() == m.GetFieldId() {
				name, width = f.GetName(), int(f.GetBitwidth())
				if !IsAddress(name, width, f.GetAnnotations()) {
					width = 0
				}
			}
		}
		parts = append(parts, name+"="+describeField(m, width))
	}
	if t.GetPriority() != 0 {
		parts = append(parts, fmt.Sprintf("priority=%d", t.GetPriority()))
	}
	return strings.Join(parts, " ")
}

func describeField(m *p4v1.FieldMatch, addressWidth int) string {
	show := func(b []byte) string { return describeBytes(b, addressWidth) }
	switch x := m.GetFieldMatchType().(type) {
	case *p4v1.FieldMatch_Exact_:
		return show(x.Exact.GetValue())
	case *p4v1.FieldMatch_Lpm:
		return fmt.Sprintf("%s/%d", show(x.Lpm.GetValue()), x.Lpm.GetPrefixLen())
	case *p4v1.FieldMatch_Ternary_:
		return show(x.Ternary.GetValue()) + "&&&" + show(x.Ternary.GetMask())
	case *p4v1.FieldMatch_Range_:
		return show(x.Range.GetLow()) + ".." + show(x.Range.GetHigh())
	case *p4v1.FieldMatch_Optional_:
		return show(x.Optional.GetValue())
	}
	return "?"
}

// describeBytes shows addresses as such, up to 64 bits as a number, and the rest in hexadecimal.
func describeBytes(b []byte, addressWidth int) string {
	if addressWidth != 0 {
		if p, ok := padded(b, addressWidth/8); ok {
			if addressWidth == 48 {
				return MAC(p).String()
			}
			if a, ok := netip.AddrFromSlice(p); ok {
				return a.String()
			}
		}
	}
	if v, err := decodeUint(b, 64); err == nil {
		return fmt.Sprint(v)
	}
	return fmt.Sprintf("0x%x", b)
}

// IsAddress tells whether a value of that name and width is an address: IPv4 (32 bits), IPv6 (128) or Ethernet
// (48). It goes by @format (P4Runtime specification, "Table") or by the name: ..._addr, and ..._mac for Ethernet.
func IsAddress(name string, bits int, annotations []string) bool {
	formats := map[int]string{32: "@format(IPV4_ADDRESS)", 48: "@format(MAC_ADDRESS)", 128: "@format(IPV6_ADDRESS)"}
	format, may := formats[bits]
	if !may {
		return false
	}
	for _, a := range annotations {
		if a == format {
			return true
		}
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	return last == "addr" || strings.HasSuffix(last, "_addr") || bits == 48 && (last == "mac" || strings.HasSuffix(last, "_mac"))
}
