package scenario

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/firstack/firstack/topo/simulate"
)

// The scenarios of the documentation are right.
func TestLoad(t *testing.T) {
	files, err := filepath.Glob("../../../docs/nearest/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if _, err := Load(file); err != nil {
			t.Error(err)
		}
	}
}

const good = `
name: good
matrix: t.csv
connections: 1000
origin: {site: a, servers: 3, service: 20ms}
replicas:
  - {site: b, backlog: 7}
  - {site: b, name: other, weight: 3}
clients:
  - {site: b, clients: 10, rate: 2.5, gateways: 2}
changes:
  - {at: 10s, device: b, state: busy}
  - {at: 20s, device: other, slower: 100ms}
  - {at: 30s, device: origin, state: up}
`

func open(name string) ([]byte, error) {
	if name != "t.csv" {
		return nil, os.ErrNotExist
	}
	return []byte("from,a,b\na,0,10\nb,20,0\n"), nil
}

func TestTraffic(t *testing.T) {
	s, err := Parse("good.yaml", []byte(good), open)
	if err != nil {
		t.Fatal(err)
	}
	got := s.Traffic()
	if len(got.Deployment.Devices) != 3 || got.Deployment.Devices[1].Name != "b" || got.Deployment.Devices[2].Weight != 3 ||
		got.Deployment.Devices[0].Servers != 3 || got.Deployment.Devices[1].Backlog != 7 {
		t.Errorf("devices %+v", got.Deployment.Devices)
	}
	want := []simulate.Change{
		{At: 10 * time.Second, Device: 1, Kind: simulate.Busy},
		{At: 20 * time.Second, Device: 2, Kind: simulate.Slower, By: 100 * time.Millisecond},
		{At: 30 * time.Second, Device: 0, Kind: simulate.Up},
	}
	for i := range want {
		if got.Changes[i] != want[i] {
			t.Errorf("change %d: %+v", i, got.Changes[i])
		}
	}
	if p := got.Populations[0]; p.Clients != 10 || p.Rate != 2.5 || p.Gateways != 2 || p.Site != s.world.Site("b") {
		t.Errorf("population %+v", p)
	}
	if d := got.Duration(); d != 400*time.Second || s.Origin.Policy != simulate.OriginRace {
		t.Errorf("%v, %s", d, s.Origin.Policy)
	}
}

// Each mistake is told with its line and path.
func TestMistakes(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"connections: 1000", "connections: 0", "x.yaml:4: connections: 0 is not from 1"},
		{"connections: 1000", "conections: 1000", `x.yaml:4: unknown field "conections"`},
		{"connections: 1000", "connections: [", "x.yaml:"},
		{"connections: 1000", "warm: -1", "x.yaml:4: warm: must not be negative"},
		{"t.csv", "missing.csv", "x.yaml:3: matrix: file does not exist"},
		{"origin: {site: a,", "origin: {site: z,", `x.yaml:5: origin.site: "z" is not one of the table's sites: a, b`},
		{"origin: {", "origin: {policy: both, ", `x.yaml:5: origin.policy: "both" is not one of`},
		{"service: 20ms", "service: 0s", "x.yaml:5: origin.service: with servers"},
		{"service: 20ms", "service: soon", `x.yaml:5: origin.service: "soon" is not a time`},
		{"backlog: 7", "backlog: -7", "x.yaml:7: replicas[0].backlog: -7 is not"},
		{"name: other", "name: b", `x.yaml:8: replicas[1].name: "b" is there twice`},
		{"rate: 2.5", "rate: 0", "x.yaml:10: clients[0].rate: 0 is not"},
		{"rate: 2.5", "rate: .nan", "x.yaml:10: clients[0].rate: NaN is not"},
		{"gateways: 2", "gateways: 100001", "x.yaml:10: clients[0].gateways: 100001 is not"},
		{"clients: 10,", "", "x.yaml:10: clients[0].clients: must be 1 at least"},
		{"at: 10s", "at: -10s", "x.yaml:12: changes[0].at: -10s is not"},
		{"device: b", "device: c", `x.yaml:12: changes[0].device: "c" is neither`},
		{"state: busy", "state: tired", `x.yaml:12: changes[0].state: "tired" is not one of`},
		{"state: busy", "slower: 2h", "x.yaml:12: changes[0].slower: 2h0m0s is more than an hour"},
		{", slower: 100ms", "", "x.yaml:13: changes[1]: want either state or slower"},
		{"state: up", "state: up, slower: 1s", "x.yaml:14: changes[2]: want either state or slower"},
	} {
		text := strings.Replace(good, c.old, c.new, 1)
		if text == good {
			t.Fatalf("%q is not in the text", c.old)
		}
		_, err := Parse("x.yaml", []byte(text), open)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, not %q", c.new, err, c.want)
		}
	}
	for _, text := range []string{"", "---\na: 1\n---\nb: 2\n", strings.Repeat("#", maxFile+1)} {
		if _, err := Parse("x.yaml", []byte(text), open); err == nil || !strings.Contains(err.Error(), "x.yaml: ") {
			t.Errorf("%.20q: %v", text, err)
		}
	}
	if _, err := Load("missing.yaml"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// All that is wrong is told at once.
func TestAllMistakes(t *testing.T) {
	_, err := Parse("x.yaml", []byte("connections: 1\n"), open)
	for _, want := range []string{"origin.site", "replicas", "clients"} {
		if err == nil || !strings.Contains(err.Error(), want+": ") {
			t.Errorf("%v: nothing about %s", err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("changes: [{at: 9223372036s, device: origin, state: up}]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse("x.yaml", data, open)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "x.yaml:") {
				t.Errorf("%q does not say where", err)
			}
			return
		}
		traffic := s.Traffic()
		for _, d := range traffic.Deployment.Devices {
			if d.Site < 0 {
				t.Error("a device is nowhere")
			}
		}
		for _, c := range traffic.Changes {
			if c.Device < 0 {
				t.Error("a change of nobody")
			}
		}
	})
}
