package p4rt

import (
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/softswitch/p4rt/bytestring"
	"github.com/firstack/firstack/softswitch/p4rt/schema"
	"github.com/firstack/firstack/softswitch/pipeline"
)

// profile is an action profile with what was written to it, in canonical form.
type profile struct {
	*schema.Profile
	pp      *pipeline.Profile
	owner   string // in errors
	members map[uint32]*p4v1.ActionProfileMember
	groups  map[uint32]*p4v1.ActionProfileGroup
}

func (p *profile) errorf(code codes.Code, format string, args ...any) error {
	return status.Errorf(code, "%s: "+format, append([]any{p.owner}, args...)...)
}

// writableProfile finds the profile of an update.
func (w *writer) writableProfile(id uint32) (*profile, error) {
	p := w.b.profiles[id]
	if p == nil {
		return nil, status.Errorf(codes.InvalidArgument, "action profile %d does not exist", id)
	}
	return p, w.allowed(p.Object, "action profile")
}

// writeMember inserts, modifies or deletes a member (P4Runtime specification, chapter "Member
// Programming").
func (w *writer) writeMember(op p4v1.Update_Type, m *p4v1.ActionProfileMember) error {
	p, err := w.writableProfile(m.GetActionProfileId())
	if err != nil {
		return err
	}
	id := m.GetMemberId()
	if id == 0 {
		return p.errorf(codes.InvalidArgument, "member id is 0")
	}
	old := p.members[id]
	if op == p4v1.Update_DELETE {
		if err := p.pp.DeleteMember(id); err != nil {
			return err
		}
		delete(p.members, id)
		w.undo(func() { w.restoreMember(p, id, old) })
		return nil
	}
	if m.GetAction() == nil {
		return p.errorf(codes.InvalidArgument, "member %d has no action", id)
	}
	call, err := decodeAction(p.owner, p.Action(m.GetAction().GetActionId()), m.GetAction(), inEntry, nil)
	if err != nil {
		return err
	}
	if op == p4v1.Update_INSERT {
		err = p.pp.AddMember(pipeline.Member{ID: id, Action: call})
	} else {
		err = p.pp.ModifyMember(pipeline.Member{ID: id, Action: call})
	}
	if err != nil {
		return err
	}
	p.members[id] = &p4v1.ActionProfileMember{ActionProfileId: p.ID, MemberId: id, Action: w.b.encodeAction(call)}
	w.undo(func() { w.restoreMember(p, id, old) })
	return nil
}

// restoreMember takes a change of a member back; old is nil if there was none.
func (w *writer) restoreMember(p *profile, id uint32, old *p4v1.ActionProfileMember) {
	if old == nil {
		_ = p.pp.DeleteMember(id)
		delete(p.members, id)
		return
	}
	call, err := decodeAction(p.owner, p.Action(old.GetAction().GetActionId()), old.GetAction(), inEntry, nil)
	if err != nil {
		return
	}
	if p.members[id] == nil {
		_ = p.pp.AddMember(pipeline.Member{ID: id, Action: call})
	} else {
		_ = p.pp.ModifyMember(pipeline.Member{ID: id, Action: call})
	}
	p.members[id] = old
}

// writeGroup inserts, modifies or deletes a group (P4Runtime specification, chapter "Group
// Programming").
func (w *writer) writeGroup(op p4v1.Update_Type, g *p4v1.ActionProfileGroup) error {
	p, err := w.writableProfile(g.GetActionProfileId())
	if err != nil {
		return err
	}
	id := g.GetGroupId()
	switch {
	case !p.Selector:
		return p.errorf(codes.InvalidArgument, "it has no selector, and so no groups")
	case id == 0:
		return p.errorf(codes.InvalidArgument, "group id is 0")
	}
	old := p.groups[id]
	if op == p4v1.Update_DELETE {
		if err := p.pp.DeleteGroup(id); err != nil {
			return err
		}
		delete(p.groups, id)
		w.undo(func() { restoreGroup(p, id, old) })
		return nil
	}
	if old != nil && op == p4v1.Update_MODIFY && g.GetMaxSize() != old.GetMaxSize() {
		return p.errorf(codes.InvalidArgument, "group %d: max_size cannot be changed from %d to %d", id, old.GetMaxSize(), g.GetMaxSize())
	}
	if g.GetMaxSize() < 0 || p.MaxGroup > 0 && (g.GetMaxSize() == 0 || g.GetMaxSize() > p.MaxGroup) {
		return p.errorf(codes.InvalidArgument, "group %d: max_size %d is not within 1 to %d", id, g.GetMaxSize(), p.MaxGroup)
	}
	members, stored, err := p.decodeMembers(g)
	if err != nil {
		return err
	}
	if op == p4v1.Update_INSERT {
		err = p.pp.AddGroup(pipeline.Group{ID: id, Members: members})
	} else {
		err = p.pp.ModifyGroup(pipeline.Group{ID: id, Members: members})
	}
	if err != nil {
		return err
	}
	p.groups[id] = &p4v1.ActionProfileGroup{ActionProfileId: p.ID, GroupId: id, MaxSize: g.GetMaxSize(), Members: stored}
	w.undo(func() { restoreGroup(p, id, old) })
	return nil
}

func restoreGroup(p *profile, id uint32, old *p4v1.ActionProfileGroup) {
	if old == nil {
		_ = p.pp.DeleteGroup(id)
		delete(p.groups, id)
		return
	}
	members, _, err := p.decodeMembers(old)
	if err != nil {
		return
	}
	if p.groups[id] == nil {
		_ = p.pp.AddGroup(pipeline.Group{ID: id, Members: members})
	} else {
		_ = p.pp.ModifyGroup(pipeline.Group{ID: id, Members: members})
	}
	p.groups[id] = old
}

// decodeMembers checks a group's members and gives them for the pipeline and in canonical form.
func (p *profile) decodeMembers(g *p4v1.ActionProfileGroup) ([]pipeline.GroupMember, []*p4v1.ActionProfileGroup_Member, error) {
	var members []pipeline.GroupMember
	var stored []*p4v1.ActionProfileGroup_Member
	seen := map[uint32]bool{}
	size := int64(0)
	for _, m := range g.GetMembers() {
		id := m.GetMemberId()
		if seen[id] {
			return nil, nil, p.errorf(codes.InvalidArgument, "group %d: member %d is given twice", g.GetGroupId(), id)
		}
		seen[id] = true
		if p.members[id] == nil {
			return nil, nil, p.errorf(codes.NotFound, "group %d: member %d does not exist", g.GetGroupId(), id)
		}
		weight, err := p.weight(m.GetWeight())
		if err != nil {
			return nil, nil, err
		}
		size += p.size(weight)
		out := &p4v1.ActionProfileGroup_Member{MemberId: id, Weight: m.GetWeight()}
		gm := pipeline.GroupMember{Member: id, Weight: weight}
		switch k := m.GetWatchKind().(type) {
		case *p4v1.ActionProfileGroup_Member_WatchPort:
			port, ok, err := p.watchPort(k.WatchPort)
			if err != nil {
				return nil, nil, err
			}
			gm.Watch, gm.WatchPort = ok, port
			if ok {
				out.WatchKind = &p4v1.ActionProfileGroup_Member_WatchPort{WatchPort: bytestring.FromUint64(uint64(port))}
			}
		case *p4v1.ActionProfileGroup_Member_Watch:
			if k.Watch != 0 {
				return nil, nil, p.errorf(codes.InvalidArgument, "group %d: watch is deprecated: use watch_port", g.GetGroupId())
			}
		}
		members, stored = append(members, gm), append(stored, out)
	}
	limit := int64(p.MaxGroup)
	if g.GetMaxSize() > 0 {
		limit = int64(g.GetMaxSize())
	}
	if limit > 0 && size > limit {
		return nil, nil, p.errorf(codes.ResourceExhausted, "group %d: size %d is above %d", g.GetGroupId(), size, limit)
	}
	return members, stored, nil
}

// weight checks a member's weight and gives the one to use.
func (p *profile) weight(w int32) (int32, error) {
	switch {
	case p.WeightsDisallowed && w != 0:
		return 0, p.errorf(codes.InvalidArgument, "weights are disallowed, but %d is given", w)
	case p.WeightsDisallowed:
		return 1, nil
	case w <= 0:
		return 0, p.errorf(codes.InvalidArgument, "weight %d is not above 0", w)
	case p.SumOfMembers && p.MaxMemberWeight > 0 && w > p.MaxMemberWeight:
		return 0, p.errorf(codes.InvalidArgument, "weight %d is above %d", w, p.MaxMemberWeight)
	}
	return w, nil
}

// size is what a member adds to its group's size.
func (p *profile) size(weight int32) int64 {
	if p.SumOfMembers {
		return 1
	}
	return int64(weight)
}

// watchPort decodes a port to watch; ok is false for an empty string, which watches none.
func (p *profile) watchPort(v []byte) (port uint32, ok bool, err error) {
	if len(v) == 0 {
		return 0, false, nil
	}
	n, err := bytestring.Uint64(v, portBits)
	if err != nil {
		return 0, false, p.errorf(codes.InvalidArgument, "watch_port: %v", err)
	}
	return uint32(n), true, nil
}

// profilesToRead lists the profiles that a read selects.
func (r *reader) profilesToRead(id uint32) ([]*profile, error) {
	if id != 0 && r.b.profiles[id] == nil {
		return nil, status.Errorf(codes.InvalidArgument, "action profile %d does not exist", id)
	}
	var out []*profile
	for _, id := range selected(r.b.profiles, id) {
		if mayUse(r.role, r.b.profiles[id].Role) {
			out = append(out, r.b.profiles[id])
		}
	}
	return out, nil
}

func (r *reader) readMember(m *p4v1.ActionProfileMember) error {
	list, err := r.profilesToRead(m.GetActionProfileId())
	for _, p := range list {
		for _, id := range selected(p.members, m.GetMemberId()) {
			r.add(&p4v1.Entity{Entity: &p4v1.Entity_ActionProfileMember{ActionProfileMember: p.members[id]}})
		}
	}
	return err
}

func (r *reader) readGroup(g *p4v1.ActionProfileGroup) error {
	list, err := r.profilesToRead(g.GetActionProfileId())
	for _, p := range list {
		for _, id := range selected(p.groups, g.GetGroupId()) {
			r.add(&p4v1.Entity{Entity: &p4v1.Entity_ActionProfileGroup{ActionProfileGroup: p.groups[id]}})
		}
	}
	return err
}
