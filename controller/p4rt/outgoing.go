package p4rt

import (
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/protobuf/proto"
)

// outgoing gives an entity in normal form the form in which the target takes it.
func (c *Conn) outgoing(e *p4v1.Entity) *p4v1.Entity {
	t := &c.session.options.Target
	switch x := e.GetEntity().(type) {
	case *p4v1.Entity_ActionProfileGroup:
		if t.NoActionSets {
			// The specification lets 0 stand for the profile's own; Stratum passes it on to the driver as it is.
			e = proto.Clone(e).(*p4v1.Entity)
			e.GetActionProfileGroup().MaxSize = int32(room(c.session.schema.Profile(x.ActionProfileGroup.GetActionProfileId())))
		}
	case *p4v1.Entity_PacketReplicationEngineEntry:
		if t.NumberedReplicas {
			e = proto.Clone(e).(*p4v1.Entity)
			pre := e.GetPacketReplicationEngineEntry()
			numbered(pre.GetMulticastGroupEntry().GetReplicas())
			numbered(pre.GetCloneSessionEntry().GetReplicas())
		}
	}
	return e
}

func numbered(list []*p4v1.Replica) {
	for _, r := range list {
		r.PortKind = &p4v1.Replica_EgressPort{EgressPort: replicaOf(r).Port}
	}
}
