package p4rttest

import (
	"fmt"
	"slices"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// store holds entities by key, in the order in which they came.
type store struct {
	entities map[string]*p4v1.Entity
	order    []string
}

func newStore() store { return store{entities: map[string]*p4v1.Entity{}} }

func (s *store) put(e *p4v1.Entity) {
	k := key(e)
	if _, known := s.entities[k]; !known {
		s.order = append(s.order, k)
	}
	s.entities[k] = proto.Clone(e).(*p4v1.Entity)
}

func (s *store) all() []*p4v1.Entity {
	var out []*p4v1.Entity
	for _, k := range s.order {
		out = append(out, proto.Clone(s.entities[k]).(*p4v1.Entity))
	}
	return out
}

func (s *store) update(u *p4v1.Update) error {
	e := u.GetEntity()
	k := key(e)
	_, exists := s.entities[k]
	always := alwaysThere(e)
	switch u.GetType() {
	case p4v1.Update_INSERT:
		if exists {
			return status.Error(codes.AlreadyExists, "Entity already exists")
		}
		if always {
			return status.Error(codes.InvalidArgument, "can only be modified")
		}
		s.put(e)
	case p4v1.Update_MODIFY:
		if !exists && !always {
			return status.Error(codes.NotFound, "No such entity")
		}
		s.put(e)
	case p4v1.Update_DELETE:
		if !exists {
			return status.Error(codes.NotFound, "No such entity")
		}
		if always {
			return status.Error(codes.InvalidArgument, "can only be modified")
		}
		delete(s.entities, k)
		s.order = slices.DeleteFunc(s.order, func(o string) bool { return o == k })
	default:
		return status.Errorf(codes.InvalidArgument, "update type %v", u.GetType())
	}
	return nil
}

// alwaysThere tells default entries and cells of arrays, which can only be modified.
func alwaysThere(e *p4v1.Entity) bool {
	switch x := e.GetEntity().(type) {
	case *p4v1.Entity_TableEntry:
		return x.TableEntry.GetIsDefaultAction()
	case *p4v1.Entity_MeterEntry, *p4v1.Entity_DirectMeterEntry, *p4v1.Entity_CounterEntry,
		*p4v1.Entity_DirectCounterEntry, *p4v1.Entity_RegisterEntry:
		return true
	}
	return false
}

// read answers one entity of a request: by key, or all of an object when the key is left open.
func (s *store) read(what *p4v1.Entity) ([]*p4v1.Entity, error) {
	var out []*p4v1.Entity
	for _, k := range s.order {
		if e := s.entities[k]; matches(what, e) {
			e = proto.Clone(e).(*p4v1.Entity)
			asAsked(what.GetTableEntry(), e.GetTableEntry())
			out = append(out, e)
		}
	}
	if d := what.GetDigestEntry(); d != nil && len(out) == 0 {
		return nil, status.Errorf(codes.NotFound, "Digest %d not configured", d.GetDigestId())
	}
	return out, nil
}

// asAsked takes away what a read brings along only when asked to (section "Direct Resources").
func asAsked(what, e *p4v1.TableEntry) {
	if e == nil {
		return
	}
	if what.GetMeterConfig() == nil {
		e.MeterConfig = nil
	}
	if what.GetCounterData() == nil {
		e.CounterData = nil
	}
	if what.GetTimeSinceLastHit() == nil {
		e.TimeSinceLastHit = nil
	}
}

func matches(what, e *p4v1.Entity) bool {
	if fmt.Sprintf("%T", what.GetEntity()) != fmt.Sprintf("%T", e.GetEntity()) {
		return false
	}
	open := func(asked, has uint32) bool { return asked == 0 || asked == has }
	switch w := what.GetEntity().(type) {
	case *p4v1.Entity_TableEntry:
		t := e.GetTableEntry()
		if w.TableEntry.GetIsDefaultAction() != t.GetIsDefaultAction() || !open(w.TableEntry.GetTableId(), t.GetTableId()) {
			return false
		}
		return len(w.TableEntry.GetMatch()) == 0 || key(what) == key(e)
	case *p4v1.Entity_ActionProfileMember:
		return open(w.ActionProfileMember.GetActionProfileId(), e.GetActionProfileMember().GetActionProfileId()) &&
			open(w.ActionProfileMember.GetMemberId(), e.GetActionProfileMember().GetMemberId())
	case *p4v1.Entity_ActionProfileGroup:
		return open(w.ActionProfileGroup.GetActionProfileId(), e.GetActionProfileGroup().GetActionProfileId()) &&
			open(w.ActionProfileGroup.GetGroupId(), e.GetActionProfileGroup().GetGroupId())
	case *p4v1.Entity_CounterEntry:
		return open(w.CounterEntry.GetCounterId(), e.GetCounterEntry().GetCounterId()) &&
			(w.CounterEntry.GetIndex() == nil || key(what) == key(e))
	case *p4v1.Entity_PacketReplicationEngineEntry:
		asked, has := w.PacketReplicationEngineEntry, e.GetPacketReplicationEngineEntry()
		if c := asked.GetCloneSessionEntry(); c != nil {
			return has.GetCloneSessionEntry() != nil && open(c.GetSessionId(), has.GetCloneSessionEntry().GetSessionId())
		}
		return has.GetMulticastGroupEntry() != nil &&
			open(asked.GetMulticastGroupEntry().GetMulticastGroupId(), has.GetMulticastGroupEntry().GetMulticastGroupId())
	}
	return key(what) == key(e)
}

// key is the entity without what is not part of its key, as bytes.
func key(e *p4v1.Entity) string {
	k := proto.Clone(e).(*p4v1.Entity)
	switch x := k.GetEntity().(type) {
	case *p4v1.Entity_TableEntry:
		x.TableEntry = tableKey(x.TableEntry)
	case *p4v1.Entity_DirectMeterEntry:
		x.DirectMeterEntry = &p4v1.DirectMeterEntry{TableEntry: tableKey(x.DirectMeterEntry.GetTableEntry())}
	case *p4v1.Entity_DirectCounterEntry:
		x.DirectCounterEntry = &p4v1.DirectCounterEntry{TableEntry: tableKey(x.DirectCounterEntry.GetTableEntry())}
	case *p4v1.Entity_ActionProfileMember:
		x.ActionProfileMember.Action = nil
	case *p4v1.Entity_ActionProfileGroup:
		x.ActionProfileGroup.Members, x.ActionProfileGroup.MaxSize = nil, 0
	case *p4v1.Entity_MeterEntry:
		x.MeterEntry = &p4v1.MeterEntry{MeterId: x.MeterEntry.GetMeterId(), Index: x.MeterEntry.GetIndex()}
	case *p4v1.Entity_CounterEntry:
		x.CounterEntry.Data = nil
	case *p4v1.Entity_RegisterEntry:
		x.RegisterEntry.Data = nil
	case *p4v1.Entity_DigestEntry:
		x.DigestEntry.Config = nil
	case *p4v1.Entity_PacketReplicationEngineEntry:
		if g := x.PacketReplicationEngineEntry.GetMulticastGroupEntry(); g != nil {
			g.Replicas, g.Metadata = nil, nil
		}
		if c := x.PacketReplicationEngineEntry.GetCloneSessionEntry(); c != nil {
			c.Replicas, c.ClassOfService, c.PacketLengthBytes = nil, 0, 0
		}
	}
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(k)
	if err != nil {
		return err.Error() // no message of P4Runtime has required fields
	}
	return string(b)
}

func tableKey(t *p4v1.TableEntry) *p4v1.TableEntry {
	return &p4v1.TableEntry{TableId: t.GetTableId(), Match: t.GetMatch(), Priority: t.GetPriority(), IsDefaultAction: t.GetIsDefaultAction()}
}
