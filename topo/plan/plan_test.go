package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/firstack/firstack/topo/spec"
)

const topology = `name: t
sites: [{name: A}, {name: B}]
round_trips: {ms: {A: {B: 10}}}
gateways:
  - {name: cg, role: client-gateway, site: A}
  - {name: sg, role: server-gateway, site: B}
  - {name: rg, role: replica-gateway, site: B}
hosts:
  - {name: c, role: client, site: A, addresses: [10.1.0.10, 203.0.113.5, 10.1.0.77]}
  - {name: o, role: origin, gateway: sg}
  - {name: p, role: origin, gateway: rg}
  - {name: q, role: origin, gateway: sg}
  - {name: r, role: replica, site: B, addresses: [198.51.100.7]}
  - {name: m, role: management, gateway: cg}
services:
  - {name: web, origins: [{host: o}, {host: p, port: 8080}, {host: q}], replicas: [{host: r, health_port: 8081}]}
  - {name: tls, server: 192.0.2.1, port: 443, origins: [{host: o}], replicas: [{host: r, port: 8443}]}
`

func TestPlan(t *testing.T) {
	top, err := spec.Parse("t.yaml", []byte(topology), nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(top)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range p.Gateways {
		got = append(got, fmt.Sprintf("%s core %s reached %v direct %v", g.Name, g.CoreMAC, g.Reached, g.Direct))
		for _, port := range g.Ports {
			got = append(got, fmt.Sprintf("  port %d %s %s", port.ID, port.MAC, port.Address))
		}
		for _, r := range g.Routes {
			got = append(got, fmt.Sprintf("  route %s port %d via %s", r.Prefix, r.Port, r.Via))
		}
		for _, n := range g.Neighbors {
			got = append(got, fmt.Sprintf("  neighbor %s port %d %s", n.Address, n.Port, n.MAC))
		}
	}
	for _, h := range p.Hosts {
		got = append(got, fmt.Sprintf("%s %s %v gateway %s %s listens %v", h.Name, h.MAC, h.All, h.GatewayAddress, h.GatewayMAC, h.Listen))
	}
	want := strings.Split(strings.TrimSpace(`
cg core 02:46:41:00:00:01 reached [10.1.0.0/24 172.31.0.2/32 203.0.113.5/32] direct []
  port 1 02:46:41:01:00:01 172.31.0.2/30
  port 2 02:46:41:02:00:01 10.1.0.1/24
  route 0.0.0.0/0 port 1 via 172.31.0.1
  route 203.0.113.5/32 port 2 via 10.1.0.10
  route 10.1.0.77/32 port 2 via 10.1.0.10
  neighbor 172.31.0.1 port 1 02:46:41:00:00:01
  neighbor 10.1.0.10 port 2 02:46:41:03:00:01
  neighbor 10.1.0.11 port 2 02:46:41:03:00:06
sg core 02:46:41:00:00:02 reached [10.2.0.0/24 172.31.0.6/32 192.0.2.2/32 192.0.2.1/32] direct []
  port 1 02:46:41:01:00:02 172.31.0.6/30
  port 2 02:46:41:02:00:02 10.2.0.1/24
  route 0.0.0.0/0 port 1 via 172.31.0.5
  route 192.0.2.2/32 port 2 via 10.2.0.10
  route 192.0.2.1/32 port 2 via 10.2.0.10
  neighbor 172.31.0.5 port 1 02:46:41:00:00:02
  neighbor 10.2.0.10 port 2 02:46:41:03:00:02
  neighbor 10.2.0.11 port 2 02:46:41:03:00:04
rg core 02:46:41:00:00:03 reached [10.2.1.0/24 172.31.0.10/32 198.51.100.7/32] direct [10.1.0.11/32]
  port 1 02:46:41:01:00:03 172.31.0.10/30
  port 2 02:46:41:02:00:03 10.2.1.1/24
  route 0.0.0.0/0 port 1 via 172.31.0.9
  route 198.51.100.7/32 port 2 via invalid IP
  neighbor 172.31.0.9 port 1 02:46:41:00:00:03
  neighbor 10.2.1.10 port 2 02:46:41:03:00:03
  neighbor 198.51.100.7 port 2 02:46:41:03:00:05
c 02:46:41:03:00:01 [10.1.0.10 203.0.113.5 10.1.0.77] gateway 10.1.0.1 02:46:41:02:00:01 listens []
o 02:46:41:03:00:02 [10.2.0.10 192.0.2.2 192.0.2.1] gateway 10.2.0.1 02:46:41:02:00:02 listens [10.2.0.10:80 192.0.2.2:80 10.2.0.10:443 192.0.2.1:443]
p 02:46:41:03:00:03 [10.2.1.10] gateway 10.2.1.1 02:46:41:02:00:03 listens [10.2.1.10:8080]
q 02:46:41:03:00:04 [10.2.0.11 192.0.2.2] gateway 10.2.0.1 02:46:41:02:00:02 listens [10.2.0.11:80 192.0.2.2:80]
r 02:46:41:03:00:05 [198.51.100.7] gateway 10.2.1.1 02:46:41:02:00:03 listens [198.51.100.7:80 198.51.100.7:8081 198.51.100.7:8443]
m 02:46:41:03:00:06 [10.1.0.11] gateway 10.1.0.1 02:46:41:02:00:01 listens []
`), "\n")
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestUnresolvedTopologyIsRefused(t *testing.T) {
	top := &spec.Topology{Name: "t", Hosts: []spec.Host{{Name: "h"}}}
	if _, err := New(top); err == nil {
		t.Error("a host without a gateway is accepted")
	}
}
