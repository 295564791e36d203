package schema

import (
	"os"
	"slices"
	"strings"
	"testing"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
)

func kitchen(t testing.TB) *p4configv1.P4Info {
	t.Helper()
	text, err := os.ReadFile("../testdata/kitchen.p4info.txtpb")
	if err != nil {
		t.Fatal(err)
	}
	info := &p4configv1.P4Info{}
	if err := prototext.Unmarshal(text, info); err != nil {
		t.Fatal(err)
	}
	return info
}

func TestKitchen(t *testing.T) {
	s, err := New(kitchen(t))
	if err != nil {
		t.Fatal(err)
	}
	flows := s.TableNamed("MyIngress.flows")
	if len(flows.Fields) != 4 || flows.Priority || !flows.IdleTimeout || !flows.ConstDefault || flows.DirectCounter == nil || flows.DirectMeter != nil {
		t.Errorf("flows: %+v", flows)
	}
	if f := flows.Fields[flows.Field(3, 0)]; f.Name != "sport" || f.Width != 16 {
		t.Errorf("field 3 of flows: %+v", f)
	}
	if flows.Field(9, 8) != -1 {
		t.Error("flows has a field 9")
	}
	if acl := s.TableNamed("MyIngress.acl"); !acl.Priority || acl.Profile != nil {
		t.Errorf("acl: %+v", acl)
	}
	spread := s.TableNamed("MyIngress.spread")
	if p := spread.Profile; p == nil || !p.Selector || len(p.Tables) != 1 || p.Action(s.ActionNamed("MyIngress.forward").ID) == nil {
		t.Errorf("spread: %+v", spread)
	}
	if s.TableNamed("MyIngress.guarded").Role != "guard" {
		t.Error("role of guarded is not read")
	}
	if s.PacketIn.Bytes != 2 || len(s.PacketIn.Fields) != 3 || s.PacketOut.Bytes != 2 {
		t.Errorf("controller headers: %+v %+v", s.PacketIn, s.PacketOut)
	}
	if d := s.DigestNamed("learn_t"); d == nil || !slices.Equal(d.Type.Widths(), []int{48, 9}) {
		t.Errorf("digest: %+v", d)
	}
	if !s.TableNamed("MyIngress.fixed").Const || s.TableNamed("MyIngress.preset").Const || !s.TableNamed("MyIngress.preset").InitialEntries {
		t.Error("constant and preinitialised tables are confused")
	}
}

// TestRefusals changes one thing of a good P4Info and looks for the name of the culprit.
func TestRefusals(t *testing.T) {
	tests := []struct {
		name   string
		change func(*p4configv1.P4Info)
		want   string
	}{
		{"id zero", func(p *p4configv1.P4Info) { p.Tables[0].Preamble.Id = 0 }, `table "MyIngress.flows" has no id`},
		{"id twice", func(p *p4configv1.P4Info) { p.Tables[1].Preamble.Id = p.Tables[0].Preamble.Id }, "used twice"},
		{"name twice", func(p *p4configv1.P4Info) { p.Actions[1].Preamble.Name = "NoAction" }, "used twice"},
		{"unknown action", func(p *p4configv1.P4Info) { p.Tables[0].ActionRefs[0].Id = 1 }, "action 1 does not exist"},
		{"no width", func(p *p4configv1.P4Info) { p.Tables[0].MatchFields[0].Bitwidth = 0 }, `match field "src"`},
		{"other match kind", func(p *p4configv1.P4Info) {
			p.Tables[0].MatchFields[0].Match = &p4configv1.MatchField_OtherMatchType{OtherMatchType: "fuzzy"}
		}, "fuzzy"},
		{"implementation", func(p *p4configv1.P4Info) { p.Tables[0].ImplementationId = 5 }, "implementation 5"},
		{"direct resource", func(p *p4configv1.P4Info) { p.Tables[1].DirectResourceIds[0] = 5 }, "direct resource 5"},
		{"direct counter's table", func(p *p4configv1.P4Info) { p.DirectCounters[0].DirectTableId = 5 }, "table 5"},
		{"padding", func(p *p4configv1.P4Info) { p.ControllerPacketMetadata[0].Metadata[2].Bitwidth = 5 }, "padding"},
		{"controller header", func(p *p4configv1.P4Info) { p.ControllerPacketMetadata[0].Preamble.Name = "x" }, "neither"},
		{"extern", func(p *p4configv1.P4Info) { p.Externs = []*p4configv1.Extern{{ExternTypeName: "Sieve"}} }, "Sieve"},
		{"struct missing", func(p *p4configv1.P4Info) { p.TypeInfo = nil }, `struct "learn_t"`},
		{"type in itself", func(p *p4configv1.P4Info) {
			st := p.TypeInfo.Structs["learn_t"]
			st.Members[0].TypeSpec = proto.Clone(p.Digests[0].TypeSpec).(*p4configv1.P4DataTypeSpec)
		}, "more than 1024 parts"},
		{"register of structs", func(p *p4configv1.P4Info) {
			p.Registers[0].TypeSpec = proto.Clone(p.Digests[0].TypeSpec).(*p4configv1.P4DataTypeSpec)
		}, "only integers"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			info := kitchen(t)
			tt.change(info)
			if _, err := New(info); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
	if _, err := New(nil); err == nil {
		t.Error("a missing P4Info was accepted")
	}
}

func FuzzP4Info(f *testing.F) {
	good, err := proto.Marshal(kitchen(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		info := &p4configv1.P4Info{}
		if proto.Unmarshal(data, info) != nil {
			return
		}
		s, err := New(info)
		if err != nil {
			return
		}
		for _, table := range s.TableList() {
			if s.Tables[table.ID] != table || s.TableNamed(table.Name) != table {
				t.Errorf("table %q is not found by its id and name", table.Name)
			}
		}
	})
}
