package p4rt

import (
	"math"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/softswitch/p4rt/bytestring"
	"github.com/firstack/firstack/softswitch/p4rt/digest"
	"github.com/firstack/firstack/softswitch/p4rt/schema"
	"github.com/firstack/firstack/softswitch/pipeline"
)

// Digest takes a digest message of the data plane. It neither waits nor keeps d's memory.
func (s *Server) Digest(d pipeline.Digest) {
	b := s.active.Load()
	if b == nil {
		return
	}
	ds := b.schema.DigestNamed(d.Name)
	if ds == nil {
		return
	}
	// The message is its values one after the other, each as long as its type: equal messages are
	// equal strings, and the values are found again.
	var scratch [64]byte
	message := scratch[:0]
	for _, v := range d.Fields {
		message = append(message, v.Bytes...)
	}
	s.digests.Add(ds.ID, message)
}

// sendDigest turns a list that is due into a message for the primaries.
func (s *Server) sendDigest(l digest.List) bool {
	b := s.active.Load()
	if b == nil {
		return false
	}
	ds := b.schema.Digests[l.Digest]
	if ds == nil || !s.primaries.any(ds.Role) {
		return false
	}
	list := &p4v1.DigestList{DigestId: l.Digest, ListId: l.ID, Timestamp: s.opt.Clock().UnixNano()}
	for _, m := range l.Messages {
		data, _ := digestData(ds.Type, []byte(m))
		list.Data = append(list.Data, data)
	}
	sent, _ := s.primaries.deliver(ds.Role, &p4v1.StreamMessageResponse{
		Update: &p4v1.StreamMessageResponse_Digest{Digest: list}})
	return sent > 0
}

// digestData decodes the start of message as a value of type t and returns the rest.
func digestData(t *schema.DataType, message []byte) (*p4v1.P4Data, []byte) {
	if t.Shape == schema.Struct || t.Shape == schema.Tuple {
		members := &p4v1.P4StructLike{}
		for i := range t.Members {
			var m *p4v1.P4Data
			m, message = digestData(&t.Members[i], message)
			members.Members = append(members.Members, m)
		}
		if t.Shape == schema.Tuple {
			return &p4v1.P4Data{Data: &p4v1.P4Data_Tuple{Tuple: members}}, message
		}
		return &p4v1.P4Data{Data: &p4v1.P4Data_Struct{Struct: members}}, message
	}
	n := min(bytestring.Bytes(t.Width), len(message))
	return leafData(t, message[:n]), message[n:]
}

// leafData encodes a number of type t.
func leafData(t *schema.DataType, value []byte) *p4v1.P4Data {
	switch t.Shape {
	case schema.Bool:
		return &p4v1.P4Data{Data: &p4v1.P4Data_Bool{Bool: len(value) > 0 && value[len(value)-1]&1 != 0}}
	case schema.Enum:
		return &p4v1.P4Data{Data: &p4v1.P4Data_EnumValue{EnumValue: bytestring.Trim(value)}}
	case schema.Signed:
		return &p4v1.P4Data{Data: &p4v1.P4Data_Bitstring{Bitstring: bytestring.TrimSigned(extendSign(value, t.Width))}}
	default:
		return &p4v1.P4Data{Data: &p4v1.P4Data_Bitstring{Bitstring: bytestring.Trim(value)}}
	}
}

// extendSign copies value with the bits above width filled with the sign.
func extendSign(value []byte, width int) []byte {
	out := append([]byte(nil), value...)
	if spare := 8*len(out) - width; len(out) > 0 && spare > 0 && spare < 8 && out[0]>>(7-spare)&1 != 0 {
		out[0] |= 0xff << (8 - spare)
	}
	return out
}

// digestAck takes the acknowledgement of a list.
func (s *Server) digestAck(sess *session, ack *p4v1.DigestListAck) error {
	if _, ok := s.arbiter.IsPrimary(&sess.client); !ok {
		return status.Error(codes.PermissionDenied, "Not primary")
	}
	b := s.active.Load()
	if b == nil {
		return errNoConfig()
	}
	if b.schema.Digests[ack.GetDigestId()] == nil {
		return status.Errorf(codes.InvalidArgument, "digest %d does not exist", ack.GetDigestId())
	}
	s.digests.Ack(ack.GetDigestId(), ack.GetListId())
	return nil
}

// writeDigest enables, changes or disables a digest.
func (w *writer) writeDigest(op p4v1.Update_Type, e *p4v1.DigestEntry) error {
	d := w.b.schema.Digests[e.GetDigestId()]
	if d == nil {
		return status.Errorf(codes.InvalidArgument, "digest %d does not exist", e.GetDigestId())
	}
	if err := w.allowed(d.Object, "digest"); err != nil {
		return err
	}
	old := w.b.digestConfigs[d.ID]
	switch {
	case op == p4v1.Update_INSERT && old != nil:
		return status.Errorf(codes.AlreadyExists, "digest %q is enabled already", d.Name)
	case op != p4v1.Update_INSERT && old == nil:
		return status.Errorf(codes.NotFound, "digest %q is not enabled", d.Name)
	}
	var cfg *p4v1.DigestEntry_Config
	if op != p4v1.Update_DELETE {
		c := e.GetConfig()
		if c.GetMaxTimeoutNs() < 0 || c.GetMaxListSize() < 0 || c.GetAckTimeoutNs() < 0 {
			return status.Errorf(codes.InvalidArgument, "digest %q: negative configuration", d.Name)
		}
		cfg = &p4v1.DigestEntry_Config{MaxTimeoutNs: c.GetMaxTimeoutNs(), MaxListSize: c.GetMaxListSize(), AckTimeoutNs: c.GetAckTimeoutNs()}
	}
	w.setDigest(d.ID, cfg)
	w.undo(func() { w.setDigest(d.ID, old) })
	return nil
}

// setDigest stores a configuration, nil = disabled, and applies it when the program runs.
func (w *writer) setDigest(id uint32, cfg *p4v1.DigestEntry_Config) {
	if cfg == nil {
		delete(w.b.digestConfigs, id)
	} else {
		w.b.digestConfigs[id] = cfg
	}
	if w.s.active.Load() == w.b {
		w.s.applyDigest(id, cfg)
	}
}

func (s *Server) applyDigest(id uint32, cfg *p4v1.DigestEntry_Config) {
	if cfg == nil {
		s.digests.Disable(id)
		return
	}
	s.digests.Enable(id, digest.Config{
		MaxTimeout: time.Duration(cfg.GetMaxTimeoutNs()),
		MaxList:    int(min(cfg.GetMaxListSize(), math.MaxInt32)),
		AckTimeout: time.Duration(cfg.GetAckTimeoutNs()),
	})
}

// readDigest answers a read of one digest's configuration, or of all.
func (r *reader) readDigest(e *p4v1.DigestEntry) error {
	if e.GetDigestId() != 0 && r.b.schema.Digests[e.GetDigestId()] == nil {
		return status.Errorf(codes.InvalidArgument, "digest %d does not exist", e.GetDigestId())
	}
	for _, id := range sortedKeys(r.b.digestConfigs) {
		if (e.GetDigestId() == 0 || e.GetDigestId() == id) && mayUse(r.role, r.b.schema.Digests[id].Role) {
			r.add(&p4v1.Entity{Entity: &p4v1.Entity_DigestEntry{
				DigestEntry: &p4v1.DigestEntry{DigestId: id, Config: r.b.digestConfigs[id]}}})
		}
	}
	return nil
}
