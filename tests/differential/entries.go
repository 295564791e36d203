package differential

import (
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"

	configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/protobuf/proto"
)

// generator draws entries for whatever program a P4Info describes.
type generator struct {
	r        *rand.Rand
	info     *configv1.P4Info
	flows    func() []flow
	flow     *flow // that the entry at hand is about; nil: none
	priority int32 // the last one given: which of two equal ones wins is not defined
	oneShot  bool  // this round's tables with a selector name their actions, not members and groups
}

func number(v uint64) []byte {
	b := []byte{byte(v >> 56), byte(v >> 48), byte(v >> 40), byte(v >> 32), byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}
	for len(b) > 1 && b[0] == 0 {
		b = b[1:]
	}
	return b
}

// initial returns what is written before the first packet, in an order in which each finds what it refers to.
func (g *generator) initial() []*p4v1.Update {
	var updates []*p4v1.Update
	insert := func(e *p4v1.Entity) { updates = append(updates, &p4v1.Update{Type: p4v1.Update_INSERT, Entity: e}) }
	modify := func(e *p4v1.Entity) { updates = append(updates, &p4v1.Update{Type: p4v1.Update_MODIFY, Entity: e}) }
	for id := uint32(30); id < 36; id++ {
		insert(g.multicast(id))
	}
	for _, p := range g.info.ActionProfiles {
		if g.oneShot {
			continue
		}
		for id := uint32(11); id < 19; id++ {
			insert(g.member(p, id))
		}
		for id := uint32(11); id < 14; id++ {
			insert(g.group(p, id))
		}
	}
	for _, t := range g.info.Tables {
		if t.IsConstTable {
			continue
		}
		n := 4 + g.r.IntN(12)
		if t.MatchFields != nil && t.MatchFields[0].GetMatchType() == configv1.MatchField_TERNARY {
			n = g.r.IntN(4) // few, or nothing else would be hit
		}
		for range n {
			if e := g.entry(t); e != nil {
				insert(e)
			}
		}
		if e := g.defaultEntry(t); e != nil {
			modify(e)
		}
	}
	for _, m := range g.info.Meters {
		for range 8 {
			// No tokens come back: colours depend on how many came before, not on when.
			modify(&p4v1.Entity{Entity: &p4v1.Entity_MeterEntry{MeterEntry: &p4v1.MeterEntry{
				MeterId: m.Preamble.Id, Index: &p4v1.Index{Index: int64(1 + g.r.IntN(8))},
				Config: &p4v1.MeterConfig{Cburst: 1 + int64(g.r.IntN(2)), Pburst: 2 + int64(g.r.IntN(3))},
			}}})
		}
	}
	return updates
}

func (g *generator) multicast(id uint32) *p4v1.Entity {
	m := &p4v1.MulticastGroupEntry{MulticastGroupId: id}
	for instance := uint32(1); instance < 10 && len(m.Replicas) < 3; instance++ {
		if chance(g.r, 3) {
			port := number(1 + uint64(g.r.IntN(ports)))
			m.Replicas = append(m.Replicas, &p4v1.Replica{PortKind: &p4v1.Replica_Port{Port: port}, Instance: instance})
		}
	}
	return &p4v1.Entity{Entity: &p4v1.Entity_PacketReplicationEngineEntry{PacketReplicationEngineEntry: &p4v1.PacketReplicationEngineEntry{
		Type: &p4v1.PacketReplicationEngineEntry_MulticastGroupEntry{MulticastGroupEntry: m},
	}}}
}

// tableOf returns the table of a profile; its actions are the members'.
func (g *generator) tableOf(p *configv1.ActionProfile) *configv1.Table {
	i := slices.IndexFunc(g.info.Tables, func(t *configv1.Table) bool { return t.Preamble.Id == p.TableIds[0] })
	return g.info.Tables[i]
}

func (g *generator) member(p *configv1.ActionProfile, id uint32) *p4v1.Entity {
	return &p4v1.Entity{Entity: &p4v1.Entity_ActionProfileMember{ActionProfileMember: &p4v1.ActionProfileMember{
		ActionProfileId: p.Preamble.Id, MemberId: id, Action: g.action(g.tableOf(p), false),
	}}}
}

func (g *generator) group(p *configv1.ActionProfile, id uint32) *p4v1.Entity {
	group := &p4v1.ActionProfileGroup{ActionProfileId: p.Preamble.Id, GroupId: id, MaxSize: 8}
	for member := uint32(11); member < 19 && len(group.Members) < 4; member++ {
		if chance(g.r, 2) || member == 18 && len(group.Members) == 0 {
			group.Members = append(group.Members, &p4v1.ActionProfileGroup_Member{MemberId: member, Weight: 1})
		}
	}
	return &p4v1.Entity{Entity: &p4v1.Entity_ActionProfileGroup{ActionProfileGroup: group}}
}

// choose picks a flow for the next entry to be about.
func (g *generator) choose() {
	g.flow = nil
	if flows := g.flows(); !chance(g.r, 4) && len(flows) > 0 {
		f := pick(g.r, flows)
		g.flow = &f
	}
}

func (g *generator) value(name string, width int32) uint64 {
	if g.flow != nil {
		if v, ok := ofFlow(g.r, g.flow, name); ok {
			return v
		}
	}
	return value(g.r, name, width)
}

// entry draws an entry of a table that has a key.
func (g *generator) entry(t *configv1.Table) *p4v1.Entity {
	if len(t.MatchFields) == 0 {
		return nil
	}
	e := &p4v1.TableEntry{TableId: t.Preamble.Id}
	g.choose()
	for _, f := range t.MatchFields {
		if m := g.match(f); m != nil {
			e.Match = append(e.Match, m)
		}
		switch f.GetMatchType() {
		case configv1.MatchField_TERNARY, configv1.MatchField_RANGE, configv1.MatchField_OPTIONAL:
			if e.Priority == 0 {
				g.priority++
				e.Priority = g.priority*7%1009 + 1
			}
		}
	}
	e.Action = g.tableAction(t)
	return &p4v1.Entity{Entity: &p4v1.Entity_TableEntry{TableEntry: e}}
}

func (g *generator) tableAction(t *configv1.Table) *p4v1.TableAction {
	switch {
	case t.ImplementationId == 0:
		return &p4v1.TableAction{Type: &p4v1.TableAction_Action{Action: g.action(t, false)}}
	case g.oneShot:
		set := &p4v1.ActionProfileActionSet{}
		for range 1 + g.r.IntN(3) {
			set.ActionProfileActions = append(set.ActionProfileActions, &p4v1.ActionProfileAction{Action: g.action(t, false), Weight: 1})
		}
		return &p4v1.TableAction{Type: &p4v1.TableAction_ActionProfileActionSet{ActionProfileActionSet: set}}
	case chance(g.r, 2):
		return &p4v1.TableAction{Type: &p4v1.TableAction_ActionProfileMemberId{ActionProfileMemberId: uint32(11 + g.r.IntN(8))}}
	}
	return &p4v1.TableAction{Type: &p4v1.TableAction_ActionProfileGroupId{ActionProfileGroupId: uint32(11 + g.r.IntN(3))}}
}

func (g *generator) match(f *configv1.MatchField) *p4v1.FieldMatch {
	m := &p4v1.FieldMatch{FieldId: f.Id}
	all := uint64(1)<<f.Bitwidth - 1
	v := g.value(f.Name, f.Bitwidth) & all
	switch f.GetMatchType() {
	case configv1.MatchField_EXACT:
		m.FieldMatchType = &p4v1.FieldMatch_Exact_{Exact: &p4v1.FieldMatch_Exact{Value: number(v)}}
	case configv1.MatchField_LPM:
		length := pick(g.r, []int32{24, 30, 31, 32, 32, 32, 32, 32})
		if chance(g.r, 50) {
			length = pick(g.r, []int32{0, 1, 8, 15}) // these catch nearly all
		}
		mask := all &^ (all >> length)
		if length == 0 {
			return nil
		}
		m.FieldMatchType = &p4v1.FieldMatch_Lpm{Lpm: &p4v1.FieldMatch_LPM{Value: number(v & mask), PrefixLen: length}}
	case configv1.MatchField_TERNARY:
		mask := pick(g.r, []uint64{0, all, all, all &^ (all >> uint(bits.Len64(all)/2)), 1, g.r.Uint64() & all})
		if mask == 0 {
			return nil
		}
		m.FieldMatchType = &p4v1.FieldMatch_Ternary_{Ternary: &p4v1.FieldMatch_Ternary{Value: number(v & mask), Mask: number(mask)}}
	case configv1.MatchField_RANGE:
		m.FieldMatchType = &p4v1.FieldMatch_Range_{Range: &p4v1.FieldMatch_Range{Low: number(v), High: number(v + (all-v)/2)}}
	case configv1.MatchField_OPTIONAL:
		if chance(g.r, 2) {
			return nil
		}
		m.FieldMatchType = &p4v1.FieldMatch_Optional_{Optional: &p4v1.FieldMatch_Optional{Value: number(v)}}
	}
	return m
}

// action draws one that entries (or the default entry) of a table may have; nil when there is none.
func (g *generator) action(t *configv1.Table, isDefault bool) *p4v1.Action {
	var ids []uint32
	for _, ref := range t.ActionRefs {
		if isDefault && ref.Scope != configv1.ActionRef_TABLE_ONLY || !isDefault && ref.Scope != configv1.ActionRef_DEFAULT_ONLY {
			ids = append(ids, ref.Id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	id := pick(g.r, ids)
	if t.MatchFields != nil && t.MatchFields[0].GetMatchType() == configv1.MatchField_LPM && !chance(g.r, 6) {
		id = ids[0] // a route that forwards
	}
	a := g.info.Actions[slices.IndexFunc(g.info.Actions, func(a *configv1.Action) bool { return a.Preamble.Id == id })]
	call := &p4v1.Action{ActionId: id}
	for _, p := range a.Params {
		v := g.value(p.Name, p.Bitwidth)
		if strings.Contains(p.Name, "group") && chance(g.r, 2) {
			v = uint64(30 + g.r.IntN(6)) // the multicast groups; low numbers are origin groups
		}
		call.Params = append(call.Params, &p4v1.Action_Param{ParamId: p.Id, Value: number(v)})
	}
	return call
}

// defaultEntry draws another default action where a table may get one, most of the time none.
func (g *generator) defaultEntry(t *configv1.Table) *p4v1.Entity {
	if t.ConstDefaultActionId != 0 || t.ImplementationId != 0 || len(t.MatchFields) > 0 && !chance(g.r, 12) {
		return nil
	}
	a := g.action(t, true)
	if a == nil {
		return nil
	}
	return &p4v1.Entity{Entity: &p4v1.Entity_TableEntry{TableEntry: &p4v1.TableEntry{
		TableId: t.Preamble.Id, IsDefaultAction: true, Action: &p4v1.TableAction{Type: &p4v1.TableAction_Action{Action: a}},
	}}}
}

// change draws what happens to the tables between two batches, given what was written before: mostly entries
// taken out, put in again or given another action, some of which are refused, and new ones.
func (g *generator) change(written []*p4v1.Update) []*p4v1.Update {
	var updates []*p4v1.Update
	for range 1 + g.r.IntN(6) {
		if t := pick(g.r, g.info.Tables); !t.IsConstTable && (t.MatchFields == nil || t.MatchFields[0].GetMatchType() != configv1.MatchField_TERNARY) {
			if e := g.entry(t); e != nil {
				updates = append(updates, &p4v1.Update{Type: p4v1.Update_INSERT, Entity: e})
			}
		}
		u := proto.CloneOf(pick(g.r, written))
		if u.Type == p4v1.Update_MODIFY {
			continue // defaults and meters stay
		}
		u.Type = pick(g.r, []p4v1.Update_Type{p4v1.Update_DELETE, p4v1.Update_INSERT, p4v1.Update_MODIFY})
		if e := u.Entity.GetTableEntry(); e != nil && u.Type != p4v1.Update_DELETE {
			i := slices.IndexFunc(g.info.Tables, func(t *configv1.Table) bool { return t.Preamble.Id == e.TableId })
			e.Action = g.tableAction(g.info.Tables[i])
		}
		updates = append(updates, u)
	}
	return updates
}

// packetOut gives a frame to a port, by the first of the metadata that packet-outs have.
func (g *generator) packetOut(frame []byte) *p4v1.PacketOut {
	out := &p4v1.PacketOut{Payload: frame}
	for _, h := range g.info.ControllerPacketMetadata {
		if h.Preamble.Name != "packet_out" {
			continue
		}
		for _, m := range h.Metadata {
			v := uint64(0)
			if m.Name == "egress_port" {
				v = 1 + uint64(g.r.IntN(ports))
			}
			out.Metadata = append(out.Metadata, &p4v1.PacketMetadata{MetadataId: m.Id, Value: number(v)})
		}
	}
	return out
}
