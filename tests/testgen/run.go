package testgen

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/tests/packet"
	"github.com/firstack/firstack/tests/vector"
)

// Run loads the program, writes the case's entries, sends its packet and returns what came out, as TNA has it: for the
// controller's port, with the header in front.
func Run(ctx context.Context, target vector.Target, program *vector.Program, c *Case) ([]vector.Frame, error) {
	if err := target.Load(ctx, program); err != nil {
		return nil, err
	}
	updates, err := c.updates(program.Info)
	if err != nil {
		return nil, err
	}
	if err := target.Write(ctx, updates); err != nil {
		return nil, err
	}
	if c.InPort == CPUPort {
		err = target.PacketOut(packetOut(program.Info, c.In))
	} else {
		err = target.Send(c.InPort, c.In)
	}
	if err != nil {
		return nil, err
	}
	events, err := target.Collect(ctx, vector.Count{})
	if err != nil {
		return nil, err
	}
	frames := events.Frames
	for _, p := range events.PacketIns {
		frame, err := packetIn(program.Info, p)
		if err != nil {
			return nil, err
		}
		frames = append(frames, frame)
	}
	return frames, nil
}

func (c *Case) updates(info *configv1.P4Info) ([]*p4v1.Update, error) {
	schema := vector.NewSchema(info)
	var updates []*p4v1.Update
	for _, e := range c.Entries {
		entry := vector.Entry{Action: e.Action, Args: values(e.Args)}
		kind := p4v1.Update_INSERT
		if e.Default {
			entry.Default, kind = e.Table, p4v1.Update_MODIFY
		} else {
			entry.Table, entry.Key = e.Table, values(e.Keys)
		}
		for _, t := range info.Tables {
			if t.Preamble.Name == e.Table || strings.HasSuffix(t.Preamble.Name, "."+e.Table) {
				prepare(t, &entry)
			}
		}
		entity, err := schema.Entity(entry)
		if err != nil {
			return nil, err
		}
		oneShot(info, entity.GetTableEntry())
		updates = append(updates, &p4v1.Update{Type: kind, Entity: entity})
	}
	for _, g := range c.Groups {
		entity, err := schema.Entity(vector.Entry{
			Multicast: g.ID, Copies: []vector.Copy{{Port: CopyPort, Instance: g.Instance}},
		})
		if err != nil {
			return nil, err
		}
		updates = append(updates, &p4v1.Update{Type: p4v1.Update_INSERT, Entity: entity})
	}
	return updates, nil
}

func values(texts []string) map[string]vector.Text {
	m := map[string]vector.Text{}
	for _, text := range texts {
		name, value, _ := strings.Cut(text, "=")
		m[name] = vector.Text(value)
	}
	return m
}

// prepare turns patterns of bits into prefixes where the table asks for them, and gives an entry of a ternary table
// its priority: there is one only.
func prepare(t *configv1.Table, e *vector.Entry) {
	for _, f := range t.MatchFields {
		switch f.GetMatchType() {
		case configv1.MatchField_TERNARY:
			e.Priority = 1
		case configv1.MatchField_LPM:
			if value, mask, found := strings.Cut(string(e.Key[f.Name]), "&&&"); found {
				ones := 0
				for _, digit := range mask[2:] {
					ones += strings.Count(fmt.Sprintf("%b", strings.IndexRune("0123456789abcdef", digit)), "1")
				}
				e.Key[f.Name] = vector.Text(fmt.Sprintf("%s/%d", value, ones))
			}
		}
	}
}

// oneShot makes an action set of an action where the table has a profile.
func oneShot(info *configv1.P4Info, e *p4v1.TableEntry) {
	for _, t := range info.Tables {
		if t.Preamble.Id == e.GetTableId() && t.ImplementationId != 0 {
			e.Action = &p4v1.TableAction{Type: &p4v1.TableAction_ActionProfileActionSet{
				ActionProfileActionSet: &p4v1.ActionProfileActionSet{
					ActionProfileActions: []*p4v1.ActionProfileAction{{Action: e.GetAction().GetAction(), Weight: 1}},
				},
			}}
		}
	}
}

func metadata(info *configv1.P4Info, header, name string) uint32 {
	for _, h := range info.ControllerPacketMetadata {
		for _, m := range h.Metadata {
			if h.Preamble.Name == header && m.Name == name {
				return m.Id
			}
		}
	}
	return 0
}

func packetOut(info *configv1.P4Info, frame []byte) *p4v1.PacketOut {
	header := binary.BigEndian.Uint16(frame)
	return &p4v1.PacketOut{Payload: frame[ControlHeader:], Metadata: []*p4v1.PacketMetadata{
		{MetadataId: metadata(info, "packet_out", "egress_port"), Value: bytestring(header >> 7)},
		{MetadataId: metadata(info, "packet_out", "pad"), Value: bytestring(header & 0x7f)},
	}}
}

func bytestring(v uint16) []byte {
	if v > 0xff {
		return []byte{byte(v >> 8), byte(v)}
	}
	return []byte{byte(v)}
}

func packetIn(info *configv1.P4Info, p *p4v1.PacketIn) (vector.Frame, error) {
	var header uint16
	for _, m := range p.Metadata {
		var value uint16
		for _, b := range m.Value {
			value = value<<8 | uint16(b)
		}
		switch m.MetadataId {
		case metadata(info, "packet_in", "ingress_port"):
			header |= value << 7
		case metadata(info, "packet_in", "reason"):
			header |= value
		default:
			return vector.Frame{}, fmt.Errorf("packet_in has no metadata %d", m.MetadataId)
		}
	}
	return vector.Frame{Port: CPUPort, Bytes: append(binary.BigEndian.AppendUint16(nil, header), p.Payload...)}, nil
}

// Compare says how what came out differs from what comes out on TNA; nil: in nothing that matters.
func (c *Case) Compare(got []vector.Frame) error {
	if c.Out == nil {
		var faults []error
		for _, f := range got {
			faults = append(faults, fmt.Errorf("dropped on TNA, but leaves port %d: %s", f.Port, show(f.Port, f.Bytes)))
		}
		return errors.Join(faults...)
	}
	if len(got) != 1 {
		return fmt.Errorf("%d packets leave, and one on TNA, at port %d:\nwant %s", len(got), c.OutPort, show(c.OutPort, c.Out))
	}
	f := got[0]
	if f.Port != c.OutPort || len(f.Bytes) != len(c.Out) {
		return fmt.Errorf("port %d, %d bytes; on TNA port %d, %d bytes\nwant %s\ngot  %s", f.Port, len(f.Bytes), c.OutPort,
			len(c.Out), show(c.OutPort, c.Out), show(f.Port, f.Bytes))
	}
	var faults []error
	for i, b := range f.Bytes {
		if (b^c.Out[i])&c.Mask[i] != 0 {
			faults = append(faults, fmt.Errorf("byte %d is %02x; on TNA %02x", i, b, c.Out[i]))
		}
	}
	if faults != nil {
		faults = append(faults, fmt.Errorf("want %s\ngot  %s", show(c.OutPort, c.Out), show(f.Port, f.Bytes)))
	}
	return errors.Join(faults...)
}

func show(port uint32, frame []byte) string {
	if port == CPUPort {
		return fmt.Sprintf("packet_in %x, %s", frame[:ControlHeader], packet.Decode(frame[ControlHeader:]))
	}
	return packet.Decode(frame).String()
}
