package plan

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/firstack/firstack/controller/config"
)

// twoWays has a connected network at port 1, a prefix at port 2 with a second way at port 3, and the world at port 3.
func twoWays() *config.Switch {
	p := netip.MustParsePrefix
	port := func(n uint16, address string) config.Port {
		return config.Port{Port: n, MAC: config.MAC{2, 0, 0, 0, 0, byte(n)}, Addresses: []netip.Prefix{p(address)}}
	}
	return &config.Switch{
		Ports: []config.Port{port(1, "10.1.0.1/16"), port(2, "10.2.0.1/24"), port(3, "10.3.0.1/24"), port(4, "10.4.1.1/24")},
		Routes: []config.Route{
			{Prefix: p("192.0.2.0/25"), Port: 2, Via: netip.MustParseAddr("10.2.0.2")}, {Prefix: p("192.0.2.0/24"), Port: 3, Via: netip.MustParseAddr("10.3.0.2")},
			{Prefix: p("0.0.0.0/0"), Port: 3, Via: netip.MustParseAddr("10.3.0.2")}, {Prefix: p("10.4.0.0/16"), Port: 3, Via: netip.MustParseAddr("10.3.0.3")},
			{Prefix: p("203.0.113.0/24"), Port: 2, Via: netip.MustParseAddr("10.2.0.2")},
		},
	}
}

func TestDown(t *testing.T) {
	for _, test := range []struct {
		down    []uint16
		to      string
		want    string // port and address of the next hop
		severed bool
	}{
		{nil, "192.0.2.1", "2 10.2.0.2", false},
		{[]uint16{2}, "192.0.2.1", "3 10.3.0.2", false}, // the second way
		{[]uint16{2, 3}, "192.0.2.1", "none", true},
		{[]uint16{2}, "203.0.113.1", "3 10.3.0.2", false}, // a route that goes leaves it to the default route
		{[]uint16{1}, "10.1.0.9", "none", true},           // a network that goes does not
		{[]uint16{4}, "10.4.1.9", "3 10.3.0.3", false},    // but a route for it is one
		{[]uint16{1}, "198.51.100.1", "3 10.3.0.2", false},
		{[]uint16{3}, "198.51.100.1", "none", true},
		{[]uint16{1}, "10.1.0.1", "none", false}, // its own
	} {
		down := map[uint16]bool{}
		for _, p := range test.down {
			down[p] = true
		}
		r := NewRouting(twoWays(), down)
		a := netip.MustParseAddr(test.to)
		got := "none"
		if hop, _, ok := r.Lookup(a); ok {
			got = fmt.Sprintf("%d %v", hop.Port, hop.Address)
		}
		if got != test.want || r.Severed(a) != test.severed {
			t.Errorf("%s with ports %v down: %s, severed %v; want %s, %v", test.to, test.down, got, r.Severed(a), test.want, test.severed)
		}
		if up, _, _ := NewRouting(twoWays(), nil).Lookup(a); test.to != "10.1.0.1" {
			if all, _, ok := r.Configured(a); !ok || all != up {
				t.Errorf("%s is configured to be at %v, want %v", test.to, all, up)
			}
		}
	}
	if (*Routing)(nil).Severed(netip.MustParseAddr("10.1.0.9")) {
		t.Error("severed by nothing")
	}
}

// The table of a router whose ports are down: prefixes go, and a network that nobody else leads to is said to be
// unreachable.
func TestTableDown(t *testing.T) {
	r := NewRouting(twoWays(), map[uint16]bool{1: true, 2: true, 4: true})
	known := Neighbors{{1, netip.MustParseAddr("10.1.0.9")}: {2, 0, 0, 0, 0, 9}, {3, netip.MustParseAddr("10.3.0.9")}: {2, 0, 0, 0, 0, 8}}
	var got []string
	for _, d := range (&Router{}).table(r, known) {
		switch {
		case d.local:
		case d.hop == Hop{}:
			got = append(got, d.to.String()+" unreachable")
		default:
			got = append(got, fmt.Sprintf("%v %d %v", d.to, d.hop.Port, d.hop.Address))
		}
	}
	want := []string{
		"0.0.0.0/0 3 10.3.0.2", "10.1.0.0/16 unreachable", "10.2.0.0/24 unreachable", "10.3.0.0/24 unreachable", "10.3.0.9/32 3 10.3.0.9",
		"10.4.0.0/16 3 10.3.0.3", "192.0.2.0/24 3 10.3.0.2",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
}

// An origin that nothing leads to has no leg: port 0 leads nowhere.
func TestOriginDown(t *testing.T) {
	s := twoWays()
	service := &config.Service{
		Name: "web", Server: netip.MustParseAddr("10.1.0.9"), Port: 80, OriginPolicy: config.OriginRace,
		Origins:  []config.Origin{{Name: "o", Address: netip.MustParseAddr("10.1.0.9")}},
		Replicas: []config.Replica{{Name: "r", Address: netip.MustParseAddr("203.0.113.1"), AdminState: config.AdminUp}},
	}
	probed := func(string, string) Health { return Active }
	for down, want := range map[uint16]int{0: 2, 1: 1} {
		one, unrouted := decide(service, NewRouting(s, map[uint16]bool{down: true}), probed)
		copies, err := one.replicas(NewServerNumbers(), true, 0)
		if err != nil || len(copies) != want || len(unrouted) != 0 {
			t.Errorf("port %d down: %v, %v, %v", down, copies, unrouted, err)
		}
	}
}
