package differential

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/protobuf/encoding/prototext"

	"github.com/firstack/firstack/tests/packet"
	"github.com/firstack/firstack/tests/vector"
)

// compareFrames compares what left the reference switch with what each given packet made leave ours: per port in
// the packets' order, the copies of one packet among each other in any (known: CopyOrder).
func compareFrames(list []given, groups [][]vector.Frame, left map[uint32][][]byte) error {
	var faults []error
	for i, group := range groups {
		ours := map[uint32][][]byte{}
		for _, f := range group {
			ours[f.Port] = append(ours[f.Port], f.Bytes)
		}
		for _, port := range slices.Sorted(maps.Keys(ours)) {
			n := min(len(ours[port]), len(left[port]))
			theirs := left[port][:n]
			left[port] = left[port][n:]
			if !sameFrames(ours[port], theirs) {
				faults = append(faults, fmt.Errorf("packet %d at port %d: %s\n%x\n%s", i, list[i].port, list[i].text, list[i].frame,
					differ(port, ours[port], theirs)))
			}
		}
		if len(faults) > 0 {
			return errors.Join(faults...) // what follows is shifted
		}
	}
	for _, port := range slices.Sorted(maps.Keys(left)) {
		for _, f := range left[port] {
			faults = append(faults, fmt.Errorf("only from theirs, port %d: %s\n%x", port, packet.Decode(f), f))
		}
	}
	if len(faults) > 0 {
		for i, g := range list {
			faults = append(faults, fmt.Errorf("given %d at port %d: %s\n%x", i, g.port, g.text, g.frame))
		}
	}
	return errors.Join(faults...)
}

func sameFrames(a, b [][]byte) bool {
	if len(a) > 1 {
		a, b = slices.Clone(a), slices.Clone(b)
		slices.SortFunc(a, bytes.Compare)
		slices.SortFunc(b, bytes.Compare)
	}
	return slices.EqualFunc(a, b, bytes.Equal)
}

func differ(port uint32, ours, theirs [][]byte) string {
	var b strings.Builder
	for i := range max(len(ours), len(theirs)) {
		switch {
		case i >= len(theirs):
			fmt.Fprintf(&b, "port %d, only from ours: %s\n", port, packet.Decode(ours[i]))
		case i >= len(ours):
			fmt.Fprintf(&b, "port %d, only from theirs: %s\n", port, packet.Decode(theirs[i]))
		default:
			fmt.Fprintf(&b, "port %d\nours   %s\ntheirs %s\n%s", port, packet.Decode(ours[i]), packet.Decode(theirs[i]), packet.Diff(ours[i], theirs[i]))
		}
	}
	return b.String()
}

func (p *pair) comparePacketIns() error {
	for i := range max(len(p.ourIns), len(p.theirIns)) {
		var ours, theirs string
		if i < len(p.ourIns) {
			ours = fmt.Sprintf("%x %s", p.ourIns[i].Payload, metadata(p.ourIns[i]))
		}
		if i < len(p.theirIns) {
			theirs = fmt.Sprintf("%x %s", p.theirIns[i].Payload, metadata(p.theirIns[i]))
		}
		if ours != theirs {
			return fmt.Errorf("packet-in %d of %d and %d:\nours   %s\ntheirs %s", i, len(p.ourIns), len(p.theirIns), ours, theirs)
		}
	}
	return nil
}

func metadata(in *p4v1.PacketIn) string {
	s := ""
	for _, m := range in.Metadata {
		s += fmt.Sprintf("%d=%x ", m.MetadataId, m.Value)
	}
	return s
}

// compareDigests compares the digests' messages, times left out. The reference switch keeps back a message that
// equals one that is not acknowledged yet, and its clock may stand still between two packets (known: DigestRepeats).
func (p *pair) compareDigests() error {
	ours, theirs := p.messages(p.ourTold), p.messages(p.theyTold)
	i, j := 0, 0
	for i < len(ours) || j < len(theirs) {
		switch {
		case i < len(ours) && j < len(theirs) && ours[i] == theirs[j]:
			i, j = i+1, j+1
		case i < len(ours) && slices.Contains(ours[max(0, i-repeats):i], ours[i]):
			i++
		default:
			var a, b string
			if i < len(ours) {
				a = ours[i]
			}
			if j < len(theirs) {
				b = theirs[j]
			}
			return fmt.Errorf("digest %d of %d, theirs %d of %d:\nours   %s\ntheirs %s", i, len(ours), j, len(theirs), a, b)
		}
	}
	return nil
}

// repeats is how far back the message may be that is repeated: about a batch.
const repeats = 40

func (p *pair) messages(lists []*p4v1.DigestList) []string {
	var texts []string
	for _, l := range lists {
		for _, d := range l.Data {
			text := fmt.Sprint(l.DigestId)
			for i, name := range p.members(l.DigestId) {
				if name == "now" || name == "elapsed" {
					continue
				}
				text += fmt.Sprintf(" %s=%x", name, d.GetStruct().GetMembers()[i].GetBitstring())
			}
			texts = append(texts, text)
		}
	}
	return texts
}

func (p *pair) members(digest uint32) []string {
	var names []string
	for _, d := range p.program.Info.Digests {
		if d.Preamble.Id == digest {
			for _, m := range p.program.Info.TypeInfo.Structs[d.TypeSpec.GetStruct().GetName()].Members {
				names = append(names, m.Name)
			}
		}
	}
	return names
}

// compareEntities compares everything that can be read: entries with their counters, members, groups, copies.
func (p *pair) compareEntities(ctx context.Context) error {
	var faults []error
	var queries []*p4v1.Entity
	for _, t := range p.program.Info.Tables {
		queries = append(queries, &p4v1.Entity{Entity: &p4v1.Entity_TableEntry{TableEntry: &p4v1.TableEntry{
			TableId: t.Preamble.Id, CounterData: &p4v1.CounterData{},
		}}})
	}
	for _, a := range p.program.Info.ActionProfiles {
		if p.oneShot {
			continue // members that no client made (known: OneShotReads)
		}
		queries = append(queries,
			&p4v1.Entity{Entity: &p4v1.Entity_ActionProfileMember{ActionProfileMember: &p4v1.ActionProfileMember{ActionProfileId: a.Preamble.Id}}},
			&p4v1.Entity{Entity: &p4v1.Entity_ActionProfileGroup{ActionProfileGroup: &p4v1.ActionProfileGroup{ActionProfileId: a.Preamble.Id}}})
	}
	for _, q := range queries {
		a, err := p.ours.Read(ctx, q)
		b, err2 := p.theirs.Read(ctx, q)
		if err := errors.Join(err, err2); err != nil {
			return fmt.Errorf("%v: %w", q, err)
		}
		if id := q.GetTableEntry().GetTableId(); id != 0 && p.isConst(id) {
			rankConst(a)
			rankConst(b)
		}
		ours, theirs := entityTexts(a), entityTexts(b)
		for key := range theirs {
			if _, ok := ours[key]; !ok {
				ours[key] = ""
			}
		}
		for _, key := range slices.Sorted(maps.Keys(ours)) {
			if ours[key] != theirs[key] {
				faults = append(faults, fmt.Errorf("%s:\nours   %s\ntheirs %s", key, ours[key], theirs[key]))
			}
		}
	}
	return errors.Join(faults...)
}

func (p *pair) isConst(table uint32) bool {
	return slices.ContainsFunc(p.program.Info.Tables, func(t *configv1.Table) bool { return t.Preamble.Id == table && t.IsConstTable })
}

// rankConst puts ranks in place of constant entries' priorities: switches number them differently (known:
// ConstPriorities).
func rankConst(entities []*p4v1.Entity) {
	slices.SortStableFunc(entities, func(a, b *p4v1.Entity) int {
		return int(b.GetTableEntry().Priority) - int(a.GetTableEntry().Priority)
	})
	for i, e := range entities {
		e.GetTableEntry().Priority, e.GetTableEntry().IsConst = int32(i+1), false
	}
}

// entityTexts gives what is read, by what identifies it.
func entityTexts(entities []*p4v1.Entity) map[string]string {
	texts := map[string]string{}
	for _, e := range entities {
		key := ""
		switch {
		case e.GetTableEntry() != nil:
			t := e.GetTableEntry()
			slices.SortFunc(t.Match, func(a, b *p4v1.FieldMatch) int { return int(a.FieldId) - int(b.FieldId) })
			key = fmt.Sprintf("table %d priority %d match %v", t.TableId, t.Priority, t.Match)
		case e.GetActionProfileMember() != nil:
			m := e.GetActionProfileMember()
			key = fmt.Sprintf("member %d.%d", m.ActionProfileId, m.MemberId)
		case e.GetActionProfileGroup() != nil:
			g := e.GetActionProfileGroup()
			slices.SortFunc(g.Members, func(a, b *p4v1.ActionProfileGroup_Member) int { return int(a.MemberId) - int(b.MemberId) })
			key = fmt.Sprintf("group %d.%d", g.ActionProfileId, g.GroupId)
		}
		text, err := prototext.MarshalOptions{}.Marshal(e)
		if err != nil {
			text = []byte(err.Error())
		}
		texts[strings.Join(strings.Fields(key), " ")] = strings.Join(strings.Fields(string(text)), " ")
	}
	return texts
}

// hits adds how often each constant entry was hit to counts, by table and rank.
func (p *pair) hits(ctx context.Context, counts map[string]int64) error {
	for _, t := range p.program.Info.Tables {
		if !t.IsConstTable {
			continue
		}
		entries, err := p.ours.Read(ctx, &p4v1.Entity{Entity: &p4v1.Entity_TableEntry{TableEntry: &p4v1.TableEntry{
			TableId: t.Preamble.Id, CounterData: &p4v1.CounterData{},
		}}})
		if err != nil {
			return err
		}
		rankConst(entries)
		for _, e := range entries {
			counts[fmt.Sprintf("%s: %s row %d", p.program.Name, t.Preamble.Name, e.GetTableEntry().Priority)] += e.GetTableEntry().GetCounterData().GetPacketCount()
		}
	}
	return nil
}
