package p4src_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/p4src"
)

// facts are what a control plane depends on in a P4Info, a line each. Ids are not among them: the controller resolves
// names; nor are registers, which belong to an architecture.
func facts(info *p4configv1.P4Info) map[string]bool {
	out := map[string]bool{}
	say := func(format string, a ...any) { out[fmt.Sprintf(format, a...)] = true }
	actions := map[uint32]string{}
	for _, a := range info.GetActions() {
		name := unpiped(a.GetPreamble())
		actions[a.GetPreamble().GetId()] = name
		for _, p := range a.GetParams() {
			say("action %s: parameter %s, %d bits", name, p.GetName(), p.GetBitwidth())
		}
	}
	tables := map[uint32]string{}
	for _, t := range info.GetTables() {
		name := unpiped(t.GetPreamble())
		tables[t.GetPreamble().GetId()] = name
		say("table %s", name)
		for _, k := range t.GetMatchFields() {
			say("table %s: key %s, %v, %d bits", name, k.GetName(), k.GetMatchType(), k.GetBitwidth())
		}
		for _, r := range t.GetActionRefs() {
			say("table %s: action %s, %v", name, actions[r.GetId()], r.GetScope())
		}
		say("table %s: idle time-outs: %v", name, t.GetIdleTimeoutBehavior() == p4configv1.Table_NOTIFY_CONTROL)
		say("table %s: constant: %v", name, t.GetIsConstTable())
		say("table %s: %d entries", name, t.GetSize())
	}
	for _, p := range info.GetActionProfiles() {
		for _, id := range p.GetTableIds() {
			say("table %s: selector: %v", tables[id], p.GetWithSelector())
			say("table %s: %d members, %d in a group", tables[id], p.GetSize(), p.GetMaxGroupSize())
		}
	}
	for _, c := range info.GetDirectCounters() {
		say("table %s: direct counter, %v", tables[c.GetDirectTableId()], c.GetSpec().GetUnit())
	}
	for _, m := range info.GetMeters() {
		say("meter %s, %v, %d cells", unpiped(m.GetPreamble()), m.GetSpec().GetUnit(), m.GetSize())
	}
	for _, d := range info.GetDigests() {
		name := d.GetTypeSpec().GetStruct().GetName()
		for i, m := range info.GetTypeInfo().GetStructs()[name].GetMembers() {
			say("digest %s: member %d is %s, %d bits", name, i, m.GetName(), m.GetTypeSpec().GetBitstring().GetBit().GetBitwidth())
		}
	}
	for _, h := range info.GetControllerPacketMetadata() {
		for i, m := range h.GetMetadata() {
			say("%s: field %d is %s, %d bits", h.GetPreamble().GetName(), i, m.GetName(), m.GetBitwidth())
		}
	}
	return out
}

// unpiped is a name without the pipe that TNA puts in front.
func unpiped(p *p4configv1.Preamble) string { return strings.TrimPrefix(p.GetName(), "pipe.") }

// allowed are differences for which there is a reason; anything else is a failure.
var allowed = []struct{ v1model, tna, why string }{
	{"table ClientGateway.translation.outbound: 1048576 entries", "table ClientGateway.translation.outbound: 65536 entries", "what a Tofino 1 pipe holds (arch/tna/tofino_sizes.p4)"},
	{"table ClientGateway.translation.outbound: idle time-outs: true", "table ClientGateway.translation.outbound: idle time-outs: false", "the controller ages by its own clock and the entries' counters"},
	{"table ClientGateway.translation.inbound: idle time-outs: true", "table ClientGateway.translation.inbound: idle time-outs: false", "likewise"},
	{"table ClientGatewayEgress.racers.racers: 16384 entries", "table ClientGatewayEgress.racers.racers: 8192 entries", "what a Tofino 1 pipe holds"},
	{"table ClientGateway.steering.steering: 16384 members, 256 in a group", "table ClientGateway.steering.steering: 8192 members, 256 in a group", "likewise"},
	{"table ServerGateway.services.origins: 4096 members, 0 in a group", "table ServerGateway.services.origins: 4096 members, 64 in a group", "hardware has a limit; the controller keeps to it (controller/p4rt/selector.go)"},
	{"table ClientGateway.translation.inbound: 1048576 entries", "table ClientGateway.translation.inbound: 65536 entries", "likewise"},
}

// differences lists what one P4Info says and the other does not.
func differences(v1model, tna *p4configv1.P4Info) (list []string) {
	a, b := facts(v1model), facts(tna)
	for _, x := range allowed {
		if a[x.v1model] && b[x.tna] {
			delete(a, x.v1model)
			delete(b, x.tna)
		}
	}
	for _, line := range slices.Sorted(maps.Keys(a)) {
		if !b[line] {
			list = append(list, "v1model: "+line)
		}
	}
	for _, line := range slices.Sorted(maps.Keys(b)) {
		if !a[line] {
			list = append(list, "TNA: "+line)
		}
	}
	return list
}

func parse(t *testing.T, text []byte) *p4configv1.P4Info {
	t.Helper()
	info := &p4configv1.P4Info{}
	if err := prototext.Unmarshal(text, info); err != nil {
		t.Fatal(err)
	}
	return info
}

// TestOneControlPlane: what p4c's Tofino back end makes of a program has the tables, keys, actions, parameters, digests and
// packet headers of the one for v1model.
func TestOneControlPlane(t *testing.T) {
	for _, program := range p4src.Programs {
		t.Run(string(program), func(t *testing.T) {
			path := filepath.Join("build", "tna", string(program)+".p4info.txtpb")
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("%v: committed, and made by make p4-tofino", err)
			}
			tna := parse(t, text)
			if arch := tna.GetPkgInfo().GetArch(); arch != "tna" {
				t.Errorf("%s is for %q", path, arch)
			}
			for _, d := range differences(parse(t, program.P4Info()), tna) {
				t.Error(d)
			}
		})
	}
}

// TestComparisonSeesEverything spoils a P4Info in every way that a control plane would notice.
func TestComparisonSeesEverything(t *testing.T) {
	original := parse(t, p4src.ClientGateway.P4Info())
	asTNA := proto.Clone(original).(*p4configv1.P4Info)
	for _, x := range asTNA.GetTables() {
		x.Preamble.Name = "pipe." + x.GetPreamble().GetName()
		if strings.HasSuffix(x.GetPreamble().GetName(), "bound") {
			x.Size = 65536
		}
	}
	for _, x := range asTNA.GetActions() {
		x.Preamble.Name = "pipe." + x.GetPreamble().GetName()
	}
	asTNA.ActionProfiles[0].Preamble.Name = "ClientGateway.steering.steering_profile"
	asTNA.Digests[0].Preamble.Name = "IngressDeparser.flow_event"
	if d := differences(original, asTNA); d != nil {
		t.Fatalf("the same but for the architecture: %q", d)
	}
	withKey := slices.IndexFunc(original.GetTables(), func(x *p4configv1.Table) bool { return len(x.GetMatchFields()) > 1 })
	withParam := slices.IndexFunc(original.GetActions(), func(x *p4configv1.Action) bool { return len(x.GetParams()) > 0 })
	for what, spoil := range map[string]func(*p4configv1.P4Info){
		"table gone":    func(i *p4configv1.P4Info) { i.Tables = i.Tables[1:] },
		"table renamed": func(i *p4configv1.P4Info) { i.Tables[0].Preamble.Name += "x" },
		"table smaller": func(i *p4configv1.P4Info) { i.Tables[0].Size-- },
		"key gone":      func(i *p4configv1.P4Info) { i.Tables[withKey].MatchFields = i.Tables[withKey].MatchFields[1:] },
		"key renamed":   func(i *p4configv1.P4Info) { i.Tables[withKey].MatchFields[0].Name = "x" },
		"key wider":     func(i *p4configv1.P4Info) { i.Tables[withKey].MatchFields[0].Bitwidth++ },
		"key of a kind": func(i *p4configv1.P4Info) {
			i.Tables[withKey].MatchFields[0].Match = &p4configv1.MatchField_MatchType_{MatchType: p4configv1.MatchField_RANGE}
		},
		"action gone":      func(i *p4configv1.P4Info) { i.Tables[withKey].ActionRefs = i.Tables[withKey].ActionRefs[1:] },
		"action renamed":   func(i *p4configv1.P4Info) { i.Actions[withParam].Preamble.Name += "x" },
		"parameter gone":   func(i *p4configv1.P4Info) { i.Actions[withParam].Params = i.Actions[withParam].Params[1:] },
		"parameter wider":  func(i *p4configv1.P4Info) { i.Actions[withParam].Params[0].Bitwidth++ },
		"selector gone":    func(i *p4configv1.P4Info) { i.ActionProfiles[0].WithSelector = false },
		"groups smaller":   func(i *p4configv1.P4Info) { i.ActionProfiles[0].MaxGroupSize-- },
		"counter gone":     func(i *p4configv1.P4Info) { i.DirectCounters = i.DirectCounters[1:] },
		"digest member":    func(i *p4configv1.P4Info) { i.TypeInfo.Structs["flow_event_t"].Members[3].Name = "x" },
		"digest reordered": func(i *p4configv1.P4Info) { m := i.TypeInfo.Structs["flow_event_t"].Members; m[0], m[1] = m[1], m[0] },
		"packet header":    func(i *p4configv1.P4Info) { i.ControllerPacketMetadata[0].Metadata[0].Bitwidth = 16 },
	} {
		spoiled := proto.Clone(asTNA).(*p4configv1.P4Info)
		spoil(spoiled)
		if differences(original, spoiled) == nil {
			t.Errorf("%s: not seen", what)
		}
	}
}
