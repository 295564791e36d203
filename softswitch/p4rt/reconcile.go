package p4rt

import (
	"slices"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/softswitch/p4rt/schema"
	"github.com/firstack/firstack/softswitch/pipeline"
)

// reconcile makes a program the running one and keeps the forwarding state: table entries, default
// entries, action profiles, value sets, the packet replication engine, digests, registers, meters
// and counters. State can be kept by an object that has the same name and the same definition (size
// aside) in both programs. State that has no such place in the new program is refused with
// INVALID_ARGUMENT, counters apart, which then start anew. Nothing has changed when it is refused.
//
// The old program stands still while its state is copied, and runs again until the exchange, so
// that hardly a packet waits: what registers and counters see in that moment is lost.
func (s *Server) reconcile(b *bound) error {
	old := s.active.Load()
	if old == nil {
		s.run(b)
		return nil
	}
	var err error
	old.pl.Do(func() {
		b.pl.Do(func() { err = b.take(old) })
	})
	if err != nil {
		return err
	}
	s.run(b)
	return nil
}

// take copies the state of old, both instances being locked.
func (b *bound) take(old *bound) error {
	for _, take := range []func(*bound) error{
		b.takeProfiles, b.takeTables, b.takeRegisters, b.takeMeters, b.takeCounters, b.takeValueSets, b.takeDigests, b.takeReplication,
	} {
		if err := take(old); err != nil {
			return err
		}
	}
	return nil
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

func (b *bound) takeProfiles(old *bound) error {
	for _, op := range old.profiles {
		if len(op.members) == 0 && len(op.groups) == 0 {
			continue
		}
		p, ok := find(b.profiles, op.Name, func(p *profile) string { return p.Name })
		if !ok {
			return lost("action profile", op.Name, isGone)
		}
		w := &writer{b: b}
		for _, id := range sortedKeys(op.members) {
			m := proto.Clone(op.members[id]).(*p4v1.ActionProfileMember)
			m.ActionProfileId = p.ID
			a, err := b.sameAction(old, m.GetAction())
			if err != nil {
				return lost("action profile", op.Name, status.Convert(err).Message())
			}
			m.Action = a
			if err := w.writeMember(p4v1.Update_INSERT, m); err != nil {
				return lost("action profile", op.Name, status.Convert(asStatus(err)).Message())
			}
		}
		for _, id := range sortedKeys(op.groups) {
			g := proto.Clone(op.groups[id]).(*p4v1.ActionProfileGroup)
			g.ActionProfileId = p.ID
			if err := w.writeGroup(p4v1.Update_INSERT, g); err != nil {
				return lost("action profile", op.Name, status.Convert(asStatus(err)).Message())
			}
		}
	}
	return nil
}

// sameAction translates an action of old, whose ids may differ, but whose name and parameters must
// not.
func (b *bound) sameAction(old *bound, a *p4v1.Action) (*p4v1.Action, error) {
	oa := old.schema.Actions[a.GetActionId()]
	na := b.schema.ActionNamed(oa.Name)
	if na == nil || !sameActions(oa, na) {
		return nil, status.Errorf(codes.InvalidArgument, "its action %q %s", oa.Name, isChanged)
	}
	out := &p4v1.Action{ActionId: na.ID}
	for i, p := range a.GetParams() {
		out.Params = append(out.Params, &p4v1.Action_Param{ParamId: na.Params[i].ID, Value: p.GetValue()})
	}
	return out, nil
}

func sameActions(a, b *schema.Action) bool {
	return a.Name == b.Name && slices.EqualFunc(a.Params, b.Params, func(x, y schema.Param) bool {
		return x.Name == y.Name && x.Width == y.Width
	})
}

// sameTables says whether entries of one table mean the same in the other.
func sameTables(a, b *schema.Table) bool {
	sameField := func(x, y schema.Field) bool { return x.Name == y.Name && x.Width == y.Width && x.Kind == y.Kind }
	sameRef := func(x, y schema.ActionRef) bool { return x.Scope == y.Scope && sameActions(x.Action, y.Action) }
	sameProfile := a.Profile == nil && b.Profile == nil ||
		a.Profile != nil && b.Profile != nil && a.Profile.Name == b.Profile.Name && a.Profile.Selector == b.Profile.Selector
	return a.Const == b.Const && a.IdleTimeout == b.IdleTimeout && sameProfile &&
		(a.DirectCounter == nil) == (b.DirectCounter == nil) && (a.DirectMeter == nil) == (b.DirectMeter == nil) &&
		slices.EqualFunc(a.Fields, b.Fields, sameField) && slices.EqualFunc(a.Actions, b.Actions, sameRef)
}

func (b *bound) takeTables(old *bound) error {
	for _, ot := range old.tableList {
		t := b.tableByName[ot.Name]
		same := t != nil && sameTables(ot.Table, t.Table)
		why := isChanged
		if t == nil {
			why = isGone
		}
		hasState := ot.defaultSet
		if !ot.Const {
			ot.pt.Range(func(e *pipeline.Entry) bool { hasState = hasState || !e.Const; return !hasState })
		}
		if !same {
			if hasState {
				return lost("table", ot.Name, why)
			}
			continue
		}
		if err := t.take(ot); err != nil {
			return lost("table", ot.Name, status.Convert(asStatus(err)).Message())
		}
	}
	return nil
}

// take copies the entries of a table with the same definition.
func (t *table) take(ot *table) error {
	if ot.defaultSet && !t.ConstDefault {
		if call := ot.pt.Default(); call != nil {
			if err := t.pt.SetDefault(call); err != nil {
				return err
			}
			t.defaultCookie, t.defaultSet = ot.defaultCookie, true
		}
	}
	if ot.Const {
		return nil
	}
	// Entries that the new program brings and that may be changed are state of the old one, too.
	var initial []pipeline.Key
	t.pt.Range(func(e *pipeline.Entry) bool {
		if !e.Const {
			initial = append(initial, pipeline.Key{Fields: slices.Clone(e.Key), Priority: e.Priority})
		}
		return true
	})
	for _, k := range initial {
		if err := t.pt.Delete(k); err != nil {
			return err
		}
	}
	var err error
	ot.pt.Range(func(e *pipeline.Entry) bool {
		if !e.Const {
			err = t.pt.Insert(*e)
		}
		return err == nil
	})
	return err
}

func (b *bound) takeRegisters(old *bound) error {
	for _, or := range old.registers {
		r, ok := find(b.registers, or.Name, func(r *register) string { return r.Name })
		same := ok && r.Width == or.Width && r.Size == or.Size
		for i := range int(or.Size) {
			v, err := or.pr.Read(i)
			if err != nil {
				return err
			}
			if isZero(v) {
				continue
			}
			if !same {
				return lost("register", or.Name, "is not in the new program with the same size and width")
			}
			if err := r.pr.Write(i, v); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bound) takeMeters(old *bound) error {
	for _, om := range old.meters {
		m, ok := find(b.meters, om.Name, func(m *meter) string { return m.Name })
		same := ok && m.Unit == om.Unit && m.Type == om.Type && m.Size == om.Size
		for i := range int(om.Size) {
			cfg, err := om.pm.Config(i)
			if err != nil {
				return err
			}
			if cfg == nil {
				continue
			}
			if !same {
				return lost("meter", om.Name, "is not in the new program with the same size, unit and type")
			}
			if err := m.pm.SetConfig(i, cfg); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bound) takeCounters(old *bound) error {
	for _, oc := range old.counters {
		c, ok := find(b.counters, oc.Name, func(c *counter) string { return c.Name })
		if !ok || c.Size != oc.Size {
			continue
		}
		for i := range int(oc.Size) {
			d, err := oc.pc.Read(i)
			if err != nil {
				return err
			}
			if err := c.pc.Write(i, d); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bound) takeValueSets(old *bound) error {
	for _, ov := range old.valueSets {
		if len(ov.members) == 0 {
			continue
		}
		v, ok := find(b.valueSets, ov.Name, func(v *valueSet) string { return v.Name })
		if !ok {
			return lost("value set", ov.Name, isGone)
		}
		if err := v.set(ov.members); err != nil {
			return lost("value set", ov.Name, status.Convert(asStatus(err)).Message())
		}
	}
	return nil
}

func (b *bound) takeDigests(old *bound) error {
	for id, cfg := range old.digestConfigs {
		name := old.schema.Digests[id].Name
		d := b.schema.DigestNamed(name)
		if d == nil {
			return lost("digest", name, isGone)
		}
		b.digestConfigs[d.ID] = cfg
	}
	return nil
}

func (b *bound) takeReplication(old *bound) error {
	w := &writer{b: b}
	for _, id := range sortedKeys(old.groups) {
		if err := w.writeMulticast(p4v1.Update_INSERT, old.groups[id]); err != nil {
			return err
		}
	}
	for _, id := range sortedKeys(old.clones) {
		if err := w.writeClone(p4v1.Update_INSERT, old.clones[id]); err != nil {
			return err
		}
	}
	return nil
}
