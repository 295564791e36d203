package p4rt

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/tables"
)

// Where a target takes no one-shot action sets (Target.NoActionSets) they are written as members and groups, and read as
// sets again: whoever uses a Conn sees sets. Every entry has a group of its own, with members of its own whose ids follow
// from the group's. A share of weight n is n members, since such targets know no weights.

// selectors remembers which group an entry has, by profile and the entry's key.
type selectors struct {
	mu     sync.Mutex
	groups map[uint32]map[string]uint32 // by table
}

// learn takes in what was read of the tables in scope.
func (s *selectors) learn(scope Scope, have *there) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.groups == nil {
		s.groups = map[uint32]map[string]uint32{}
	}
	for _, id := range scope.Tables {
		s.groups[id] = map[string]uint32{}
	}
	for key, e := range have.entities {
		t := e.GetTableEntry()
		if g := t.GetAction().GetActionProfileGroupId(); g != 0 && slices.Contains(scope.Tables, t.GetTableId()) {
			s.groups[t.GetTableId()][key] = g
		}
	}
}

// keep forgets the groups of entries that are gone.
func (s *selectors) keep(scope Scope, want map[string]*p4v1.Entity) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range scope.Tables {
		for key := range s.groups[id] {
			if want[key] == nil {
				delete(s.groups[id], key)
			}
		}
	}
}

// group gives an entry's group, a new one when it has none. Tables share the numbers of their profile; no program of
// ours has two tables on one.
func (s *selectors) group(table uint32, key string) uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.groups == nil {
		s.groups = map[uint32]map[string]uint32{}
	}
	if s.groups[table] == nil {
		s.groups[table] = map[string]uint32{}
	}
	known := s.groups[table]
	if g, ok := known[key]; ok {
		return g
	}
	taken := make(map[uint32]bool, len(known))
	for _, g := range known {
		taken[g] = true
	}
	g := uint32(1)
	for taken[g] {
		g++
	}
	known[key] = g
	return g
}

// profileOf gives the selector of a table, nil when it has none or the target takes sets.
func (c *Conn) profileOf(table uint32) *p4configv1.ActionProfile {
	if !c.session.options.Target.NoActionSets {
		return nil
	}
	s := c.session.schema
	return s.Profile(s.Table(table).GetImplementationId())
}

// selecting adds to a scope the members and groups of its tables.
func (c *Conn) selecting(scope Scope) Scope {
	for _, id := range scope.Tables {
		if p := c.profileOf(id); p != nil {
			scope.Profiles = append(slices.Clone(scope.Profiles), p.GetPreamble().GetId())
		}
	}
	return scope
}

// grouped replaces action sets by groups and their members.
func (c *Conn) grouped(entities []*p4v1.Entity) ([]*p4v1.Entity, error) {
	if !c.session.options.Target.NoActionSets {
		return entities, nil
	}
	out := make([]*p4v1.Entity, 0, len(entities))
	for _, e := range entities {
		t := e.GetTableEntry()
		set, profile := t.GetAction().GetActionProfileActionSet(), c.profileOf(t.GetTableId())
		if set == nil || profile == nil {
			out = append(out, e)
			continue
		}
		shares, err := divided(set, room(profile))
		if err != nil {
			// An update that failed, for the caller: what does not depend on it shall be written.
			object, key := c.session.schema.Describe(e)
			return nil, &WriteError{Switch: c.Switch(), Failed: []UpdateError{{
				Update: tables.Insert(e), Object: object, Key: key, Code: codes.ResourceExhausted, Message: err.Error(),
			}}}
		}
		g := c.groups.group(t.GetTableId(), keyOf(normal(e)))
		out = append(out, withGroup(e, profile, g, shares)...)
	}
	return out, nil
}

// room is how many members a group has, at most.
func room(p *p4configv1.ActionProfile) int {
	if n := p.GetMaxGroupSize(); n > 0 {
		return int(n)
	}
	return int(p.GetSize())
}

// divided gives an action for each share of a set: weights are reduced to the least that have their ratio, and where there
// is no room for these, rounded. Everybody keeps a share.
func divided(set *p4v1.ActionProfileActionSet, most int) (shares []*p4v1.Action, err error) {
	actions := set.GetActionProfileActions()
	if len(actions) > most {
		return nil, fmt.Errorf("%d actions, where a group has room for %d members", len(actions), most)
	}
	unit, total := int32(0), int64(0)
	for _, a := range actions {
		unit = gcd(unit, a.GetWeight())
		total += int64(a.GetWeight())
	}
	n, sum := make([]int64, len(actions)), int64(0)
	for i, a := range actions {
		n[i] = int64(a.GetWeight() / unit)
		if total/int64(unit) > int64(most) {
			n[i] = max(int64(a.GetWeight())*int64(most)/total, 1)
		}
		sum += n[i]
	}
	for ; sum > int64(most); sum-- { // those who have little were rounded up
		n[slices.Index(n, slices.Max(n))]--
	}
	for i, a := range actions {
		for range n[i] {
			shares = append(shares, a.GetAction())
		}
	}
	return shares, nil
}

func gcd(a, b int32) int32 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// withGroup makes an entry that refers to a group, the group, and its members.
func withGroup(e *p4v1.Entity, profile *p4configv1.ActionProfile, g uint32, shares []*p4v1.Action) []*p4v1.Entity {
	id, first := profile.GetPreamble().GetId(), (g-1)*uint32(room(profile))+1
	group := &p4v1.ActionProfileGroup{ActionProfileId: id, GroupId: g}
	var out []*p4v1.Entity
	for i, a := range shares {
		member := &p4v1.ActionProfileMember{ActionProfileId: id, MemberId: first + uint32(i), Action: a}
		group.Members = append(group.Members, &p4v1.ActionProfileGroup_Member{MemberId: member.MemberId, Weight: 1})
		out = append(out, &p4v1.Entity{Entity: &p4v1.Entity_ActionProfileMember{ActionProfileMember: member}})
	}
	e = proto.Clone(e).(*p4v1.Entity)
	e.GetTableEntry().Action = &p4v1.TableAction{Type: &p4v1.TableAction_ActionProfileGroupId{ActionProfileGroupId: g}}
	return append(out, &p4v1.Entity{Entity: &p4v1.Entity_ActionProfileGroup{ActionProfileGroup: group}}, e)
}

// selected tells whether entries of a table with a selector are among what is asked for.
func (c *Conn) selected(what []*p4v1.Entity) bool {
	return slices.ContainsFunc(what, func(e *p4v1.Entity) bool {
		return e.GetTableEntry() != nil && c.profileOf(e.GetTableEntry().GetTableId()) != nil
	})
}

// readSets reads entities, entries that refer to groups as the sets they stand for.
func (c *Conn) readSets(ctx context.Context, what []*p4v1.Entity) iter.Seq2[*p4v1.Entity, error] {
	return func(yield func(*p4v1.Entity, error) bool) {
		sets := map[uint32]map[uint32]*p4v1.ActionProfileActionSet{} // by profile and group
		for _, e := range what {
			profile := c.profileOf(e.GetTableEntry().GetTableId())
			id := profile.GetPreamble().GetId()
			if profile == nil || sets[id] != nil {
				continue
			}
			var err error
			if sets[id], err = c.setsOf(ctx, id); err != nil {
				yield(nil, err)
				return
			}
		}
		for e, err := range c.read(ctx, what...) {
			t := e.GetTableEntry()
			if g := t.GetAction().GetActionProfileGroupId(); err == nil && g != 0 {
				set := sets[c.profileOf(t.GetTableId()).GetPreamble().GetId()][g]
				t.Action = &p4v1.TableAction{Type: &p4v1.TableAction_ActionProfileActionSet{ActionProfileActionSet: set}}
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// setsOf reads the groups of a profile as sets.
func (c *Conn) setsOf(ctx context.Context, profile uint32) (map[uint32]*p4v1.ActionProfileActionSet, error) {
	members := map[uint32]*p4v1.Action{}
	var groups []*p4v1.ActionProfileGroup
	for e, err := range c.read(ctx, allMembers(profile), allGroups(profile)) {
		if err != nil {
			return nil, err
		}
		if m := e.GetActionProfileMember(); m != nil {
			members[m.GetMemberId()] = m.GetAction()
		} else if g := e.GetActionProfileGroup(); g != nil {
			groups = append(groups, g)
		}
	}
	sets := map[uint32]*p4v1.ActionProfileActionSet{}
	for _, g := range groups {
		set := &p4v1.ActionProfileActionSet{}
		by := map[string]*p4v1.ActionProfileAction{}
		for _, m := range g.GetMembers() {
			a := members[m.GetMemberId()]
			if a == nil {
				continue // it came between the two reads
			}
			one := by[text(a)]
			if one == nil {
				one = &p4v1.ActionProfileAction{Action: a}
				by[text(a)] = one
				set.ActionProfileActions = append(set.ActionProfileActions, one)
			}
			one.Weight += m.GetWeight()
		}
		sets[g.GetGroupId()] = set
	}
	return sets, nil
}

func allMembers(profile uint32) *p4v1.Entity {
	return &p4v1.Entity{Entity: &p4v1.Entity_ActionProfileMember{ActionProfileMember: &p4v1.ActionProfileMember{ActionProfileId: profile}}}
}

func allGroups(profile uint32) *p4v1.Entity {
	return &p4v1.Entity{Entity: &p4v1.Entity_ActionProfileGroup{ActionProfileGroup: &p4v1.ActionProfileGroup{ActionProfileId: profile}}}
}
