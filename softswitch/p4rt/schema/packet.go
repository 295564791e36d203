package schema

import (
	"fmt"
	"slices"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
)

// Digest is a digest with the type of its messages.
type Digest struct {
	Object
	Type *DataType
}

// PacketHeader is a header that travels between switch and controller (P4Runtime specification,
// "ControllerPacketMetadata"): @controller_header("packet_in") or ("packet_out").
type PacketHeader struct {
	Object
	Fields  []Param
	Bytes   int // length of the header in a frame
	offsets []int
}

// Offset returns where field i begins, in bits from the start of the header.
func (h *PacketHeader) Offset(i int) int { return h.offsets[i] }

// Field returns the position of the metadata field with the given id, or -1; hint as in
// Action.Param.
func (h *PacketHeader) Field(id uint32, hint int) int {
	a := Action{Params: h.Fields}
	return a.Param(id, hint)
}

func (s *Schema) addDigests() error {
	seen := map[any]bool{}
	for _, pd := range s.Info.GetDigests() {
		o, err := object("digest", pd.GetPreamble(), seen)
		if err != nil {
			return err
		}
		dt, err := s.dataType(pd.GetTypeSpec())
		if err != nil {
			return fmt.Errorf("digest %q: %w", o.Name, err)
		}
		d := &Digest{Object: o, Type: dt}
		s.Digests[o.ID], s.digestsByName[o.Name] = d, d
	}
	return nil
}

func (s *Schema) addPacketHeaders() error {
	seen := map[any]bool{}
	for _, ph := range s.Info.GetControllerPacketMetadata() {
		o, err := object("controller header", ph.GetPreamble(), seen)
		if err != nil {
			return err
		}
		h := &PacketHeader{Object: o}
		if err := h.addFields(ph.GetMetadata()); err != nil {
			return err
		}
		switch o.Name {
		case "packet_in":
			s.PacketIn = h
		case "packet_out":
			s.PacketOut = h
		default:
			return fmt.Errorf("controller header %q is neither packet_in nor packet_out", o.Name)
		}
	}
	return nil
}

func (h *PacketHeader) addFields(list []*p4configv1.ControllerPacketMetadata_Metadata) error {
	bits := 0
	ids := map[uint32]bool{}
	for _, m := range list {
		w, err := width("metadata", h.Name, m.GetName(), m.GetBitwidth())
		if err != nil {
			return err
		}
		if m.GetId() == 0 || ids[m.GetId()] {
			return fmt.Errorf("controller header %q: metadata %q: id %d is zero or used twice", h.Name, m.GetName(), m.GetId())
		}
		ids[m.GetId()] = true
		h.Fields = append(h.Fields, Param{
			ID: m.GetId(), Name: m.GetName(), Width: w, Padding: slices.Contains(m.GetAnnotations(), "@padding"),
		})
		h.offsets = append(h.offsets, bits)
		bits += w
	}
	if bits%8 != 0 {
		return fmt.Errorf("controller header %q has %d bits, which is no whole number of bytes: add a padding field", h.Name, bits)
	}
	h.Bytes = bits / 8
	return nil
}
