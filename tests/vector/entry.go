package vector

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
)

// Entity returns the entry as P4Runtime writes it.
func (s *Schema) Entity(e Entry) (*p4v1.Entity, error) {
	kinds := 0
	for _, given := range []bool{
		e.Table != "", e.Default != "", e.Multicast != 0, e.Clone != 0, e.Profile != "", e.Meter != "",
	} {
		if given {
			kinds++
		}
	}
	if kinds != 1 {
		return nil, fmt.Errorf("an entry names one of table, default, multicast, clone, profile, meter; this one %d", kinds)
	}
	switch {
	case e.Table != "":
		return s.tableEntry(e)
	case e.Default != "":
		return s.defaultEntry(e)
	case e.Profile != "":
		return s.profileEntry(e)
	case e.Meter != "":
		m, err := find("meter", e.Meter, s.info.Meters)
		if err != nil {
			return nil, err
		}
		return &p4v1.Entity{Entity: &p4v1.Entity_MeterEntry{MeterEntry: &p4v1.MeterEntry{
			MeterId: m.Preamble.Id, Index: &p4v1.Index{Index: e.Index},
			Config: &p4v1.MeterConfig{Cir: e.CIR, Cburst: e.CBurst, Pir: e.PIR, Pburst: e.PBurst},
		}}}, nil
	}
	return replication(e), nil
}

func replication(e Entry) *p4v1.Entity {
	var copies []*p4v1.Replica
	for _, c := range e.Copies {
		copies = append(copies, &p4v1.Replica{
			PortKind: &p4v1.Replica_Port{Port: canonicalUint(c.Port)}, Instance: c.Instance,
		})
	}
	engine := &p4v1.PacketReplicationEngineEntry{}
	if e.Multicast != 0 {
		engine.Type = &p4v1.PacketReplicationEngineEntry_MulticastGroupEntry{
			MulticastGroupEntry: &p4v1.MulticastGroupEntry{MulticastGroupId: e.Multicast, Replicas: copies},
		}
	} else {
		engine.Type = &p4v1.PacketReplicationEngineEntry_CloneSessionEntry{
			CloneSessionEntry: &p4v1.CloneSessionEntry{SessionId: e.Clone, Replicas: copies},
		}
	}
	return &p4v1.Entity{Entity: &p4v1.Entity_PacketReplicationEngineEntry{PacketReplicationEngineEntry: engine}}
}

func (s *Schema) tableEntry(e Entry) (*p4v1.Entity, error) {
	t, err := s.table(e.Table)
	if err != nil {
		return nil, err
	}
	entry := &p4v1.TableEntry{
		TableId: t.Preamble.Id, Priority: e.Priority, IdleTimeoutNs: time.Duration(e.Idle).Nanoseconds(),
	}
	keys := maps.Clone(e.Key)
	for _, f := range t.MatchFields {
		text := cmp.Or(keys[f.Name], "any")
		delete(keys, f.Name)
		m, err := fieldMatch(f, string(text))
		if err != nil {
			return nil, fmt.Errorf("table %s, key %s: %w", e.Table, f.Name, err)
		}
		if m != nil {
			entry.Match = append(entry.Match, m)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		return nil, fmt.Errorf("table %s has no key %q", e.Table, name)
	}
	switch {
	case e.Member != 0:
		entry.Action = &p4v1.TableAction{Type: &p4v1.TableAction_ActionProfileMemberId{ActionProfileMemberId: e.Member}}
	case e.Group != 0:
		entry.Action = &p4v1.TableAction{Type: &p4v1.TableAction_ActionProfileGroupId{ActionProfileGroupId: e.Group}}
	case e.Action != "":
		a, err := s.call(e, t)
		if err != nil {
			return nil, err
		}
		entry.Action = &p4v1.TableAction{Type: &p4v1.TableAction_Action{Action: a}}
	}
	return &p4v1.Entity{Entity: &p4v1.Entity_TableEntry{TableEntry: entry}}, nil
}

func (s *Schema) defaultEntry(e Entry) (*p4v1.Entity, error) {
	t, err := s.table(e.Default)
	if err != nil {
		return nil, err
	}
	entry := &p4v1.TableEntry{TableId: t.Preamble.Id, IsDefaultAction: true}
	if e.Action != "" {
		a, err := s.call(e, t)
		if err != nil {
			return nil, err
		}
		entry.Action = &p4v1.TableAction{Type: &p4v1.TableAction_Action{Action: a}}
	}
	return &p4v1.Entity{Entity: &p4v1.Entity_TableEntry{TableEntry: entry}}, nil
}

func (s *Schema) profileEntry(e Entry) (*p4v1.Entity, error) {
	p, err := find("action profile", e.Profile, s.info.ActionProfiles)
	if err != nil {
		return nil, err
	}
	if e.Group != 0 {
		group := &p4v1.ActionProfileGroup{ActionProfileId: p.Preamble.Id, GroupId: e.Group, MaxSize: p.MaxGroupSize}
		for _, id := range slices.Sorted(maps.Keys(e.Members)) {
			member, err := parseValue(string(id), 32)
			if err != nil {
				return nil, fmt.Errorf("profile %s, members: %w", e.Profile, err)
			}
			group.Members = append(group.Members, &p4v1.ActionProfileGroup_Member{
				MemberId: uint32(member.Uint64()), Weight: e.Members[id],
			})
		}
		return &p4v1.Entity{Entity: &p4v1.Entity_ActionProfileGroup{ActionProfileGroup: group}}, nil
	}
	m := &p4v1.ActionProfileMember{ActionProfileId: p.Preamble.Id, MemberId: e.Member}
	if e.Action != "" {
		if m.Action, err = s.call(e, nil); err != nil {
			return nil, err
		}
	}
	return &p4v1.Entity{Entity: &p4v1.Entity_ActionProfileMember{ActionProfileMember: m}}, nil
}

// call encodes an entry's action and its arguments.
func (s *Schema) call(e Entry, t *configv1.Table) (*p4v1.Action, error) {
	a, err := s.action(e.Action, t)
	if err != nil {
		return nil, err
	}
	call := &p4v1.Action{ActionId: a.Preamble.Id}
	args := maps.Clone(e.Args)
	for _, p := range a.Params {
		text, ok := args[p.Name]
		if !ok {
			return nil, fmt.Errorf("action %s: argument %s is missing", e.Action, p.Name)
		}
		delete(args, p.Name)
		value, err := encode(string(text), p.Bitwidth)
		if err != nil {
			return nil, fmt.Errorf("action %s, argument %s: %w", e.Action, p.Name, err)
		}
		call.Params = append(call.Params, &p4v1.Action_Param{ParamId: p.Id, Value: value})
	}
	for _, name := range slices.Sorted(maps.Keys(args)) {
		return nil, fmt.Errorf("action %s has no argument %q", e.Action, name)
	}
	return call, nil
}
