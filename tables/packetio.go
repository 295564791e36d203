package tables

import (
	"fmt"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
)

// PacketSpec is a controller header (packet_in or packet_out) as a generated binding knows it.
type PacketSpec[H any] struct {
	Name    string
	Members []ValueSpec
	Put     func(*ValueWriter, H)
	Get     func(*ValueReader) H
}

// PacketHeader reads and makes the metadata of packets between switch and controller (P4Runtime specification,
// "Packet I/O"). Padding is left to this package: zeros out, ignored in.
type PacketHeader[H any] struct {
	spec    *PacketSpec[H]
	object  string
	fields  []field
	padding []uint32 // ids
}

// BindPacketHeader resolves a controller header's names.
func BindPacketHeader[H any](b *Binder, spec *PacketSpec[H]) *PacketHeader[H] {
	p := &PacketHeader[H]{spec: spec, object: "header " + spec.Name}
	info, ok := find(b.schema.Info.GetControllerPacketMetadata(), spec.Name, spec.Name)
	if !ok {
		b.fail(&Error{Object: p.object, Err: ErrAbsent})
		return p
	}
	var real []*p4configv1.ControllerPacketMetadata_Metadata
	for _, m := range info.GetMetadata() {
		if IsPadding(m) {
			p.padding = append(p.padding, m.GetId())
		} else {
			real = append(real, m)
		}
	}
	p.fields = placeValues(b, p.object, spec.Members, real)
	return p
}

// IsPadding tells whether a metadata field only fills its header up to a byte.
func IsPadding(m *p4configv1.ControllerPacketMetadata_Metadata) bool {
	for _, a := range m.GetAnnotations() {
		if a == "@padding" {
			return true
		}
	}
	return false
}

func (p *PacketHeader[H]) encode(h H) ([]*p4v1.PacketMetadata, error) {
	w := ValueWriter{object: p.object, fields: p.fields, out: make([][]byte, len(p.fields))}
	p.spec.Put(&w, h)
	if w.err != nil {
		return nil, w.err
	}
	out := make([]*p4v1.PacketMetadata, 0, len(p.fields)+len(p.padding))
	for i, f := range p.fields {
		out = append(out, &p4v1.PacketMetadata{MetadataId: f.id, Value: w.out[i]})
	}
	for _, id := range p.padding {
		out = append(out, &p4v1.PacketMetadata{MetadataId: id, Value: []byte{0}})
	}
	return out, nil
}

func (p *PacketHeader[H]) decode(metadata []*p4v1.PacketMetadata) (h H, err error) {
	r := ValueReader{object: p.object, fields: p.fields, in: make([][]byte, len(p.fields))}
	for _, m := range metadata {
		if i, ok := indexOf(p.fields, m.GetMetadataId()); ok {
			r.in[i] = m.GetValue()
		} else if !p.isPadding(m.GetMetadataId()) {
			return h, &Error{Object: p.object, Detail: fmt.Sprintf("metadata id %d", m.GetMetadataId()), Err: ErrUnknown}
		}
	}
	h = p.spec.Get(&r)
	return h, r.err
}

func (p *PacketHeader[H]) isPadding(id uint32) bool {
	for _, pad := range p.padding {
		if pad == id {
			return true
		}
	}
	return false
}

// Out makes a packet for the switch: h has to be its packet_out header.
func (p *PacketHeader[H]) Out(h H, payload []byte) (*p4v1.PacketOut, error) {
	m, err := p.encode(h)
	if err != nil {
		return nil, err
	}
	return &p4v1.PacketOut{Payload: payload, Metadata: m}, nil
}

// In makes a packet for the controller, as a switch would.
func (p *PacketHeader[H]) In(h H, payload []byte) (*p4v1.PacketIn, error) {
	m, err := p.encode(h)
	if err != nil {
		return nil, err
	}
	return &p4v1.PacketIn{Payload: payload, Metadata: m}, nil
}

// DecodeIn reads the header of a packet from the switch.
func (p *PacketHeader[H]) DecodeIn(m *p4v1.PacketIn) (H, error) { return p.decode(m.GetMetadata()) }

// DecodeOut reads the header of a packet to the switch.
func (p *PacketHeader[H]) DecodeOut(m *p4v1.PacketOut) (H, error) { return p.decode(m.GetMetadata()) }
