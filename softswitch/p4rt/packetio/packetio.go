// Package packetio converts between the controller headers of frames on the CPU port and the
// metadata of P4Runtime's packet-in and packet-out messages (specification 1.5, chapter "Packet
// I/O"). The header's fields are laid out one after the other, most significant bit first, padding
// fields included, as the deparser emits them.
package packetio

import (
	"errors"
	"fmt"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/softswitch/p4rt/bytestring"
	"github.com/firstack/firstack/softswitch/p4rt/schema"
)

// ErrShort says that a frame does not hold the whole controller header.
var ErrShort = errors.New("frame is shorter than the packet_in header")

// Out appends the header of a packet-out message to dst and returns the longer slice. A nil h is a
// program without a packet_out header, which takes no metadata. Padding may be left out; every
// other field must be given once.
func Out(h *schema.PacketHeader, dst []byte, metadata []*p4v1.PacketMetadata) ([]byte, error) {
	if h == nil {
		if len(metadata) > 0 {
			return dst, fmt.Errorf("the program has no packet_out header, but metadata %d is given", metadata[0].GetMetadataId())
		}
		return dst, nil
	}
	start := len(dst)
	for range h.Bytes {
		dst = append(dst, 0)
	}
	given := make([]bool, len(h.Fields))
	for i, m := range metadata {
		at := h.Field(m.GetMetadataId(), i)
		if at < 0 {
			return dst[:start], fmt.Errorf("packet_out has no metadata %d", m.GetMetadataId())
		}
		f := h.Fields[at]
		if given[at] {
			return dst[:start], fmt.Errorf("packet_out metadata %q is given twice", f.Name)
		}
		given[at] = true
		if err := bytestring.Check(m.GetValue(), f.Width); err != nil {
			return dst[:start], fmt.Errorf("packet_out metadata %q: %w", f.Name, err)
		}
		put(dst[start:], h.Offset(at), f.Width, m.GetValue())
	}
	for at, ok := range given {
		if !ok && !h.Fields[at].Padding {
			return dst[:start], fmt.Errorf("packet_out metadata %q is missing", h.Fields[at].Name)
		}
	}
	return dst, nil
}

// In splits a frame that left on the CPU port into metadata in canonical form and payload, which
// shares the frame's memory. A nil h is a program without a packet_in header. The error is ErrShort.
func In(h *schema.PacketHeader, frame []byte) (metadata []*p4v1.PacketMetadata, payload []byte, err error) {
	if h == nil {
		return nil, frame, nil
	}
	if len(frame) < h.Bytes {
		return nil, nil, ErrShort
	}
	metadata = make([]*p4v1.PacketMetadata, len(h.Fields))
	for at, f := range h.Fields {
		metadata[at] = &p4v1.PacketMetadata{
			MetadataId: f.ID,
			Value:      bytestring.Trim(get(frame, h.Offset(at), f.Width)),
		}
	}
	return metadata, frame[h.Bytes:], nil
}

// put writes the last width bits of value at bit offset off of zeroed dst.
func put(dst []byte, off, width int, value []byte) {
	for i := 0; i < width && i < 8*len(value); i++ {
		if value[len(value)-1-i/8]>>(i%8)&1 != 0 {
			bit := off + width - 1 - i
			dst[bit/8] |= 0x80 >> (bit % 8)
		}
	}
}

// get reads width bits at bit offset off of src.
func get(src []byte, off, width int) []byte {
	out := make([]byte, bytestring.Bytes(width))
	for i := range width {
		bit := off + width - 1 - i
		if src[bit/8]&(0x80>>(bit%8)) != 0 {
			out[len(out)-1-i/8] |= 1 << (i % 8)
		}
	}
	return out
}
