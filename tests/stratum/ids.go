package stratum

import (
	"fmt"
	"strings"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/protobuf/proto"
)

// ids lead from the ids of one P4Info to another's of the same program for another architecture, by names.
type ids struct {
	objects map[uint32]uint32
	parts   map[uint32]map[uint32]uint32 // match fields, parameters and packet metadata, by the object they belong to
}

type part interface {
	GetId() uint32
	GetName() string
}

// newIDs fails when something that entries, digests or packets refer to has no counterpart.
func newIDs(from, to *p4configv1.P4Info) (*ids, error) {
	m := &ids{objects: map[uint32]uint32{}, parts: map[uint32]map[uint32]uint32{}}
	there := map[string]uint32{}
	parts := map[uint32]map[string]uint32{}
	each(to, func(kind, name string, id uint32, list []part) {
		there[kind+name], parts[id] = id, map[string]uint32{}
		for _, p := range list {
			parts[id][p.GetName()] = p.GetId()
		}
	})
	var err error
	each(from, func(kind, name string, id uint32, list []part) {
		other, ok := there[kind+name]
		if !ok {
			err = fmt.Errorf("%s %s has no counterpart", kind, name)
			return
		}
		m.objects[id], m.parts[id] = other, map[uint32]uint32{}
		for _, p := range list {
			if m.parts[id][p.GetId()], ok = parts[other][p.GetName()]; !ok {
				err = fmt.Errorf("%s of %s %s has no counterpart", p.GetName(), kind, name)
			}
		}
	})
	return m, err
}

// each visits what can be referred to.
func each(info *p4configv1.P4Info, visit func(kind, name string, id uint32, parts []part)) {
	for _, t := range info.GetTables() {
		visit("table", short(t.GetPreamble()), t.GetPreamble().GetId(), partsOf(t.GetMatchFields()))
	}
	for _, a := range info.GetActions() {
		visit("action", short(a.GetPreamble()), a.GetPreamble().GetId(), partsOf(a.GetParams()))
	}
	// Profiles are called otherwise on TNA; they go by their first table.
	tables := map[uint32]string{}
	for _, t := range info.GetTables() {
		tables[t.GetPreamble().GetId()] = short(t.GetPreamble())
	}
	for _, p := range info.GetActionProfiles() {
		visit("profile of", tables[p.GetTableIds()[0]], p.GetPreamble().GetId(), nil)
	}
	for _, m := range info.GetMeters() {
		visit("meter", short(m.GetPreamble()), m.GetPreamble().GetId(), nil)
	}
	for _, d := range info.GetDigests() {
		visit("digest", d.GetTypeSpec().GetStruct().GetName(), d.GetPreamble().GetId(), nil)
	}
	for _, m := range info.GetControllerPacketMetadata() {
		visit("packet", m.GetPreamble().GetName(), m.GetPreamble().GetId(), partsOf(m.GetMetadata()))
	}
}

// short is an object's name without the pipe that TNA puts in front.
func short(p *p4configv1.Preamble) string { return strings.TrimPrefix(p.GetName(), "pipe.") }

func partsOf[P part](list []P) []part {
	out := make([]part, len(list))
	for i, p := range list {
		out[i] = p
	}
	return out
}

// entity gives a copy of an entity with the other ids.
func (m *ids) entity(e *p4v1.Entity) *p4v1.Entity {
	e = proto.Clone(e).(*p4v1.Entity)
	switch x := e.GetEntity().(type) {
	case *p4v1.Entity_TableEntry:
		m.table(x.TableEntry)
	case *p4v1.Entity_DirectCounterEntry:
		m.table(x.DirectCounterEntry.GetTableEntry())
	case *p4v1.Entity_ActionProfileMember:
		x.ActionProfileMember.ActionProfileId = m.objects[x.ActionProfileMember.GetActionProfileId()]
		m.action(x.ActionProfileMember.GetAction())
	case *p4v1.Entity_ActionProfileGroup:
		x.ActionProfileGroup.ActionProfileId = m.objects[x.ActionProfileGroup.GetActionProfileId()]
	case *p4v1.Entity_MeterEntry:
		x.MeterEntry.MeterId = m.objects[x.MeterEntry.GetMeterId()]
	case *p4v1.Entity_DigestEntry:
		x.DigestEntry.DigestId = m.objects[x.DigestEntry.GetDigestId()]
	}
	return e
}

func (m *ids) table(t *p4v1.TableEntry) {
	fields := m.parts[t.GetTableId()]
	t.TableId = m.objects[t.GetTableId()]
	for _, f := range t.GetMatch() {
		f.FieldId = fields[f.GetFieldId()]
	}
	m.action(t.GetAction().GetAction())
}

func (m *ids) action(a *p4v1.Action) {
	if a == nil {
		return
	}
	params := m.parts[a.GetActionId()]
	a.ActionId = m.objects[a.GetActionId()]
	for _, p := range a.GetParams() {
		p.ParamId = params[p.GetParamId()]
	}
}

// metadata renumbers a packet's metadata; header is the id of packet_in or packet_out.
func (m *ids) metadata(header uint32, list []*p4v1.PacketMetadata) {
	for _, one := range list {
		one.MetadataId = m.parts[header][one.GetMetadataId()]
	}
}

// headerID is the id of packet_in or packet_out in a P4Info.
func headerID(info *p4configv1.P4Info, name string) uint32 {
	for _, m := range info.GetControllerPacketMetadata() {
		if m.GetPreamble().GetName() == name {
			return m.GetPreamble().GetId()
		}
	}
	return 0
}
