package p4rt

import (
	"cmp"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/softswitch/pipeline"
)

// reconcile makes a program the running one and keeps the forwarding state: table entries, default
// entries, action profiles, value sets, the packet replication engine, digests, registers, meters
// and counters. State can be kept by an object that has the same name and the same definition (size
// aside) in both programs. State that has no such place in the new program is refused with
// INVALID_ARGUMENT, counters apart, which then start anew. Nothing has changed when it is refused.
//
// The old program goes on running while its state is copied, registers last: what its packets write
// to cells that were copied already is lost.
func (s *Server) reconcile(b *bound) error {
	old := s.active.Load()
	if old == nil {
		s.run(b)
		return nil
	}
	t := &takeover{from: old, to: b, read: &reader{b: old}, write: &writer{s: s, b: b}}
	for _, take := range []func() error{
		t.profiles, t.tables, t.valueSets, t.digests, t.replication, t.meters, t.counters, t.registers,
	} {
		if err := take(); err != nil {
			return err
		}
	}
	s.run(b)
	return nil
}

// takeover copies the state of a running program to one that does not run yet.
type takeover struct {
	from, to *bound
	read     *reader // of from
	write    *writer // of to
}

// lost is the error for state that has no place.
func lost(kind, name, why string) error {
	return status.Errorf(codes.InvalidArgument, "cannot reconcile: %s %q has state, and %s", kind, name, why)
}

const (
	isGone    = "is not in the new program"
	isChanged = "has another definition in the new program"
)

// find returns the object of m that has the same name as o, nil if there is none.
func find[T any](m map[uint32]T, name string, nameOf func(T) string) (found T, ok bool) {
	for _, o := range m {
		if nameOf(o) == name {
			return o, true
		}
	}
	return found, false
}

func (t *takeover) profiles() error {
	for _, op := range t.from.profiles {
		if len(op.members) == 0 && len(op.groups) == 0 {
			continue
		}
		p, ok := find(t.to.profiles, op.Name, func(p *profile) string { return p.Name })
		if !ok {
			return lost("action profile", op.Name, isGone)
		}
		for _, id := range sortedKeys(op.members) {
			a, err := t.action(op.members[id].GetAction())
			if err == nil {
				m := &p4v1.ActionProfileMember{ActionProfileId: p.ID, MemberId: id, Action: a}
				t.to.pl.Do(func() { err = t.write.writeMember(p4v1.Update_INSERT, m) })
			}
			if err != nil {
				return lost("action profile", op.Name, textOf(err))
			}
		}
		for _, id := range sortedKeys(op.groups) {
			g := proto.Clone(op.groups[id]).(*p4v1.ActionProfileGroup)
			g.ActionProfileId = p.ID
			var err error
			t.to.pl.Do(func() { err = t.write.writeGroup(p4v1.Update_INSERT, g) })
			if err != nil {
				return lost("action profile", op.Name, textOf(err))
			}
		}
	}
	return nil
}

// action translates an action, whose ids may differ, but whose name and parameters must not.
func (t *takeover) action(a *p4v1.Action) (*p4v1.Action, error) {
	oa := t.from.schema.Actions[a.GetActionId()]
	na := t.to.schema.ActionNamed(oa.Name)
	if na == nil || !sameActions(oa, na) {
		return nil, status.Errorf(codes.InvalidArgument, "its action %q %s", oa.Name, isChanged)
	}
	out := &p4v1.Action{ActionId: na.ID}
	for i, p := range a.GetParams() {
		out.Params = append(out.Params, &p4v1.Action_Param{ParamId: na.Params[i].ID, Value: p.GetValue()})
	}
	return out, nil
}

func (t *takeover) registers() error {
	for _, or := range t.from.registers {
		r, ok := find(t.to.registers, or.Name, func(r *register) string { return r.Name })
		same := ok && r.Width == or.Width && r.Size == or.Size
		var failed error
		err := cells(t.read, 0, int(or.Size), or.pr.Read, func(i int, v []byte) {
			if isZero(v) {
				return
			}
			if !same {
				failed = lost("register", or.Name, "is not in the new program with the same size and width")
				return
			}
			t.to.pl.Do(func() { failed = cmp.Or(failed, r.pr.Write(i, v)) })
		})
		if err = cmp.Or(failed, err); err != nil {
			return asStatus(err)
		}
	}
	return nil
}

func (t *takeover) meters() error {
	for _, om := range t.from.meters {
		m, ok := find(t.to.meters, om.Name, func(m *meter) string { return m.Name })
		same := ok && m.Unit == om.Unit && m.Type == om.Type && m.Size == om.Size
		var failed error
		err := cells(t.read, 0, int(om.Size), om.pm.Config, func(i int, cfg *pipeline.MeterConfig) {
			if cfg == nil {
				return
			}
			if !same {
				failed = lost("meter", om.Name, "is not in the new program with the same size, unit and type")
				return
			}
			t.to.pl.Do(func() { failed = cmp.Or(failed, m.pm.SetConfig(i, cfg)) })
		})
		if err = cmp.Or(failed, err); err != nil {
			return asStatus(err)
		}
	}
	return nil
}

func (t *takeover) counters() error {
	for _, oc := range t.from.counters {
		c, ok := find(t.to.counters, oc.Name, func(c *counter) string { return c.Name })
		if !ok || c.Size != oc.Size {
			continue
		}
		var failed error
		err := cells(t.read, 0, int(oc.Size), oc.pc.Read, func(i int, d pipeline.CounterData) {
			t.to.pl.Do(func() { failed = cmp.Or(failed, c.pc.Write(i, d)) })
		})
		if err = cmp.Or(failed, err); err != nil {
			return asStatus(err)
		}
	}
	return nil
}

func (t *takeover) valueSets() error {
	for _, ov := range t.from.valueSets {
		if len(ov.members) == 0 {
			continue
		}
		v, ok := find(t.to.valueSets, ov.Name, func(v *valueSet) string { return v.Name })
		if !ok {
			return lost("value set", ov.Name, isGone)
		}
		var err error
		t.to.pl.Do(func() { err = v.set(ov.members) })
		if err != nil {
			return lost("value set", ov.Name, textOf(err))
		}
	}
	return nil
}

func (t *takeover) digests() error {
	for id, cfg := range t.from.digestConfigs {
		name := t.from.schema.Digests[id].Name
		d := t.to.schema.DigestNamed(name)
		if d == nil {
			return lost("digest", name, isGone)
		}
		t.to.digestConfigs[d.ID] = cfg
	}
	return nil
}

func (t *takeover) replication() error {
	for _, id := range sortedKeys(t.from.groups) {
		if err := t.write.writeMulticast(p4v1.Update_INSERT, t.from.groups[id]); err != nil {
			return err
		}
	}
	for _, id := range sortedKeys(t.from.clones) {
		if err := t.write.writeClone(p4v1.Update_INSERT, t.from.clones[id]); err != nil {
			return err
		}
	}
	return nil
}

func textOf(err error) string { return status.Convert(asStatus(err)).Message() }
