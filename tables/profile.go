package tables

import (
	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
)

// ProfileSpec is an action profile or selector as a generated binding knows it.
type ProfileSpec struct {
	Name    string
	Full    string
	Actions []*ActionSpec
}

// Profile makes and reads members and groups of one action profile (P4Runtime specification,
// "ActionProfileMember & ActionProfileGroup").
type Profile[A Action] struct {
	object  string
	info    *p4configv1.ActionProfile
	actions *actionSet
}

// GroupMember is one member of a group, with its share of the traffic.
type GroupMember struct {
	Member    uint32
	Weight    int32
	WatchPort []byte // the member counts only while this port is up; empty: always
}

// Group is a set of members among which the selector chooses.
type Group struct {
	ID      uint32
	Members []GroupMember
	MaxSize int32 // 0: the profile's own; can't be changed later
}

// BindProfile resolves a profile's names. A profile that another architecture calls otherwise is found by its actions: on
// TNA a selector's members are in an object of their own, whose name the P4Info has.
func BindProfile[A Action](b *Binder, spec *ProfileSpec) *Profile[A] {
	p := &Profile[A]{object: "action profile " + spec.Name}
	info, ok := find(b.schema.Info.GetActionProfiles(), spec.Full, spec.Name)
	if !ok {
		info, ok = profileWith(b.schema, spec.Actions)
	}
	if !ok {
		b.fail(&Error{Object: p.object, Err: ErrAbsent})
		return p
	}
	p.info = info
	var refs []*p4configv1.ActionRef
	for _, id := range info.GetTableIds() {
		refs = append(refs, b.schema.tables[id].GetActionRefs()...)
	}
	p.actions = b.actionSet(p.object, spec.Actions, refs)
	return p
}

// profileWith finds the one profile whose tables have all these actions.
func profileWith(s *Schema, actions []*ActionSpec) (found *p4configv1.ActionProfile, ok bool) {
	matches := 0
	for _, p := range s.Info.GetActionProfiles() {
		has := map[uint32]bool{}
		for _, table := range p.GetTableIds() {
			for _, ref := range s.tables[table].GetActionRefs() {
				has[ref.GetId()] = true
			}
		}
		all := len(actions) > 0
		for _, a := range actions {
			info, known := find(s.Info.GetActions(), a.Full, a.Name)
			all = all && known && has[info.GetPreamble().GetId()]
		}
		if all {
			found = p
			matches++
		}
	}
	return found, matches == 1
}

// ID is the profile's id in the pipeline in use.
func (p *Profile[A]) ID() uint32 { return p.info.GetPreamble().GetId() }

// Size is how many members all groups of the profile may have together, in the pipeline in use.
func (p *Profile[A]) Size() int { return int(p.info.GetSize()) }

// Member encodes a member.
func (p *Profile[A]) Member(id uint32, call A) (*p4v1.Entity, error) {
	if id == 0 {
		return nil, &Error{Object: p.object, Field: "member", Value: id, Err: ErrValue}
	}
	a, err := p.actions.encode(call, p4configv1.ActionRef_DEFAULT_ONLY)
	if err != nil {
		return nil, err
	}
	return p.member(&p4v1.ActionProfileMember{MemberId: id, Action: a}), nil
}

func (p *Profile[A]) member(m *p4v1.ActionProfileMember) *p4v1.Entity {
	m.ActionProfileId = p.ID()
	return &p4v1.Entity{Entity: &p4v1.Entity_ActionProfileMember{ActionProfileMember: m}}
}

// MemberKey names a member, to delete or read it; 0 reads all.
func (p *Profile[A]) MemberKey(id uint32) *p4v1.Entity {
	return p.member(&p4v1.ActionProfileMember{MemberId: id})
}

// DecodeMember reads a member.
func (p *Profile[A]) DecodeMember(m *p4v1.ActionProfileMember) (id uint32, call A, err error) {
	if m.GetActionProfileId() != p.ID() {
		return 0, call, &Error{Object: p.object, Field: "member", Value: m.GetMemberId(), Err: ErrUnknown}
	}
	call, err = decodeAction[A](p.actions, m.GetAction())
	return m.GetMemberId(), call, err
}

// Group encodes a group.
func (p *Profile[A]) Group(g Group) (*p4v1.Entity, error) {
	switch {
	case !p.info.GetWithSelector():
		return nil, &Error{Object: p.object, Field: "group", Value: g.ID, Detail: "the profile has no selector", Err: ErrAction}
	case g.ID == 0:
		return nil, &Error{Object: p.object, Field: "group", Value: g.ID, Err: ErrValue}
	}
	m := &p4v1.ActionProfileGroup{GroupId: g.ID, MaxSize: g.MaxSize}
	for _, member := range g.Members {
		if member.Weight <= 0 {
			return nil, &Error{Object: p.object, Field: "weight", Value: member.Weight, Detail: "has to be above 0", Err: ErrValue}
		}
		gm := &p4v1.ActionProfileGroup_Member{MemberId: member.Member, Weight: member.Weight}
		if len(member.WatchPort) != 0 {
			gm.WatchKind = &p4v1.ActionProfileGroup_Member_WatchPort{WatchPort: Canonical(member.WatchPort)}
		}
		m.Members = append(m.Members, gm)
	}
	return p.group(m), nil
}

func (p *Profile[A]) group(m *p4v1.ActionProfileGroup) *p4v1.Entity {
	m.ActionProfileId = p.ID()
	return &p4v1.Entity{Entity: &p4v1.Entity_ActionProfileGroup{ActionProfileGroup: m}}
}

// GroupKey names a group, to delete or read it; 0 reads all.
func (p *Profile[A]) GroupKey(id uint32) *p4v1.Entity {
	return p.group(&p4v1.ActionProfileGroup{GroupId: id})
}

// DecodeGroup reads a group.
func (p *Profile[A]) DecodeGroup(m *p4v1.ActionProfileGroup) (Group, error) {
	if m.GetActionProfileId() != p.ID() {
		return Group{}, &Error{Object: p.object, Field: "group", Value: m.GetGroupId(), Err: ErrUnknown}
	}
	g := Group{ID: m.GetGroupId(), MaxSize: m.GetMaxSize()}
	for _, gm := range m.GetMembers() {
		g.Members = append(g.Members, GroupMember{Member: gm.GetMemberId(), Weight: gm.GetWeight(), WatchPort: gm.GetWatchPort()})
	}
	return g, nil
}
