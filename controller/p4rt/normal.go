package p4rt

import (
	"fmt"
	"slices"
	"strings"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/tables"
)

// normal gives an entity in the one form in which two that mean the same are equal: order of fields, parameters,
// members and copies does not count, byte strings are canonical, and what only a read brings along is gone.
func normal(e *p4v1.Entity) *p4v1.Entity {
	e = proto.Clone(e).(*p4v1.Entity)
	switch x := e.GetEntity().(type) {
	case *p4v1.Entity_TableEntry:
		normalTable(x.TableEntry)
	case *p4v1.Entity_DirectMeterEntry:
		normalTable(x.DirectMeterEntry.GetTableEntry())
		x.DirectMeterEntry.Config = normalMeter(x.DirectMeterEntry.GetConfig())
		x.DirectMeterEntry.CounterData = nil
	case *p4v1.Entity_MeterEntry:
		x.MeterEntry.Config = normalMeter(x.MeterEntry.GetConfig())
		x.MeterEntry.CounterData = nil
	case *p4v1.Entity_ActionProfileMember:
		normalAction(x.ActionProfileMember.GetAction())
	case *p4v1.Entity_ActionProfileGroup:
		normalGroup(x.ActionProfileGroup)
	case *p4v1.Entity_PacketReplicationEngineEntry:
		pre := x.PacketReplicationEngineEntry
		normalReplicas(pre.GetMulticastGroupEntry().GetReplicas())
		normalReplicas(pre.GetCloneSessionEntry().GetReplicas())
	}
	return e
}

func normalTable(t *p4v1.TableEntry) {
	if t == nil {
		return
	}
	for _, m := range t.GetMatch() {
		normalMatch(m)
	}
	slices.SortFunc(t.GetMatch(), func(a, b *p4v1.FieldMatch) int { return int(a.GetFieldId()) - int(b.GetFieldId()) })
	normalAction(t.GetAction().GetAction())
	set := t.GetAction().GetActionProfileActionSet().GetActionProfileActions()
	for _, a := range set {
		normalAction(a.GetAction())
		if p := a.GetWatchPort(); len(p) > 0 {
			a.WatchKind = &p4v1.ActionProfileAction_WatchPort{WatchPort: tables.Canonical(p)}
		}
	}
	slices.SortFunc(set, func(a, b *p4v1.ActionProfileAction) int { return strings.Compare(text(a), text(b)) })
	t.CounterData, t.MeterCounterData, t.TimeSinceLastHit, t.IsConst = nil, nil, nil, false
	t.MeterConfig = normalMeter(t.GetMeterConfig())
}

func normalMatch(m *p4v1.FieldMatch) {
	switch x := m.GetFieldMatchType().(type) {
	case *p4v1.FieldMatch_Exact_:
		x.Exact.Value = tables.Canonical(x.Exact.GetValue())
	case *p4v1.FieldMatch_Ternary_:
		x.Ternary.Value, x.Ternary.Mask = tables.Canonical(x.Ternary.GetValue()), tables.Canonical(x.Ternary.GetMask())
	case *p4v1.FieldMatch_Lpm:
		x.Lpm.Value = tables.Canonical(x.Lpm.GetValue())
	case *p4v1.FieldMatch_Range_:
		x.Range.Low, x.Range.High = tables.Canonical(x.Range.GetLow()), tables.Canonical(x.Range.GetHigh())
	case *p4v1.FieldMatch_Optional_:
		x.Optional.Value = tables.Canonical(x.Optional.GetValue())
	}
}

func normalAction(a *p4v1.Action) {
	for _, p := range a.GetParams() {
		p.Value = tables.Canonical(p.GetValue())
	}
	slices.SortFunc(a.GetParams(), func(x, y *p4v1.Action_Param) int { return int(x.GetParamId()) - int(y.GetParamId()) })
}

// normalMeter makes an empty configuration what it means: none.
func normalMeter(m *p4v1.MeterConfig) *p4v1.MeterConfig {
	if proto.Equal(m, &p4v1.MeterConfig{}) {
		return nil
	}
	return m
}

func normalGroup(g *p4v1.ActionProfileGroup) {
	for _, m := range g.GetMembers() {
		if p := m.GetWatchPort(); len(p) > 0 {
			m.WatchKind = &p4v1.ActionProfileGroup_Member_WatchPort{WatchPort: tables.Canonical(p)}
		}
	}
	slices.SortFunc(g.GetMembers(), func(a, b *p4v1.ActionProfileGroup_Member) int {
		return int(a.GetMemberId()) - int(b.GetMemberId())
	})
	g.MaxSize = 0 // can't be changed once the group exists, and servers fill in their own
}

func normalReplicas(list []*p4v1.Replica) {
	for i, m := range list {
		one := replicas([]Replica{replicaOf(m)})[0]
		one.BackupReplicas = m.GetBackupReplicas()
		list[i] = one
	}
	slices.SortFunc(list, func(a, b *p4v1.Replica) int { return strings.Compare(text(a), text(b)) })
}

// text is a message as a string that sorts and compares; messages of equal content give equal strings.
func text(m proto.Message) string {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return err.Error() // no message of P4Runtime has required fields
	}
	return string(b)
}

// keyOf names what an entity in normal form is about: two with the same key can't be in a switch at once. The key
// is opaque.
func keyOf(e *p4v1.Entity) string {
	switch x := e.GetEntity().(type) {
	case *p4v1.Entity_TableEntry:
		return tableKey("t", x.TableEntry)
	case *p4v1.Entity_DirectMeterEntry:
		return tableKey("dm", x.DirectMeterEntry.GetTableEntry())
	case *p4v1.Entity_DirectCounterEntry:
		return tableKey("dc", x.DirectCounterEntry.GetTableEntry())
	case *p4v1.Entity_ActionProfileMember:
		return fmt.Sprintf("m%d/%d", x.ActionProfileMember.GetActionProfileId(), x.ActionProfileMember.GetMemberId())
	case *p4v1.Entity_ActionProfileGroup:
		return fmt.Sprintf("g%d/%d", x.ActionProfileGroup.GetActionProfileId(), x.ActionProfileGroup.GetGroupId())
	case *p4v1.Entity_MeterEntry:
		return fmt.Sprintf("mt%d/%d", x.MeterEntry.GetMeterId(), x.MeterEntry.GetIndex().GetIndex())
	case *p4v1.Entity_CounterEntry:
		return fmt.Sprintf("c%d/%d", x.CounterEntry.GetCounterId(), x.CounterEntry.GetIndex().GetIndex())
	case *p4v1.Entity_RegisterEntry:
		return fmt.Sprintf("r%d/%d", x.RegisterEntry.GetRegisterId(), x.RegisterEntry.GetIndex().GetIndex())
	case *p4v1.Entity_DigestEntry:
		return fmt.Sprintf("d%d", x.DigestEntry.GetDigestId())
	case *p4v1.Entity_ValueSetEntry:
		return fmt.Sprintf("v%d", x.ValueSetEntry.GetValueSetId())
	case *p4v1.Entity_PacketReplicationEngineEntry:
		pre := x.PacketReplicationEngineEntry
		if c := pre.GetCloneSessionEntry(); c != nil {
			return fmt.Sprintf("cl%d", c.GetSessionId())
		}
		return fmt.Sprintf("mc%d", pre.GetMulticastGroupEntry().GetMulticastGroupId())
	}
	return text(e)
}

func tableKey(kind string, t *p4v1.TableEntry) string {
	return kind + text(&p4v1.TableEntry{
		TableId: t.GetTableId(), Match: t.GetMatch(), Priority: t.GetPriority(), IsDefaultAction: t.GetIsDefaultAction(),
	})
}

// bare is an entity reduced to its key, as a delete or a read needs it.
func bare(e *p4v1.Entity) *p4v1.Entity {
	e = proto.Clone(e).(*p4v1.Entity)
	switch x := e.GetEntity().(type) {
	case *p4v1.Entity_TableEntry:
		t := x.TableEntry
		x.TableEntry = &p4v1.TableEntry{TableId: t.GetTableId(), Match: t.GetMatch(), Priority: t.GetPriority(), IsDefaultAction: t.GetIsDefaultAction()}
	case *p4v1.Entity_ActionProfileMember:
		x.ActionProfileMember.Action = nil
	case *p4v1.Entity_ActionProfileGroup:
		x.ActionProfileGroup.Members, x.ActionProfileGroup.MaxSize = nil, 0
	case *p4v1.Entity_DirectMeterEntry:
		x.DirectMeterEntry.Config = nil
	case *p4v1.Entity_MeterEntry:
		x.MeterEntry.Config = nil
	case *p4v1.Entity_DigestEntry:
		x.DigestEntry.Config = nil
	case *p4v1.Entity_PacketReplicationEngineEntry:
		if g := x.PacketReplicationEngineEntry.GetMulticastGroupEntry(); g != nil {
			g.Replicas, g.Metadata = nil, nil
		}
		if s := x.PacketReplicationEngineEntry.GetCloneSessionEntry(); s != nil {
			s.Replicas, s.ClassOfService, s.PacketLengthBytes = nil, 0, 0
		}
	}
	return e
}
