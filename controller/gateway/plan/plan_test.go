package plan

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/target"
	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/tables"
	"github.com/firstack/firstack/tables/clientgateway"
	"github.com/firstack/firstack/tables/replicagateway"
	"github.com/firstack/firstack/tables/servergateway"
)

const example = `
switches:
  - name: edge
    role: client-gateway
    address: edge:9559
    insecure: true
    gateway-id: 7
    ports:
      - {port: 1, mac: "02:00:00:00:01:01", addresses: [172.16.1.1/30]}
      - {port: 2, side: lan, mac: "02:00:00:00:01:02", addresses: [10.0.0.1/24, 10.0.1.1/24]}
    routes:
      - {prefix: 0.0.0.0/0, port: 1, via: 172.16.1.2}
      - {prefix: 10.9.0.0/16, port: 2, via: 10.0.0.9}
    neighbors:
      - {address: 172.16.1.2, port: 1, mac: "02:00:00:00:09:01"}
  - name: front
    role: server-gateway
    address: front:9559
    insecure: true
    ports:
      - {port: 1, mac: "02:00:00:00:02:01", addresses: [172.16.2.1/30]}
      - {port: 2, mac: "02:00:00:00:02:02", addresses: [192.0.2.1/24]}
      - {port: 3, mac: "02:00:00:00:02:03", addresses: [172.16.3.1/30]}
    routes:
      - {prefix: 0.0.0.0/0, port: 1, via: 172.16.2.2}
      - {prefix: 198.51.100.0/24, port: 3, via: 172.16.3.2}
  - name: london
    role: replica-gateway
    address: london:9559
    insecure: true
    ports:
      - {port: 1, mac: "02:00:00:00:03:01", addresses: [172.16.4.1/30]}
      - {port: 2, mac: "02:00:00:00:03:02", addresses: [198.51.100.1/24]}
    routes:
      - {prefix: 0.0.0.0/0, port: 1, via: 172.16.4.2}
    direct: [203.0.113.0/24]
redirections:
  - {clients: 10.0.0.0/24, action: pass, ports: [8443]}
  - {servers: 192.0.2.0/24, action: forbid, ports: [81]}
  - {ports: [80, 443]}
services:
  - name: web
    server: 192.0.2.80
    port: 80
    gateway: front
    origin-policy: standby
    replicas:
      - {name: a, address: 198.51.100.10, configuration: A, gateway: london, port: 8080}
      - {name: b, address: 198.51.100.11, configuration: B, gateway: london, max-connection-rate: 50, burst: 10}
      - {name: c, address: 203.0.114.12, configuration: C}
  - name: pool
    server: 192.0.2.81
    port: 443
    gateway: front
    origin-policy: race
    origins:
      - {name: near, address: 192.0.2.90, weight: 3}
      - {name: far, address: 198.51.100.20, port: 4430, gateway: london}
      - {name: side, address: 192.0.2.91, gateway: london}
    replicas:
      - {name: a, address: 198.51.100.10, configuration: A, gateway: london, port: 8443}
  - name: live
    server: 192.0.2.82
    port: 80
    gateway: front
    replicatable: false
  - name: solo
    server: 192.0.2.83
    port: 80
    gateway: front
    origin-policy: never
    replicas:
      - {name: c, address: 203.0.114.13, configuration: C, admin-state: drain}
`

func exampleConfig(t *testing.T) *config.Config {
	t.Helper()
	c, err := config.Parse("example.yaml", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func healthy(string, string) Health { return Active }

func sick(which map[string]Health) Probed {
	return func(service, server string) Health { return which[service+"/"+server] }
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func routerStages(t *testing.T, r *Router, routing *Routing, learned Neighbors, wanted []Hop, hops *Numbers[Hop]) []Stage {
	t.Helper()
	neighbors, routes, err := r.Stages(routing, learned, wanted, hops)
	if err != nil {
		t.Fatal(err)
	}
	return []Stage{neighbors, routes}
}

func TestClientGateway(t *testing.T) {
	c := exampleConfig(t)
	program := must(clientgateway.Bind(infoOf(t, p4src.ClientGateway)))(t)
	p, s := NewClient(program, target.Named(target.Auto)), &c.Switches[0]
	routing := NewRouting(s, nil)
	learned := Neighbors{
		{2, netip.MustParseAddr("10.0.0.10")}: {2, 0, 0, 0, 0, 10},
		{2, netip.MustParseAddr("10.0.1.10")}: {2, 0, 0, 0, 0, 11},
	}
	stages := routerStages(t, p.Router, routing, learned, routing.Vias(), NewNumbers[Hop]("next hop", 0xffff))
	race := must(p.Race(s, c.Redirections, c.Timers))(t)
	golden(t, "client", text(program.Schema, append(stages, race)...))
}

// serverStages plans the server gateway of the example.
func serverStages(t *testing.T, c *config.Config, probed Probed, hops *Numbers[Hop], numbers *ServerNumbers) ([]Stage, []string, *Server) {
	t.Helper()
	p := NewServer(must(servergateway.Bind(infoOf(t, p4src.ServerGateway)))(t))
	routing := NewRouting(&c.Switches[1], nil)
	var services []*config.Service
	for i := range c.Services {
		services = append(services, &c.Services[i])
	}
	first := routerStages(t, p.Router, routing, nil, append(routing.Vias(), p.Hops(routing, services)...), hops)
	stages, warnings, err := p.Services(services, routing, probed, hops, numbers)
	if err != nil {
		t.Fatal(err)
	}
	return append(first, stages...), warnings, p
}

func TestServerGateway(t *testing.T) {
	for _, one := range []struct {
		name   string
		probed Probed
		change func(*config.Config)
	}{
		{name: "server", probed: healthy},
		{name: "server-one-dead", probed: sick(map[string]Health{"web/a": Dead, "web/b": Busy, "pool/far": Dead})},
		{name: "server-all-busy", probed: sick(map[string]Health{"web/a": Busy, "web/b": Busy, "web/c": Dead})},
		{name: "server-none-live", probed: sick(map[string]Health{"web/a": Dead, "web/b": Dead, "web/c": Dead, "pool/a": Dead})},
		{name: "server-never", probed: healthy, change: func(c *config.Config) {
			c.Services[0].OriginPolicy = config.OriginNever
			c.Services[3].Replicas[0].AdminState = config.AdminUp
		}},
	} {
		t.Run(one.name, func(t *testing.T) {
			c := exampleConfig(t)
			if one.change != nil {
				one.change(c)
			}
			stages, warnings, p := serverStages(t, c, one.probed, NewNumbers[Hop]("next hop", 0xffff), NewServerNumbers())
			golden(t, one.name, text(p.program.Schema, stages...)+strings.Join(warnings, "\n"))
		})
	}
}

func TestReplicaGateway(t *testing.T) {
	c := exampleConfig(t)
	program := must(replicagateway.Bind(infoOf(t, p4src.ReplicaGateway)))(t)
	p, s := NewReplica(program), &c.Switches[2]
	list := StandIns("london", c.Services, sick(map[string]Health{"web/a": Busy, "pool/a": Dead}))
	draining := []StandIn{{
		Replica: netip.MustParseAddrPort("198.51.100.99:80"), Server: netip.MustParseAddrPort("192.0.2.80:80"), Form: 3,
	}}
	stages := must(p.Stand(list, draining, s.Direct, p.NewCells()))(t)
	routing := NewRouting(s, nil)
	first := routerStages(t, p.Router, routing, nil, append(routing.Vias(), p.Hops(routing, list)...), NewNumbers[Hop]("next hop", 0xffff))
	golden(t, "replica", text(program.Schema, append(first, stages...)...))
}

// TestNumbersSurviveARestart plans, lets a new controller read what the first one wrote, and plans again: nothing may
// differ, even if the configuration has changed its order.
func TestNumbersSurviveARestart(t *testing.T) {
	c := exampleConfig(t)
	hops, numbers := NewNumbers[Hop]("next hop", 0xffff), NewServerNumbers()
	// A service that came and went leaves gaps.
	gone := c.Services[0]
	gone.Server, gone.Name = netip.MustParseAddr("192.0.2.1"), "gone"
	old := *c
	old.Services = append([]config.Service{gone}, c.Services...)
	serverStages(t, &old, healthy, hops, numbers)
	before, _, p := serverStages(t, c, healthy, hops, numbers)
	var held []*p4v1.Entity
	for _, s := range before {
		held = append(held, s.Entities...)
	}

	hops, numbers = NewNumbers[Hop]("next hop", 0xffff), NewServerNumbers()
	p.Restore(held, NewRouting(&c.Switches[1], nil), hops)
	p.RestoreNumbers(held, numbers)
	slices.Reverse(c.Services)
	after, _, _ := serverStages(t, c, healthy, hops, numbers)
	// Next hops whose neighbor is not known stand in no entry that names them, but for routes and legs.
	if a, b := text(p.program.Schema, before[2:]...), text(p.program.Schema, after[2:]...); a != b {
		t.Errorf("before:\n%s\nafter:\n%s", a, b)
	}
}

func TestRestoreLearnsNeighbors(t *testing.T) {
	c := exampleConfig(t)
	p := NewClient(must(clientgateway.Bind(infoOf(t, p4src.ClientGateway)))(t), target.Named(target.Auto))
	routing := NewRouting(&c.Switches[0], nil)
	learned := Neighbors{{2, netip.MustParseAddr("10.0.0.10")}: {2, 0, 0, 0, 0, 10}}
	hops := NewNumbers[Hop]("next hop", 0xffff)
	for range 5 { // numbers that are not the ones a new controller would give
		if _, err := hops.Get(Hop{Port: 400 + uint16(len(hops.of)), Address: netip.MustParseAddr("1.1.1.1")}); err != nil {
			t.Fatal(err)
		}
	}
	held := routerStages(t, p.Router, routing, learned, nil, hops)

	fresh := NewNumbers[Hop]("next hop", 0xffff)
	got := p.Restore(slices.Concat(held[0].Entities, held[1].Entities), routing, fresh)
	via := Neighbors{{1, netip.MustParseAddr("172.16.1.2")}: {2, 0, 0, 0, 9, 1}} // configured; the switch can't tell
	if len(got) != 2 || got[Hop{2, netip.MustParseAddr("10.0.0.10")}] != (tables.MAC{2, 0, 0, 0, 0, 10}) {
		t.Errorf("learned %v and %v", got, via)
	}
	again := routerStages(t, p.Router, routing, got, nil, fresh)
	if a, b := text(p.program.Schema, held...), text(p.program.Schema, again...); a != b {
		t.Errorf("before:\n%s\nafter:\n%s", a, b)
	}
}

func TestNumbers(t *testing.T) {
	n := NewNumbers[string]("thing", 3)
	n.Restore("c", 3)
	n.Restore("x", 3) // taken
	n.Restore("y", 9) // too high
	got := []uint32{}
	for _, k := range []string{"a", "b", "a", "c"} {
		v, err := n.Get(k)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, v)
	}
	if !slices.Equal(got, []uint32{1, 2, 1, 3}) {
		t.Errorf("got %v", got)
	}
	if _, err := n.Get("d"); err == nil {
		t.Error("a fourth number of three")
	}
	n.Leave("a")
	if _, err := n.Get("d"); err == nil {
		t.Error("a number that was left is given away before its time")
	}
	n.Keep(func(k string) bool { return k != "c" })
	for k, want := range map[string]uint32{"b": 2} {
		if v, _ := n.Of(k); v != want {
			t.Errorf("%s: %d, want %d", k, v, want)
		}
	}
	if v, err := n.Get("d"); err != nil || v != 1 {
		t.Errorf("d: %d, %v; want 1", v, err)
	}
}
