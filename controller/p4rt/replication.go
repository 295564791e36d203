package p4rt

import (
	"encoding/binary"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/tables"
)

// Replica is one copy of a multicast or cloned packet: where it leaves, and the number (egress_rid) by which the
// egress pipeline tells it from others.
type Replica struct {
	Port     uint32
	Instance uint32
}

func replicas(list []Replica) []*p4v1.Replica {
	out := make([]*p4v1.Replica, len(list))
	for i, r := range list {
		port := binary.BigEndian.AppendUint32(nil, r.Port)
		out[i] = &p4v1.Replica{PortKind: &p4v1.Replica_Port{Port: tables.Canonical(port)}, Instance: r.Instance}
	}
	return out
}

// replicaOf reads the port in both of its forms: bytes, and the number that they replaced in version 1.4.
func replicaOf(m *p4v1.Replica) Replica {
	r := Replica{Port: m.GetEgressPort(), Instance: m.GetInstance()}
	for _, b := range m.GetPort() {
		r.Port = r.Port<<8 | uint32(b)
	}
	return r
}

// MulticastGroup makes the entity of a multicast group (section "MulticastGroupEntry"). Pairs of port and
// instance have to be unique in it; the id is above 0.
func MulticastGroup(id uint32, copies ...Replica) *p4v1.Entity {
	return replicationEntity(&p4v1.PacketReplicationEngineEntry{Type: &p4v1.PacketReplicationEngineEntry_MulticastGroupEntry{
		MulticastGroupEntry: &p4v1.MulticastGroupEntry{MulticastGroupId: id, Replicas: replicas(copies)},
	}})
}

// CloneSession makes the entity of a clone session (section "CloneSessionEntry"). Copies are cut to maxBytes, when
// that is not 0.
func CloneSession(id uint32, maxBytes int32, copies ...Replica) *p4v1.Entity {
	return replicationEntity(&p4v1.PacketReplicationEngineEntry{Type: &p4v1.PacketReplicationEngineEntry_CloneSessionEntry{
		CloneSessionEntry: &p4v1.CloneSessionEntry{SessionId: id, PacketLengthBytes: maxBytes, Replicas: replicas(copies)},
	}})
}

// DecodeMulticastGroup reads a group; ok says whether the entity is one.
func DecodeMulticastGroup(e *p4v1.Entity) (id uint32, copies []Replica, ok bool) {
	g := e.GetPacketReplicationEngineEntry().GetMulticastGroupEntry()
	for _, r := range g.GetReplicas() {
		copies = append(copies, replicaOf(r))
	}
	return g.GetMulticastGroupId(), copies, g != nil
}

func replicationEntity(e *p4v1.PacketReplicationEngineEntry) *p4v1.Entity {
	return &p4v1.Entity{Entity: &p4v1.Entity_PacketReplicationEngineEntry{PacketReplicationEngineEntry: e}}
}
