package stratum_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/tests/e2e/lab"
	"github.com/firstack/firstack/tests/stratum"
	"github.com/firstack/firstack/topo/live"
	"github.com/firstack/firstack/topo/plan"
	"github.com/firstack/firstack/topo/spec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ports are where the links of a gateway are.
var ports = []stratum.Port{
	{Name: "1/0", Device: 132, Network: plan.WAN},
	{Name: "2/0", Device: 140, Network: plan.LAN},
}

// network is the default network with Tofinos under Stratum for gateways.
type network struct {
	*lab.Network
	boxes map[string]*stratum.Switch
}

func start(t *testing.T, edit func(*config.Config), changes ...func(*spec.Topology)) *network {
	t.Helper()
	n := &network{boxes: map[string]*stratum.Switch{}}
	files := t.TempDir()
	n.Network = lab.Start(t, lab.Default(t, changes...), live.Options{
		Scale: 0.2,
		Switch: func(g *plan.Gateway) (live.Switch, error) {
			s, err := stratum.New(stratum.Options{NodeID: uint64(g.ID), Ports: ports})
			n.boxes[g.Name] = s
			return s, err
		},
		Edit: func(c *config.Config) {
			c.Health.Off = true
			for i := range c.Switches {
				onTofino(&c.Switches[i])
				c.Switches[i].Pipeline = pipeline(t, files, c.Switches[i].Role)
			}
			if edit != nil {
				edit(c)
			}
		},
	})
	return n
}

// onTofino gives a switch's ports the chip's numbers.
func onTofino(s *config.Switch) {
	at := func(port uint16) uint16 {
		i := slices.IndexFunc(ports, func(p stratum.Port) bool { return p.Network == uint32(port) })
		return uint16(ports[i].Device)
	}
	for i := range s.Ports {
		s.Ports[i].Port = at(s.Ports[i].Port)
	}
	for i := range s.Routes {
		s.Routes[i].Port = at(s.Routes[i].Port)
	}
	for i := range s.Neighbors {
		s.Neighbors[i].Port = at(s.Neighbors[i].Port)
	}
}

var programs = map[config.Role]p4src.Program{
	config.ClientGateway: p4src.ClientGateway, config.ServerGateway: p4src.ServerGateway, config.ReplicaGateway: p4src.ReplicaGateway,
}

// pipeline writes what a compiler would, apart from what it does not need here: the contents.
func pipeline(t *testing.T, dir string, role config.Role) *config.Pipeline {
	t.Helper()
	program := string(programs[role])
	put := func(name string, data []byte) string {
		path := filepath.Join(dir, program, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	put("bfrt.json", []byte("{}"))
	put("pipe/context.json", []byte("{}"))
	put("pipe/tofino.bin", []byte("binary"))
	conf, err := json.Marshal(map[string]any{"p4_devices": []any{map[string]any{"p4_programs": []any{map[string]any{
		"program-name": program, "bfrt-config": "out/bfrt.json", "p4_pipelines": []any{map[string]any{
			"p4_pipeline_name": "pipe", "context": "out/pipe/context.json", "config": "out/pipe/tofino.bin", "pipe_scope": []int{0, 1, 2, 3},
		}},
	}}}}})
	if err != nil {
		t.Fatal(err)
	}
	info, err := prototext.Marshal(tnaInfo(t, programs[role]))
	if err != nil {
		t.Fatal(err)
	}
	return &config.Pipeline{P4Info: put("p4info.txtpb", info), DeviceConfig: put(program+".conf", conf)}
}

// tnaInfo is the P4Info of a program as p4c would make it for TNA with --p4runtime-force-std-externs: names of tables and
// actions behind pipe., selectors by the name of their profile, digests by the deparser's, and other ids than v1model's.
func tnaInfo(t *testing.T, program p4src.Program) *p4configv1.P4Info {
	t.Helper()
	info := &p4configv1.P4Info{}
	if err := prototext.Unmarshal(program.P4Info(), info); err != nil {
		t.Fatal(err)
	}
	info = proto.Clone(info).(*p4configv1.P4Info)
	info.PkgInfo = &p4configv1.PkgInfo{Arch: "tna"}
	other := func(id uint32) uint32 { // the upper byte says what kind of object it is
		if id == 0 {
			return 0
		}
		return id&0xff000000 | ^id&0x00ffffff
	}
	rename := func(p *p4configv1.Preamble) { p.Id, p.Name = other(p.GetId()), "pipe."+p.GetName() }
	for _, x := range info.GetTables() {
		rename(x.Preamble)
		x.ImplementationId = other(x.ImplementationId)
		for _, r := range x.GetActionRefs() {
			r.Id = other(r.GetId())
		}
		for i := range x.DirectResourceIds {
			x.DirectResourceIds[i] = other(x.DirectResourceIds[i])
		}
		x.ConstDefaultActionId = other(x.ConstDefaultActionId)
		if x.InitialDefaultAction != nil {
			x.InitialDefaultAction.ActionId = other(x.InitialDefaultAction.ActionId)
		}
	}
	for _, x := range info.GetActions() {
		rename(x.Preamble)
	}
	for _, x := range info.GetActionProfiles() {
		x.Preamble.Id = other(x.Preamble.Id)
		x.Preamble.Name = strings.Replace(x.Preamble.Name, "_selector", "_profile", 1)
		x.Preamble.Alias = strings.Replace(x.Preamble.Alias, "_selector", "_profile", 1)
		for i := range x.TableIds {
			x.TableIds[i] = other(x.TableIds[i])
		}
	}
	for _, x := range info.GetDirectCounters() {
		x.Preamble.Id = other(x.Preamble.Id)
		x.DirectTableId = other(x.DirectTableId)
	}
	for _, x := range info.GetMeters() {
		x.Preamble.Id = other(x.Preamble.Id)
	}
	for _, x := range info.GetRegisters() { // of pairs, some of them
		x.Preamble.Id = other(x.Preamble.Id)
		x.TypeSpec = &p4configv1.P4DataTypeSpec{TypeSpec: &p4configv1.P4DataTypeSpec_Struct{Struct: &p4configv1.P4NamedType{Name: "owner_t"}}}
	}
	for _, x := range info.GetDigests() {
		x.Preamble.Id, x.Preamble.Name, x.Preamble.Alias = other(x.Preamble.Id), "IngressDeparser.flow_event", "flow_event"
	}
	return info
}

// clean fails the test when a controller did something that a Tofino under Stratum only ignores or refuses.
func (n *network) clean(t *testing.T) {
	t.Helper()
	for name, box := range maps.All(n.boxes) {
		e := box.Events()
		e.Acks = 0 // ignored, and harmless
		if e != (stratum.Events{}) {
			t.Errorf("%s: %s", name, fmt.Sprintf("%+v", e))
		}
	}
}
