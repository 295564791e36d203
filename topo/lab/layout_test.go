package lab

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firstack/firstack/topo/link"
	"github.com/firstack/firstack/topo/plan"
	"github.com/firstack/firstack/topo/spec"
)

const small = `name: small
seed: 7
time_scale: 0.5
sites: [{name: A}, {name: B}]
round_trips: {ms: {A: {B: 10}, B: {A: 30}}}
links: {lan: {mtu: 1400}, paths: [{from: A, to: B, mtu: 1200, loss: 0.25, jitter_ms: 2}]}
gateways:
  - {name: cg, role: client-gateway, site: A}
  - {name: sg, role: server-gateway, site: B}
  - {name: rg, role: replica-gateway, site: B}
hosts:
  - {name: c, role: client, site: A}
  - {name: o, role: origin, gateway: sg}
  - {name: r, role: replica, site: B, addresses: [198.51.100.7]}
  - {name: m, role: management, gateway: sg}
  - {name: second, role: management, gateway: cg}
services:
  - {name: web, origins: [{host: o}], replicas: [{host: r, port: 8080, configuration: C}]}
`

// prepare lays a topology out, after a change of its text.
func prepare(t testing.TB, old, replacement string) (*plan.Plan, *Layout, error) {
	t.Helper()
	text := strings.Replace(small, old, replacement, 1)
	if old != "" && text == small {
		t.Fatalf("%q is not in the topology", old)
	}
	top, err := spec.Parse("small.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return Prepare(top)
}

func TestLayout(t *testing.T) {
	_, l, err := prepare(t, "", "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	add := func(format string, args ...any) { got = append(got, fmt.Sprintf(format, args...)) }
	add("%s %v %d controller at %s %s", l.Topology, l.TimeScale, l.Seed, l.Control.Host, l.Control.Address)
	for _, i := range l.Core.Interfaces {
		add("core %s %s %s %s to %s reaches %v", i.Gateway, i.Interface, i.Address, i.MAC, i.PeerMAC, i.Reached)
	}
	for _, p := range l.Core.Paths {
		add("path %s %s %v, both ways %v ± %v, mtu %d, loss %v", p.From, p.To, p.Shape.Delay, p.RoundTrip, p.Spread, p.MTU, p.Shape.Loss)
	}
	for _, g := range l.Gateways {
		add("%s %s at %s is %d, %s; %d %s %s %s; %d %s %s %s", g.Name, g.Role, g.Site, g.DeviceID, g.P4Runtime,
			g.WAN.Port, g.WAN.Interface, g.WAN.MAC, g.WAN.Address, g.LAN.Port, g.LAN.Interface, g.LAN.MAC, g.LAN.Address)
	}
	for _, h := range l.Hosts {
		add("%s %s behind %s %s %s %v via %s mtu %d listens %v", h.Name, h.Role, h.Gateway, h.Interface, h.MAC, h.Addresses, h.Via, h.MTU, h.Listen)
	}
	for _, s := range l.Services {
		add("%s %s %s of %v replicas %v", s.Name, s.Server, s.Policy, s.Origins, s.Replicas)
	}
	want := `small 0.5 7 controller at m 169.254.95.1/24
core cg wan1 172.31.0.1 02:46:41:00:00:01 to 02:46:41:01:00:01 reaches [10.1.0.0/24 172.31.0.2/32]
core sg wan2 172.31.0.5 02:46:41:00:00:02 to 02:46:41:01:00:02 reaches [10.2.0.0/24 172.31.0.6/32 192.0.2.1/32]
core rg wan3 172.31.0.9 02:46:41:00:00:03 to 02:46:41:01:00:03 reaches [10.2.1.0/24 172.31.0.10/32 198.51.100.7/32]
path cg cg 0s, both ways 0s ± 0s, mtu 1500, loss 0
path cg sg 5ms, both ways 10ms ± 1ms, mtu 1200, loss 0.25
path cg rg 5ms, both ways 10ms ± 1ms, mtu 1200, loss 0.25
path sg cg 15ms, both ways 10ms ± 1ms, mtu 1500, loss 0
path sg sg 0s, both ways 0s ± 0s, mtu 1500, loss 0
path sg rg 0s, both ways 0s ± 0s, mtu 1500, loss 0
path rg cg 15ms, both ways 10ms ± 1ms, mtu 1500, loss 0
path rg sg 0s, both ways 0s ± 0s, mtu 1500, loss 0
path rg rg 0s, both ways 0s ± 0s, mtu 1500, loss 0
cg client-gateway at A is 1, 169.254.95.2:9559; 1 wan 02:46:41:01:00:01 172.31.0.2/30; 2 lan 02:46:41:02:00:01 10.1.0.1/24
sg server-gateway at B is 2, 169.254.95.3:9559; 1 wan 02:46:41:01:00:02 172.31.0.6/30; 2 lan 02:46:41:02:00:02 10.2.0.1/24
rg replica-gateway at B is 3, 169.254.95.4:9559; 1 wan 02:46:41:01:00:03 172.31.0.10/30; 2 lan 02:46:41:02:00:03 10.2.1.1/24
c client behind cg eth0 02:46:41:03:00:01 [10.1.0.10/24] via 10.1.0.1 mtu 1400 listens []
o origin behind sg eth0 02:46:41:03:00:02 [10.2.0.10/24 192.0.2.1/32] via 10.2.0.1 mtu 1400 listens [10.2.0.10:80 192.0.2.1:80]
r replica behind rg eth0 02:46:41:03:00:03 [198.51.100.7/32] via 10.2.1.1 mtu 1400 listens [198.51.100.7:8080]
m management behind sg eth0 02:46:41:03:00:04 [10.2.0.11/24] via 10.2.0.1 mtu 1400 listens []
second management behind cg eth0 02:46:41:03:00:05 [10.1.0.11/24] via 10.1.0.1 mtu 1400 listens []
web 192.0.2.1:80 standby of [o] replicas [{r C}]`
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	if len(l.Core.Wires) != 0 {
		t.Errorf("LANs that take no time have wires %v", l.Core.Wires)
	}
	if l.lanMTU() != 1500 || l.Host("r") == nil || l.Host("x") != nil || l.Gateway("rg") == nil || l.Gateway("x") != nil || len(l.HostsOf(spec.Management)) != 2 {
		t.Error("look-ups by name or role go wrong")
	}
}

// What other programs read back is the same layout.
func TestLayoutIsJSON(t *testing.T) {
	_, l, err := prepare(t, "lan: {mtu: 1400}", "lan: {delay_ms: 2, jitter_ms: 1}")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	var back Layout
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(*l, back) {
		t.Errorf("got %+v\nwant %+v", back, *l)
	}
}

func TestLANThatTakesTimeHasWires(t *testing.T) {
	_, l, err := prepare(t, "lan: {mtu: 1400}", "lan: {delay_ms: 2}")
	if err != nil {
		t.Fatal(err)
	}
	shape := link.Shape{Delay: 2 * time.Millisecond}
	want := []Wire{
		{"c", "host1", "lan1", shape}, {"o", "host2", "lan2", shape}, {"r", "host3", "lan3", shape},
		{"m", "host4", "lan4", shape}, {"second", "host5", "lan5", shape},
	}
	if !slices.Equal(l.Core.Wires, want) {
		t.Errorf("got %v, want %v", l.Core.Wires, want)
	}
}

func TestLayoutIsRefused(t *testing.T) {
	for _, test := range []struct{ name, old, replacement, want string }{
		{"no management host", "hosts:\n  - {name: c, role: client, site: A}\n  - {name: o, role: origin, gateway: sg}\n  - {name: r, role: replica, site: B, addresses: [198.51.100.7]}\n  - {name: m, role: management, gateway: sg}\n  - {name: second, role: management, gateway: cg}",
			"hosts:\n  - {name: o, role: origin, gateway: sg}\n  - {name: r, role: replica, site: B}", "no host of role management"},
		{"host called core", "name: c,", "name: core,", `host "core"`},
		{"name with a slash", "name: second", "name: a/b", `host "a/b"`},
		{"name with a blank", "name: second", "name: a b", `host "a b"`},
		{"name that is a flag", "name: second", "name: -rf", `host "-rf"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := prepare(t, test.old, test.replacement)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestSiteThatNginxCannotTellIsRefused(t *testing.T) {
	top, err := spec.Default()
	if err != nil {
		t.Fatal(err)
	}
	for i := range top.Gateways {
		top.Gateways[i].Site = `a"; return 500; #`
	}
	p, err := plan.New(top)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Lay(p); err == nil || !strings.Contains(err.Error(), "cannot tell a name with quotes") {
		t.Errorf("got %v", err)
	}
}

func TestTooManyGatewaysAreRefused(t *testing.T) {
	p, _, err := prepare(t, "", "")
	if err != nil {
		t.Fatal(err)
	}
	for range maxGateways {
		p.Gateways = append(p.Gateways, p.Gateways[0])
	}
	if _, err := Lay(p); err == nil || !strings.Contains(err.Error(), "253 gateways, a lab takes 250") {
		t.Errorf("got %v", err)
	}
	if got, want := controlAddress(firstControlHost+maxGateways-1), netip.MustParsePrefix("169.254.95.251/24"); got != want {
		t.Errorf("the last gateway's address is %v, want %v", got, want)
	}
}
