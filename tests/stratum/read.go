package stratum

import (
	"cmp"
	"errors"
	"io"
	"slices"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Read implements P4Runtime (BfrtNode::ReadForwardingEntries): entity by entity, what is there is sent, and in the end
// the errors of all.
func (s *Switch) Read(r *p4v1.ReadRequest, out p4v1.P4Runtime_ReadServer) error {
	c, p := s.running()
	switch {
	case len(r.GetEntities()) == 0:
		return nil
	case r.GetDeviceId() == 0:
		return errDevice
	case c == nil:
		return errOff
	case p == nil:
		return errNoConfig
	}
	results := make([]*p4v1.Error, len(r.GetEntities()))
	for i, asked := range r.GetEntities() {
		found, err := s.read(c, p, r, asked, out)
		if err != nil {
			results[i] = problem(status.Code(err), status.Convert(err).Message())
			continue
		}
		results[i] = fine
		if len(found) > 0 {
			if err := out.Send(&p4v1.ReadResponse{Entities: found}); err != nil {
				return err
			}
		}
	}
	if err := out.Send(&p4v1.ReadResponse{}); err != nil {
		return err
	}
	return failed("One or more read operations failed.", results)
}

// read gives what there is of one entity.
func (s *Switch) read(c *chip, p *program, r *p4v1.ReadRequest, asked *p4v1.Entity, out p4v1.P4Runtime_ReadServer) ([]*p4v1.Entity, error) {
	single := false
	what := p.to.entity(asked)
	switch x := what.GetEntity().(type) {
	case *p4v1.Entity_TableEntry:
		t := x.TableEntry
		single = len(t.GetMatch()) > 0
		switch {
		case !single && (t.GetPriority() != 0 || t.GetAction() != nil || len(t.GetMetadata()) > 0):
			return nil, status.Error(codes.Internal, "filters on wildcard reads are not supported.")
		case t.GetTimeSinceLastHit() != nil: // nothing looks at it
			s.count(func(e *Events) { e.HitAsked++ })
		}
		t.TimeSinceLastHit, t.MeterConfig = nil, nil
	case *p4v1.Entity_ActionProfileMember:
		if x.ActionProfileMember.GetActionProfileId() == 0 {
			return nil, status.Error(codes.Internal, "Reading all action profiles is not supported yet.")
		}
	case *p4v1.Entity_ActionProfileGroup:
		if x.ActionProfileGroup.GetActionProfileId() == 0 {
			return nil, status.Error(codes.Internal, "Reading all action profiles is not supported yet.")
		}
	case *p4v1.Entity_MeterEntry:
		if x.MeterEntry.GetMeterId() == 0 {
			return nil, status.Error(codes.Internal, "Wildcard MeterEntry reads are not supported.")
		}
	case *p4v1.Entity_DigestEntry:
		return s.readDigest(c, asked.GetDigestEntry())
	case *p4v1.Entity_DirectMeterEntry, *p4v1.Entity_ValueSetEntry:
		return nil, status.Error(codes.Unimplemented, "Unsupported entity type")
	}
	found, err := c.read(r, what, out)
	if err != nil {
		return nil, err
	}
	if single && len(found) == 0 {
		return nil, status.Error(codes.NotFound, "Object not found")
	}
	for i, e := range found {
		found[i] = answer(p.of.entity(e))
	}
	return found, nil
}

func (c *chip) read(r *p4v1.ReadRequest, what *p4v1.Entity, out p4v1.P4Runtime_ReadServer) (found []*p4v1.Entity, err error) {
	stream, err := c.client.Read(out.Context(), &p4v1.ReadRequest{DeviceId: r.GetDeviceId(), Role: r.GetRole(), Entities: []*p4v1.Entity{what}})
	for err == nil {
		var m *p4v1.ReadResponse
		if m, err = stream.Recv(); err == nil {
			found = append(found, m.GetEntities()...)
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return found, err
}

// readDigest lists a digest of the program whether or not anybody listens (BfSdeWrapper::ReadDigests).
func (s *Switch) readDigest(c *chip, d *p4v1.DigestEntry) ([]*p4v1.Entity, error) {
	if d.GetDigestId() == 0 {
		return nil, status.Error(codes.Internal, "Missing digest id in DigestEntry")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return []*p4v1.Entity{{Entity: &p4v1.Entity_DigestEntry{DigestEntry: &p4v1.DigestEntry{
		DigestId: d.GetDigestId(), Config: &p4v1.DigestEntry_Config{MaxTimeoutNs: c.timeout},
	}}}}, nil
}

// answer gives an entity as Stratum would have built it.
func answer(e *p4v1.Entity) *p4v1.Entity {
	switch x := e.GetEntity().(type) {
	case *p4v1.Entity_TableEntry:
		t := x.TableEntry
		t.IsConst, t.Metadata, t.IdleTimeoutNs, t.TimeSinceLastHit = false, nil, 0, nil
	case *p4v1.Entity_PacketReplicationEngineEntry:
		pre := x.PacketReplicationEngineEntry
		numbers(pre.GetMulticastGroupEntry().GetReplicas())
		numbers(pre.GetCloneSessionEntry().GetReplicas())
	}
	return e
}

func numbers(list []*p4v1.Replica) {
	for _, r := range list {
		port := r.GetEgressPort()
		for _, b := range r.GetPort() {
			port = port<<8 | uint32(b)
		}
		r.PortKind = &p4v1.Replica_EgressPort{EgressPort: port}
	}
	slices.SortFunc(list, func(a, b *p4v1.Replica) int {
		return cmp.Or(cmp.Compare(a.GetInstance(), b.GetInstance()), cmp.Compare(a.GetEgressPort(), b.GetEgressPort()))
	})
}
