package stratum

import (
	"context"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Write implements P4Runtime (BfrtNode::WriteForwardingEntries).
func (s *Switch) Write(ctx context.Context, r *p4v1.WriteRequest) (*p4v1.WriteResponse, error) {
	c, p := s.running()
	switch {
	case len(r.GetUpdates()) == 0:
		return &p4v1.WriteResponse{}, nil
	case r.GetDeviceId() == 0:
		return nil, errDevice
	case c == nil:
		return nil, errOff
	case p == nil:
		return nil, errNoConfig
	case isZero(r.GetElectionId()):
		return nil, errElection
	case r.GetAtomicity() != p4v1.WriteRequest_CONTINUE_ON_ERROR:
		return nil, status.Errorf(codes.Internal, "Request atomicity %v is not supported.", r.GetAtomicity())
	}
	results := make([]*p4v1.Error, len(r.GetUpdates()))
	passed := &p4v1.WriteRequest{DeviceId: r.GetDeviceId(), Role: r.GetRole(), ElectionId: r.GetElectionId()}
	var places []int
	for i, u := range r.GetUpdates() {
		out := &p4v1.Update{Type: u.GetType(), Entity: p.to.entity(u.GetEntity())}
		if results[i] = s.admit(c, out); results[i] == nil {
			results[i] = fine
			passed.Updates = append(passed.Updates, out)
			places = append(places, i)
		}
	}
	if len(places) > 0 {
		_, err := c.client.Write(ctx, passed)
		st := status.Convert(err)
		if err != nil && len(st.Details()) != len(places) {
			return nil, err
		}
		for i, d := range st.Details() {
			results[places[i]] = d.(*p4v1.Error)
		}
	}
	s.learning(c, r, results)
	return &p4v1.WriteResponse{}, failed("One or more write operations failed.", results)
}

// ignored is an update that succeeds without anything to be done.
var ignored = &p4v1.Error{}

// admit changes an update to what reaches the chip; an error, when it is not nil, is all that comes of it.
func (s *Switch) admit(c *chip, u *p4v1.Update) *p4v1.Error {
	switch x := u.GetEntity().GetEntity().(type) {
	case *p4v1.Entity_TableEntry: // BfrtTableManager::BuildTableData
		t := x.TableEntry
		switch {
		case t.GetAction().GetActionProfileActionSet() != nil:
			s.count(func(e *Events) { e.Sets++ })
			return problem(codes.Unimplemented, "Unsupported action type: 4")
		case t.GetMeterConfig() != nil:
			return problem(codes.Unimplemented, "Meter configs on TableEntries are not supported.")
		case t.GetIdleTimeoutNs() != 0: // nothing looks at it
			s.count(func(e *Events) { e.Idle++ })
			t.IdleTimeoutNs = 0
		}
		t.Metadata = nil
	case *p4v1.Entity_ActionProfileGroup: // WriteActionProfileGroup
		return admitGroup(u.GetType(), x.ActionProfileGroup)
	case *p4v1.Entity_PacketReplicationEngineEntry: // BfrtPreManager
		pre := x.PacketReplicationEngineEntry
		s.old(pre.GetMulticastGroupEntry().GetReplicas())
		s.old(pre.GetCloneSessionEntry().GetReplicas())
	case *p4v1.Entity_DigestEntry:
		return s.admitDigest(c, u.GetType(), x.DigestEntry)
	case *p4v1.Entity_DirectMeterEntry, *p4v1.Entity_ValueSetEntry:
		return problem(codes.Unimplemented, "Unsupported entity type")
	}
	return nil
}

func admitGroup(kind p4v1.Update_Type, g *p4v1.ActionProfileGroup) *p4v1.Error {
	for _, m := range g.GetMembers() {
		switch {
		case m.GetWatchKind() != nil:
			return problem(codes.Internal, "Watch ports are not supported.")
		case m.GetWeight() == 0:
			return problem(codes.Internal, "Zero member weights are not allowed.")
		case m.GetWeight() != 1:
			return problem(codes.Unimplemented, "Member weights greater than 1 are not supported.")
		}
	}
	// Passed on to the driver, of which it is not known that it takes 0.
	if kind != p4v1.Update_DELETE && int(g.GetMaxSize()) < max(len(g.GetMembers()), 1) {
		return problem(codes.InvalidArgument, "max_size is less than the members are")
	}
	return nil
}

// old reads copies as P4Runtime before 1.4 has them: bytes in port are an unknown field.
func (s *Switch) old(list []*p4v1.Replica) {
	for _, r := range list {
		if _, bytes := r.GetPortKind().(*p4v1.Replica_Port); bytes {
			s.count(func(e *Events) { e.BytePorts++ })
			r.PortKind = &p4v1.Replica_EgressPort{}
		}
	}
}

// longest is the learn filter's longest time-out (stratum issue 1084).
const longest = 3500 * time.Millisecond

func (s *Switch) admitDigest(c *chip, kind p4v1.Update_Type, d *p4v1.DigestEntry) *p4v1.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if kind == p4v1.Update_DELETE {
		return nil
	}
	if d.GetConfig() == nil {
		return problem(codes.Internal, "Digest entry is missing its config")
	}
	if time.Duration(d.GetConfig().GetMaxTimeoutNs()) > longest {
		return problem(codes.InvalidArgument, "max_timeout is likely too long.")
	}
	c.timeout = d.GetConfig().GetMaxTimeoutNs()
	if kind == p4v1.Update_MODIFY && !c.learns { // sets the time-out, and has nobody listen
		return ignored
	}
	d.Config = &p4v1.DigestEntry_Config{MaxTimeoutNs: c.timeout} // repeats are not suppressed
	return nil
}

// learning takes in that digests are asked for, or not any more.
func (s *Switch) learning(c *chip, r *p4v1.WriteRequest, results []*p4v1.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, u := range r.GetUpdates() {
		if u.GetEntity().GetDigestEntry() != nil && results[i].GetCanonicalCode() == 0 && u.GetType() != p4v1.Update_MODIFY {
			c.learns = u.GetType() == p4v1.Update_INSERT
		}
	}
}
