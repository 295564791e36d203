package pipeline

import (
	"fmt"
	"slices"
)

// Groups of action selectors.

// maxGroupMembers bounds a group whose profile declares no size.
const maxGroupMembers = 1 << 16

// build checks the members of a group and puts them in selection order.
func (p *Profile) build(g *Group) (*groupState, error) {
	if p.def.selector == nil {
		return nil, fmt.Errorf("%w: the profile has no selector", ErrInvalid)
	}
	if g.MaxSize < 0 || g.MaxSize > 0 && len(g.Members) > int(g.MaxSize) || len(g.Members) > maxGroupMembers {
		return nil, fmt.Errorf("%w: %d members, max_size %d", ErrFull, len(g.Members), g.MaxSize)
	}
	s := &groupState{id: g.ID, maxSize: g.MaxSize}
	seen := map[uint32]bool{}
	for _, m := range g.Members {
		slot, ok := p.memberSlot[m.Member]
		if !ok {
			return nil, fmt.Errorf("member %d: %w", m.Member, ErrNotFound)
		}
		if seen[m.Member] {
			return nil, fmt.Errorf("%w: member %d twice", ErrInvalid, m.Member)
		}
		seen[m.Member] = true
		if m.Weight < 1 {
			return nil, fmt.Errorf("%w: member %d: weight %d", ErrInvalid, m.Member, m.Weight)
		}
		s.add(slot, m.Weight, m.WatchPort, m.Watch)
	}
	return s, nil
}

func (s *groupState) add(slot int, weight int32, port uint32, watch bool) {
	s.total += uint64(weight)
	m := groupMember{slot: slot, upTo: s.total, watch: -1}
	if watch {
		m.watch = int64(port)
	}
	s.members = append(s.members, m)
}

// AddGroup adds a group. Errors: ErrExists, ErrNotFound (a member), ErrFull,
// ErrInvalid.
func (p *Profile) AddGroup(g Group) error {
	if g.ID == 0 {
		return p.fail(fmt.Errorf("%w: id 0", ErrInvalid), "group", g.ID)
	}
	if _, ok := p.groupSlot[g.ID]; ok {
		return p.fail(ErrExists, "group", g.ID)
	}
	s, err := p.build(&g)
	if err != nil {
		return p.fail(err, "group", g.ID)
	}
	p.groupSlot[g.ID] = p.newGroup(s)
	return nil
}

func (p *Profile) newGroup(s *groupState) int {
	for _, m := range s.members {
		p.members[m.slot].refs++
	}
	if n := len(p.freeGroup); n > 0 {
		slot := p.freeGroup[n-1]
		p.freeGroup = p.freeGroup[:n-1]
		p.groups[slot] = s
		return slot
	}
	p.groups = append(p.groups, s)
	return len(p.groups) - 1
}

// ModifyGroup replaces a group's members. Errors as AddGroup.
func (p *Profile) ModifyGroup(g Group) error {
	slot, ok := p.groupSlot[g.ID]
	if !ok {
		return p.fail(ErrNotFound, "group", g.ID)
	}
	s, err := p.build(&g)
	if err != nil {
		return p.fail(err, "group", g.ID)
	}
	old := p.groups[slot]
	s.refs = old.refs
	if g.MaxSize == 0 {
		s.maxSize = old.maxSize
	}
	for _, m := range s.members {
		p.members[m.slot].refs++
	}
	for _, m := range old.members {
		p.members[m.slot].refs--
	}
	p.groups[slot] = s
	return nil
}

// DeleteGroup removes a group that no entry uses. Errors: ErrNotFound,
// ErrInUse.
func (p *Profile) DeleteGroup(id uint32) error {
	slot, ok := p.groupSlot[id]
	if !ok {
		return p.fail(ErrNotFound, "group", id)
	}
	if p.groups[slot].refs > 0 {
		return p.fail(ErrInUse, "group", id)
	}
	delete(p.groupSlot, id)
	p.dropGroup(slot)
	return nil
}

// dropGroup frees a group's slot, and the members of a one-shot set with it.
func (p *Profile) dropGroup(slot int) {
	for _, m := range p.groups[slot].members {
		p.members[m.slot].refs--
		if p.members[m.slot].id == 0 {
			p.freeMember = append(p.freeMember, m.slot)
		}
	}
	p.groups[slot] = &groupState{}
	p.freeGroup = append(p.freeGroup, slot)
}

// Group finds a group.
func (p *Profile) Group(id uint32) (Group, bool) {
	slot, ok := p.groupSlot[id]
	if !ok {
		return Group{}, false
	}
	s := p.groups[slot]
	g := Group{ID: id, MaxSize: s.maxSize}
	before := uint64(0)
	for _, m := range s.members {
		g.Members = append(g.Members, GroupMember{
			Member: p.members[m.slot].id, Weight: int32(m.upTo - before),
			WatchPort: uint32(max(m.watch, 0)), Watch: m.watch >= 0,
		})
		before = m.upTo
	}
	return g, true
}

// Groups lists all groups in the order of their ids.
func (p *Profile) Groups() []Group {
	out := make([]Group, 0, len(p.groupSlot))
	for id := range p.groupSlot {
		g, _ := p.Group(id)
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b Group) int { return compareInt(int64(a.ID), int64(b.ID)) })
	return out
}

// Clear removes all groups and members that no entry uses.
func (p *Profile) Clear() {
	for _, g := range p.Groups() {
		_ = p.DeleteGroup(g.ID) // one in use stays
	}
	for id, slot := range p.memberSlot {
		if p.members[slot].refs == 0 {
			_ = p.DeleteMember(id)
		}
	}
}

// checkSet checks a one-shot set.
func (p *Profile) checkSet(set []Weighted) error {
	if p.def.selector == nil {
		return fmt.Errorf("%w: the profile has no selector", ErrInvalid)
	}
	if len(set) > maxGroupMembers {
		return fmt.Errorf("%w: %d actions in a set", ErrFull, len(set))
	}
	for i := range set {
		if set[i].Weight < 1 {
			return fmt.Errorf("%w: action %d of the set: weight %d", ErrInvalid, i, set[i].Weight)
		}
		if _, err := p.parseCall(&set[i].Call); err != nil {
			return fmt.Errorf("action %d of the set: %w", i, err)
		}
	}
	return nil
}

// addSet makes a group of a one-shot set that checkSet accepted.
func (p *Profile) addSet(set []Weighted) int {
	s := &groupState{}
	for i := range set {
		k, _ := p.parseCall(&set[i].Call)
		s.add(p.newMember(&member{call: k}), set[i].Weight, set[i].WatchPort, set[i].Watch)
	}
	return p.newGroup(s)
}

// publicSet gives a one-shot set in the control plane's form.
func (p *Profile) publicSet(g *groupState) []Weighted {
	set := make([]Weighted, 0, len(g.members))
	before := uint64(0)
	for _, m := range g.members {
		set = append(set, Weighted{
			Call: *p.members[m.slot].call.public(), Weight: int32(m.upTo - before),
			WatchPort: uint32(max(m.watch, 0)), Watch: m.watch >= 0,
		})
		before = m.upTo
	}
	return set
}
