package tables_test

import (
	"errors"
	"strings"
	"testing"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/tables"
	"github.com/firstack/firstack/tables/internal/sample"
)

// Names are resolved in the P4Info at hand: other ids, other orders and other controls around do not matter.
func TestBindToAnotherBuild(t *testing.T) {
	other := info(t)
	kinds := other.GetTables()[0]
	kinds.Preamble.Id = 33559999
	kinds.Preamble.Name = "SwitchIngress.deeper.part.kinds"
	kinds.Preamble.Alias = "part.kinds"
	kinds.MatchFields[0].Id, kinds.MatchFields[8].Id = 9, 1
	other.Registers = nil
	other.Digests[0].Preamble.Name, other.Digests[0].Preamble.Alias = "SwitchIngress.report", "report"
	p, err := sample.Bind(other)
	if err != nil {
		t.Fatal(err)
	}
	m, err := p.Kinds.Message(sample.KindsEntry{Key: key(), Priority: 1, Action: send})
	if err != nil {
		t.Fatal(err)
	}
	if m.GetTableId() != 33559999 || m.GetMatch()[0].GetFieldId() != 9 {
		t.Errorf("%v", m)
	}
	if got, err := p.Kinds.Decode(m); err != nil || got.Key.Port != 300 || got.Key.Valid != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if p.SeenRegister.ID() != 0 {
		t.Error("a register that is not there has an id")
	}
	if _, err := p.SeenRegister.Read(0); !errors.Is(err, tables.ErrAbsent) {
		t.Errorf("%v", err)
	}
	if _, err := p.SeenRegister.ReadAll(); !errors.Is(err, tables.ErrAbsent) {
		t.Errorf("%v", err)
	}
}

func TestBindRefusesAnotherProgram(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(*p4configv1.P4Info)
		text  string
	}{
		{"table gone", func(i *p4configv1.P4Info) { i.Tables = i.Tables[1:] }, "table kinds: not in this pipeline"},
		{"field gone", func(i *p4configv1.P4Info) { i.Tables[0].MatchFields = i.Tables[0].MatchFields[1:] }, "table kinds, field port: not in this pipeline"},
		{"field more", func(i *p4configv1.P4Info) {
			i.Tables[1].MatchFields = append(i.Tables[1].MatchFields, &p4configv1.MatchField{Id: 2, Name: "more"})
		}, "table prefixes, field more: unknown to the binding"},
		{"field wider", func(i *p4configv1.P4Info) { i.Tables[0].MatchFields[0].Bitwidth = 17 }, "17 bits in the pipeline, 16 in the binding"},
		{"another match kind", func(i *p4configv1.P4Info) {
			i.Tables[1].MatchFields[0].Match = &p4configv1.MatchField_MatchType_{MatchType: tables.KindExact}
		}, "field label: match kind differs"},
		{"action gone", func(i *p4configv1.P4Info) {
			i.Tables[0].ActionRefs = i.Tables[0].ActionRefs[1:]
		}, "table kinds: not in this pipeline (action send)"},
		{"parameter gone", func(i *p4configv1.P4Info) { i.Actions[0].Params = i.Actions[0].Params[1:] }, "action send, field port: not in this pipeline"},
		{"parameter more", func(i *p4configv1.P4Info) {
			i.Actions[1].Params = []*p4configv1.Action_Param{{Id: 1, Name: "x", Bitwidth: 1}}
		}, "action NoAction: unknown to the binding"},
		{"digest gone", func(i *p4configv1.P4Info) { i.Digests = i.Digests[1:] }, "digest event_t: not in this pipeline"},
		{"digest of another shape", func(i *p4configv1.P4Info) {
			m := i.TypeInfo.Structs["event_t"].Members
			m[0], m[1] = m[1], m[0]
		}, "digest event_t, field kind: unknown to the binding (the pipeline has client_addr there)"},
		{"digest shorter", func(i *p4configv1.P4Info) {
			i.TypeInfo.Structs["event_t"].Members = i.TypeInfo.Structs["event_t"].Members[1:]
		}, "digest event_t: unknown to the binding (2 members"},
		{"digest's type gone", func(i *p4configv1.P4Info) { i.TypeInfo = nil }, "digest event_t: not in this pipeline: struct event_t"},
		{"header gone", func(i *p4configv1.P4Info) { i.ControllerPacketMetadata = nil }, "header packet_in: not in this pipeline"},
		{"profile gone", func(i *p4configv1.P4Info) { i.ActionProfiles = nil }, "action profile pool: not in this pipeline"},
		{"counter gone", func(i *p4configv1.P4Info) { i.Counters = nil }, "counter events: not in this pipeline"},
		{"meter gone", func(i *p4configv1.P4Info) { i.Meters = nil }, "meter rate: not in this pipeline"},
		{"register wider", func(i *p4configv1.P4Info) {
			i.Registers[0].TypeSpec.GetBitstring().GetBit().Bitwidth = 64
		}, "register seen: value does not fit"},
		{"id 0", func(i *p4configv1.P4Info) { i.Tables[0].Preamble.Id = 0 }, "has id 0"},
		{"id twice", func(i *p4configv1.P4Info) { i.Tables[0].Preamble.Id = i.Tables[1].Preamble.Id }, "share id"},
		{"dangling action", func(i *p4configv1.P4Info) { i.Actions = i.Actions[1:] }, "refers to action"},
	} {
		t.Run(test.name, func(t *testing.T) {
			i := info(t)
			test.spoil(i)
			_, err := sample.Bind(i)
			if err == nil || !strings.Contains(err.Error(), test.text) {
				t.Errorf("%v\nwant … %s …", err, test.text)
			}
		})
	}
}

// TestProfileOfAnotherName: TNA's P4Info calls a selector by the profile that its members are in.
func TestProfileOfAnotherName(t *testing.T) {
	i := info(t)
	i.ActionProfiles[0].Preamble.Name, i.ActionProfiles[0].Preamble.Alias = "Ingress.pool_members", "pool_members"
	p, err := sample.Bind(i)
	if err != nil || p.Pool.ID() != i.ActionProfiles[0].GetPreamble().GetId() {
		t.Errorf("id %#x, %v", p.Pool.ID(), err)
	}
	if p.Pool.Size() != 128 { // the pipeline's, not the binding's
		t.Errorf("%d members, want 128", p.Pool.Size())
	}
	i.ActionProfiles[0].Size = 64
	if p, err = sample.Bind(i); err != nil || p.Pool.Size() != 64 {
		t.Errorf("%d members, want 64: %v", p.Pool.Size(), err)
	}
	another := proto.Clone(i.ActionProfiles[0]).(*p4configv1.ActionProfile)
	another.Preamble.Id++
	another.Preamble.Name, another.Preamble.Alias = "Ingress.other", "other"
	i.ActionProfiles = append(i.ActionProfiles, another)
	if _, err := sample.Bind(i); err == nil || !strings.Contains(err.Error(), "action profile pool: not in this pipeline") {
		t.Errorf("one of two: %v", err)
	}
}

// TestRegisterOfTwoValues: Tofino's registers may hold a pair.
func TestRegisterOfTwoValues(t *testing.T) {
	i := info(t)
	i.Registers[0].TypeSpec = &p4configv1.P4DataTypeSpec{TypeSpec: &p4configv1.P4DataTypeSpec_Struct{
		Struct: &p4configv1.P4NamedType{Name: "pair_t"},
	}}
	p, err := sample.Bind(i)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.SeenRegister.Read(0); !errors.Is(err, tables.ErrAbsent) {
		t.Errorf("read: %v", err)
	}
}
