package vector

import (
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/tests/packet"
)

func (s *Schema) packetOut(p *ControlPacket) (*p4v1.PacketOut, error) {
	header, err := s.controlHeader("packet_out")
	if err != nil {
		return nil, err
	}
	out := &p4v1.PacketOut{Payload: p.Bytes}
	given := maps.Clone(p.Metadata)
	for _, m := range header.Metadata {
		text, ok := given[m.Name]
		if !ok {
			text = "0" // padding, most of the time
		}
		delete(given, m.Name)
		value, err := encode(string(text), m.Bitwidth)
		if err != nil {
			return nil, fmt.Errorf("packet_out, %s: %w", m.Name, err)
		}
		out.Metadata = append(out.Metadata, &p4v1.PacketMetadata{MetadataId: m.Id, Value: value})
	}
	for name := range given {
		return nil, fmt.Errorf("packet_out has no %q", name)
	}
	return out, nil
}

// comparePacketIns compares what came to the controller; metadata that is not named does not matter.
func (s *Schema) comparePacketIns(want []ControlPacket, got []*p4v1.PacketIn) error {
	var faults []error
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(got):
			faults = append(faults, fmt.Errorf("packet-in: missing: %s", packet.Decode(want[i].Bytes)))
		case i >= len(want):
			faults = append(faults, fmt.Errorf("packet-in: unexpected: %s", packet.Decode(got[i].Payload)))
		default:
			if d := packet.Diff(want[i].Bytes, got[i].Payload); d != "" {
				faults = append(faults, fmt.Errorf("packet-in: %s", d))
			}
			if err := checkFrame("", got[i].Payload); err != nil && packet.CheckFrame(want[i].Bytes) == nil {
				faults = append(faults, fmt.Errorf("packet-in: %w", err))
			}
			faults = append(faults, s.compareMetadata(want[i].Metadata, got[i].Metadata))
		}
	}
	return errors.Join(faults...)
}

func (s *Schema) compareMetadata(want map[string]Text, got []*p4v1.PacketMetadata) error {
	if len(want) == 0 {
		return nil
	}
	header, err := s.controlHeader("packet_in")
	if err != nil {
		return err
	}
	values := map[string][]byte{}
	widths := map[string]int32{}
	for _, m := range header.Metadata {
		widths[m.Name] = m.Bitwidth
		for _, g := range got {
			if g.MetadataId == m.Id {
				values[m.Name] = g.Value
			}
		}
	}
	return s.compareValues("packet-in", want, values, widths)
}

// compareDigests compares the messages of all digest lists, in their order.
func (s *Schema) compareDigests(want []Digest, got []*p4v1.DigestList) error {
	type message struct {
		list uint32
		data *p4v1.P4Data
	}
	var messages []message
	for _, list := range got {
		for _, data := range list.Data {
			messages = append(messages, message{list.DigestId, data})
		}
	}
	var faults []error
	for i := range max(len(want), len(messages)) {
		if i >= len(messages) {
			faults = append(faults, fmt.Errorf("digest %s: missing: %v", want[i].List, want[i].Fields))
			continue
		}
		d := s.digestByID(messages[i].list)
		if d == nil {
			faults = append(faults, fmt.Errorf("digest with the unknown id %d", messages[i].list))
			continue
		}
		values, widths, err := s.digestValues(d.Preamble.Id, messages[i].data)
		switch {
		case err != nil:
			faults = append(faults, err)
		case i >= len(want):
			faults = append(faults, fmt.Errorf("digest %s: unexpected: %s", d.Preamble.Name, show(values)))
		case want[i].List != d.Preamble.Name && want[i].List != d.Preamble.Alias:
			faults = append(faults, fmt.Errorf("digest %s, want %s", d.Preamble.Name, want[i].List))
		default:
			faults = append(faults, s.compareValues("digest "+want[i].List, want[i].Fields, values, widths))
			for name := range values {
				if _, ok := want[i].Fields[name]; !ok {
					faults = append(faults, fmt.Errorf("digest %s: the vector does not say what %s is", want[i].List, name))
				}
			}
		}
	}
	return errors.Join(faults...)
}

// digestValues returns a message's members by name.
func (s *Schema) digestValues(id uint32, data *p4v1.P4Data) (map[string][]byte, map[string]int32, error) {
	d := s.digestByID(id)
	members, err := s.members(d)
	if err != nil {
		return nil, nil, err
	}
	fields := []*p4v1.P4Data{data}
	if structure := data.GetStruct(); structure != nil {
		fields = structure.Members
	}
	if len(fields) != len(members) {
		return nil, nil, fmt.Errorf("digest %s: %d members, %d expected", d.Preamble.Name, len(fields), len(members))
	}
	values, widths := map[string][]byte{}, map[string]int32{}
	for i, m := range members {
		values[m.name], widths[m.name] = fields[i].GetBitstring(), m.width
	}
	return values, widths, nil
}

// compareValues compares named values; any matches whatever there is, and so does ~VALUE in real time.
func (s *Schema) compareValues(what string, want map[string]Text, got map[string][]byte, widths map[string]int32) error {
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(want)) {
		value, ok := got[name]
		if !ok {
			faults = append(faults, fmt.Errorf("%s: there is no %s", what, name))
			continue
		}
		text, clocked := strings.CutPrefix(string(want[name]), "~")
		if text == "any" || clocked && s.realTime {
			continue
		}
		v, err := parseValue(text, widths[name])
		if err != nil {
			faults = append(faults, fmt.Errorf("%s, %s: %w", what, name, err))
		} else if g := new(big.Int).SetBytes(value); v.Cmp(g) != 0 {
			faults = append(faults, fmt.Errorf("%s, %s: want %s, got %d (0x%x)", what, name, want[name], g, g))
		}
	}
	return errors.Join(faults...)
}

func show(values map[string][]byte) string {
	s := ""
	for _, name := range slices.Sorted(maps.Keys(values)) {
		s += fmt.Sprintf("%s=0x%x ", name, values[name])
	}
	return s
}
