package spec

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestDefaultTopology(t *testing.T) {
	top, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range top.Gateways {
		got = append(got, fmt.Sprintf("%d %s %s %s %s %s", g.ID, g.Name, g.LAN, g.Address, g.WANAddress, g.CoreAddress()))
	}
	for _, h := range top.Hosts {
		got = append(got, fmt.Sprintf("%s %s %s %s", h.Name, h.Site, h.Gateway, h.Address()))
	}
	s := top.Service("web")
	got = append(got, fmt.Sprintf("%s:%d %s %+v", s.Server, s.Port, s.OriginPolicy, s.Origins))
	for _, r := range s.Replicas {
		got = append(got, fmt.Sprintf("%s %s %d %d", r.Host, r.Configuration, r.Port, r.HealthPort))
	}
	want := []string{
		"1 cg-frankfurt 10.1.0.0/24 10.1.0.1 172.31.0.2 172.31.0.1",
		"2 sg-washington 10.2.0.0/24 10.2.0.1 172.31.0.6 172.31.0.5",
		"3 rg-london 10.3.0.0/24 10.3.0.1 172.31.0.10 172.31.0.9",
		"4 rg-tokyo 10.4.0.0/24 10.4.0.1 172.31.0.14 172.31.0.13",
		"5 rg-sao-paulo 10.5.0.0/24 10.5.0.1 172.31.0.18 172.31.0.17",
		"client Frankfurt cg-frankfurt 10.1.0.10",
		"origin Washington DC sg-washington 10.2.0.10",
		"replica-london London rg-london 10.3.0.10",
		"replica-tokyo Tokyo rg-tokyo 10.4.0.10",
		"replica-sao-paulo Sao Paulo rg-sao-paulo 10.5.0.10",
		"operations Washington DC sg-washington 10.2.0.11",
		"192.0.2.1:80 standby [{Host:origin Port:80 Weight:1}]",
		"replica-london A 80 80",
		"replica-tokyo A 80 80",
		"replica-sao-paulo A 80 80",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, test := range []struct {
		from, to string
		want     time.Duration
	}{
		{"Frankfurt", "Washington DC", 46 * time.Millisecond},
		{"Washington DC", "Frankfurt", 45500 * time.Microsecond},
		{"Tokyo", "Frankfurt", 114500 * time.Microsecond},
		{"London", "London", 0},
	} {
		if got := top.Delay(test.from, test.to); got != test.want {
			t.Errorf("%s to %s takes %v, want %v", test.from, test.to, got, test.want)
		}
	}
	if got := top.RoundTrip("Washington DC", "Frankfurt"); got != 91500*time.Microsecond {
		t.Errorf("round trip %v", got)
	}
}

// What is given is kept, and never assigned to another.
func TestGivenAddressesAreKept(t *testing.T) {
	text := strings.NewReplacer(
		"{name: rg, role", "{name: rg, id: 1, role",
		"{name: r, role: replica, site: B}", "{name: r, role: replica, site: B}\n  - {name: r2, role: replica, site: B, addresses: [10.2.1.10, 198.51.100.1]}",
		"- name: web", "- {name: first, server: 192.0.2.1, port: 443, origins: [{host: o}]}\n  - name: web",
	).Replace(small)
	top, err := Parse("t.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ what, got, want string }{
		{"id of cg", fmt.Sprint(top.Gateway("cg").ID), "2"},
		{"id of rg", fmt.Sprint(top.Gateway("rg").ID), "1"},
		{"LAN of rg", top.Gateway("rg").LAN.String(), "10.2.1.0/24"},
		{"p", top.Host("p").Address().String(), "10.2.1.11"},
		{"r", top.Host("r").Address().String(), "10.2.1.12"},
		{"r2", top.Host("r2").Address().String(), "10.2.1.10"},
		{"web", top.Service("web").Server.String(), "192.0.2.2"},
	} {
		if test.got != test.want {
			t.Errorf("%s: %s, want %s", test.what, test.got, test.want)
		}
	}
}

// A LAN has as many hosts as it has addresses from .10 up to the one before its broadcast address.
func TestFullLAN(t *testing.T) {
	hosts := "hosts:\n"
	for i := range 5 {
		hosts += fmt.Sprintf("  - {name: h%d, role: client, site: A}\n", i)
	}
	for n, ok := range map[string]bool{"{name: c, role: management, gateway: sg}": true, "{name: c, role: client, site: A}": false} {
		text := strings.NewReplacer("{name: cg,", "{name: cg, lan: 10.1.0.0/28,", "hosts:\n", hosts, "{name: c, role: client, site: A}", n).Replace(small)
		top, err := Parse("t.yaml", []byte(text), nil)
		if (err == nil) != ok {
			t.Errorf("%s: %v", n, err)
		}
		if err == nil && top.Host("h4").Address().String() != "10.1.0.14" {
			t.Errorf("the last host has %s", top.Host("h4").Address())
		}
	}
}

func TestShapes(t *testing.T) {
	text := strings.Replace(small, "name: small", `name: small
links:
  wan: {jitter_ms: 1, loss: 0.1, bandwidth_mbit: 0.5, queue: 7}
  lan: {delay_ms: 0.25, duplicate: 0.2}
  paths:
    - {from: B, to: A, reorder: 0.3, reorder_ms: 2, mtu: 1400}`, 1)
	top, err := Parse("t.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ got, want string }{
		{fmt.Sprintf("%+v", top.WANShape("A", "B")), "{Delay:5ms Jitter:1ms Loss:0.1 Duplicate:0 Reorder:0 ReorderDelay:0s Bandwidth:500000 Queue:7}"},
		{fmt.Sprintf("%+v", top.WANShape("B", "A")), "{Delay:5ms Jitter:0s Loss:0 Duplicate:0 Reorder:0.3 ReorderDelay:2ms Bandwidth:0 Queue:0}"},
		{fmt.Sprintf("%+v", top.LANShape()), "{Delay:250µs Jitter:0s Loss:0 Duplicate:0.2 Reorder:0 ReorderDelay:0s Bandwidth:0 Queue:0}"},
		{fmt.Sprint(top.WANPath("A", "B").MTU, top.WANPath("B", "A").MTU, top.Links.LAN.MTU), "1500 1400 1500"},
	} {
		if test.got != test.want {
			t.Errorf("got  %s\nwant %s", test.got, test.want)
		}
	}
}

func TestRegions(t *testing.T) {
	names, err := RegionNames()
	if err != nil || len(names) != 10 {
		t.Fatalf("regions %v, %v", names, err)
	}
	for _, client := range names {
		for _, origin := range names {
			top, err := Regions(Placement{Client: client, Origin: origin, Replicas: names, Configuration: ConfigurationC, OriginPolicy: PolicyRace, Seed: 7})
			if err != nil {
				t.Fatal(err)
			}
			s := top.Service("web")
			if len(top.Sites) != 10 || len(s.Replicas) != 10 || s.Replicas[3].Configuration != ConfigurationC || s.OriginPolicy != PolicyRace || top.Seed != 7 {
				t.Fatalf("client %s, origin %s: %+v", client, origin, top)
			}
			if top.Host("client").Site != client || top.Host("origin").Site != origin || top.Host("replica-sao-paulo").Site != "Sao Paulo" {
				t.Fatalf("hosts %+v", top.Hosts)
			}
		}
	}
	if _, err := Regions(Placement{Client: "Atlantis", Origin: "London"}); err == nil {
		t.Error("a region that does not exist is accepted")
	}
}

func TestSetConfiguration(t *testing.T) {
	top, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	top.SetConfiguration(ConfigurationB)
	for _, r := range top.Services[0].Replicas {
		if r.Configuration != ConfigurationB {
			t.Errorf("%s has %s", r.Host, r.Configuration)
		}
	}
}

func TestMatrixErrors(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"", "the table is empty"},
		{"from,A,A\n", `head line: column "A" is empty or there twice`},
		{"from,A,\n", `head line: column "" is empty or there twice`},
		{"from,A\nA,1\nA,2\n", `line 3: row "A" is empty or there twice`},
		{"from,A\nA,x\n", `line 2, column A: "x" is no number of milliseconds from 0 to 3600000`},
		{"from,A\nA,-1\n", `line 2, column A: "-1" is no number of milliseconds from 0 to 3600000`},
		{"from,A\nA,NaN\n", `line 2, column A: "NaN" is no number of milliseconds from 0 to 3600000`},
		{"from,A\nA,1,2\n", "record on line 2: wrong number of fields"},
	} {
		if _, err := ParseMatrix(strings.NewReader(test.text)); err == nil || err.Error() != test.want {
			t.Errorf("%q: %v, want %s", test.text, err, test.want)
		}
	}
}

// Inline cells override the file, in both directions unless both are given.
func TestMatrixOverride(t *testing.T) {
	text := strings.Replace(small, "  ms: {A: {B: 10}}", "  file: rtt.csv\n  ms: {A: {B: 10}}", 1)
	text = strings.Replace(text, "  - name: B", "  - name: B\n  - name: C", 1)
	top, err := Parse("t.yaml", []byte(text), func(string) ([]byte, error) {
		return []byte("from,A,B,C\nA,1,2,3\nB,4,5,6\nC,,7,9\n"), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(top.RoundTrips.MS)
	if want := "map[A:map[A:1 B:10 C:3] B:map[A:10 B:5 C:6] C:map[A:3 B:7 C:9]]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestSchemaFileAgrees(t *testing.T) {
	want, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../docs/topology.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("docs/topology.schema.json is not what the types say: run go generate ./topo/spec")
	}
}
