package p4rt

import (
	"math"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/softswitch/p4rt/bytestring"
	"github.com/firstack/firstack/softswitch/pre"
)

// Multicast groups and clone sessions (P4Runtime specification, chapter
// "PacketReplicationEngineEntry"). The messages are kept beside the engine, to be read as written.

// portBits is the width of a port in v1model.
const portBits = 9

func (w *writer) writePRE(op p4v1.Update_Type, e *p4v1.PacketReplicationEngineEntry) error {
	switch t := e.GetType().(type) {
	case *p4v1.PacketReplicationEngineEntry_MulticastGroupEntry:
		return w.writeMulticast(op, t.MulticastGroupEntry)
	case *p4v1.PacketReplicationEngineEntry_CloneSessionEntry:
		return w.writeClone(op, t.CloneSessionEntry)
	default:
		return status.Error(codes.InvalidArgument, "packet replication engine entry has no type")
	}
}

func (w *writer) writeMulticast(op p4v1.Update_Type, g *p4v1.MulticastGroupEntry) error {
	id, b := g.GetMulticastGroupId(), w.b
	old := b.groups[id]
	restore := func() {
		delete(b.groups, id)
		if old == nil {
			_ = b.engine.DeleteGroup(id)
			return
		}
		copies, _, _ := replicas(old.GetReplicas())
		_ = b.engine.SetGroup(id, copies)
		b.groups[id] = old
	}
	if op == p4v1.Update_DELETE {
		if err := b.engine.DeleteGroup(id); err != nil {
			return err
		}
		delete(b.groups, id)
		w.undo(restore)
		return nil
	}
	copies, canonical, err := replicas(g.GetReplicas())
	if err != nil {
		return status.Errorf(status.Code(err), "multicast group %d: %s", id, status.Convert(err).Message())
	}
	if op == p4v1.Update_INSERT {
		err = b.engine.InsertGroup(id, copies)
	} else {
		err = b.engine.ModifyGroup(id, copies)
	}
	if err != nil {
		return err
	}
	b.groups[id] = &p4v1.MulticastGroupEntry{MulticastGroupId: id, Replicas: canonical, Metadata: g.GetMetadata()}
	w.undo(restore)
	return nil
}

func (w *writer) writeClone(op p4v1.Update_Type, c *p4v1.CloneSessionEntry) error {
	id, b := c.GetSessionId(), w.b
	old := b.clones[id]
	restore := func() {
		delete(b.clones, id)
		if old == nil {
			_ = b.engine.DeleteClone(id)
			return
		}
		copies, _, _ := replicas(old.GetReplicas())
		_ = b.engine.SetClone(id, cloneSession(old, copies))
		b.clones[id] = old
	}
	if op == p4v1.Update_DELETE {
		if err := b.engine.DeleteClone(id); err != nil {
			return err
		}
		delete(b.clones, id)
		w.undo(restore)
		return nil
	}
	copies, canonical, err := replicas(c.GetReplicas())
	if err != nil {
		return status.Errorf(status.Code(err), "clone session %d: %s", id, status.Convert(err).Message())
	}
	if c.GetPacketLengthBytes() < 0 {
		return status.Errorf(codes.InvalidArgument, "clone session %d: packet_length_bytes is negative", id)
	}
	if op == p4v1.Update_INSERT {
		err = b.engine.InsertClone(id, cloneSession(c, copies))
	} else {
		err = b.engine.ModifyClone(id, cloneSession(c, copies))
	}
	if err != nil {
		return err
	}
	stored := proto.Clone(c).(*p4v1.CloneSessionEntry)
	stored.Replicas = canonical
	b.clones[id] = stored
	w.undo(restore)
	return nil
}

func cloneSession(c *p4v1.CloneSessionEntry, copies []pre.Copy) pre.Session {
	return pre.Session{Copies: copies, Truncate: uint32(c.GetPacketLengthBytes()), CoS: c.GetClassOfService()}
}

// replicas checks a list of replicas and gives it for the engine and in canonical form. The old
// field egress_port stays what it is, so that old clients read what they wrote.
func replicas(list []*p4v1.Replica) ([]pre.Copy, []*p4v1.Replica, error) {
	copies := make([]pre.Copy, 0, len(list))
	canonicals := make([]*p4v1.Replica, 0, len(list))
	for i, r := range list {
		if len(r.GetBackupReplicas()) > 0 {
			return nil, nil, status.Errorf(codes.Unimplemented, "replica %d: backup replicas are not supported", i+1)
		}
		if r.GetInstance() > math.MaxUint16 {
			return nil, nil, status.Errorf(codes.InvalidArgument, "replica %d: instance %d is above %d", i+1, r.GetInstance(), math.MaxUint16)
		}
		out := &p4v1.Replica{Instance: r.GetInstance()}
		var port uint64
		switch k := r.GetPortKind().(type) {
		case *p4v1.Replica_Port:
			var err error
			if port, err = bytestring.Uint64(k.Port, portBits); err != nil {
				return nil, nil, status.Errorf(codes.InvalidArgument, "replica %d: port: %v", i+1, err)
			}
			out.PortKind = &p4v1.Replica_Port{Port: bytestring.FromUint64(port)}
		case *p4v1.Replica_EgressPort:
			if port = uint64(k.EgressPort); port >= 1<<portBits {
				return nil, nil, status.Errorf(codes.InvalidArgument, "replica %d: port %d has more than %d bits", i+1, port, portBits)
			}
			out.PortKind = k
		default:
			return nil, nil, status.Errorf(codes.InvalidArgument, "replica %d has no port", i+1)
		}
		copies = append(copies, pre.Copy{Port: uint32(port), Instance: uint16(r.GetInstance())})
		canonicals = append(canonicals, out)
	}
	return copies, canonicals, nil
}

func (r *reader) readPRE(e *p4v1.PacketReplicationEngineEntry) error {
	switch t := e.GetType().(type) {
	case *p4v1.PacketReplicationEngineEntry_MulticastGroupEntry:
		for _, id := range selected(r.b.groups, t.MulticastGroupEntry.GetMulticastGroupId()) {
			r.addPRE(&p4v1.PacketReplicationEngineEntry{
				Type: &p4v1.PacketReplicationEngineEntry_MulticastGroupEntry{MulticastGroupEntry: r.b.groups[id]}})
		}
	case *p4v1.PacketReplicationEngineEntry_CloneSessionEntry:
		for _, id := range selected(r.b.clones, t.CloneSessionEntry.GetSessionId()) {
			r.addPRE(&p4v1.PacketReplicationEngineEntry{
				Type: &p4v1.PacketReplicationEngineEntry_CloneSessionEntry{CloneSessionEntry: r.b.clones[id]}})
		}
	default:
		return status.Error(codes.InvalidArgument, "packet replication engine entry has no type")
	}
	return nil
}

func (r *reader) addPRE(e *p4v1.PacketReplicationEngineEntry) {
	r.add(&p4v1.Entity{Entity: &p4v1.Entity_PacketReplicationEngineEntry{PacketReplicationEngineEntry: e}})
}

// selected lists the ids that a read selects: one, or all for 0.
func selected[V any](m map[uint32]V, id uint32) []uint32 {
	if id == 0 {
		return sortedKeys(m)
	}
	if _, ok := m[id]; ok {
		return []uint32{id}
	}
	return nil
}
