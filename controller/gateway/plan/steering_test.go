package plan

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/controller/gateway/flow"
	"github.com/firstack/firstack/controller/steer"
	"github.com/firstack/firstack/controller/target"
	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/tables/clientgateway"
)

var (
	london = netip.MustParseAddr("198.51.100.10")
	paris  = netip.MustParseAddr("198.51.100.11")
	tokyo  = netip.MustParseAddr("203.0.114.12")
	beside = netip.MustParseAddr("10.0.0.77") // on a connected network
)

// steeredExample are services in every state of a choice.
func steeredExample() []Steered {
	web, pool := netip.MustParseAddrPort("192.0.2.80:80"), netip.MustParseAddrPort("192.0.2.81:443")
	speakers := map[netip.Addr]Speaker{
		london: {flow.FormA, 8080}, paris: {flow.FormB, 80}, tokyo: {flow.FormC, 80}, beside: {flow.FormA, 80},
	}
	return []Steered{
		{web, &steer.Choice{
			Race: 2, Scout: 1, Legs: []netip.Addr{steer.Server, london, paris, tokyo}, Scouts: []netip.Addr{paris},
			Direct: []steer.Share{{Replica: london, Weight: 127, Patience: 90 * time.Millisecond}, {Replica: paris, Weight: 126, Patience: time.Second}},
		}, speakers},
		{pool, &steer.Choice{
			Scout: 1, Direct: []steer.Share{{Replica: steer.Server, Weight: 255, Patience: time.Millisecond}},
			Legs: []netip.Addr{steer.Server}, Scouts: []netip.Addr{steer.Server},
		}, nil},
		{netip.MustParseAddrPort("192.0.2.82:80"), &steer.Choice{Race: 1, Legs: []netip.Addr{london, beside}}, speakers},
		{netip.MustParseAddrPort("192.0.2.83:80"), &steer.Choice{}, speakers}, // discovered
	}
}

func newSteeringPlan(t *testing.T) (*Client, *Routing) {
	return NewClient(must(clientgateway.Bind(infoOf(t, p4src.ClientGateway)))(t), target.Named(target.Auto)), NewRouting(&exampleConfig(t).Switches[0], nil)
}

func TestSteering(t *testing.T) {
	p, routing := newSteeringPlan(t)
	hops, numbers := NewNumbers[Hop]("next hop", 0xffff), NewSteeringNumbers()
	stages := must(p.Steering(steeredExample(), routing, hops, numbers))(t)
	golden(t, "steering", text(p.program.Schema, stages...))
	again := must(p.Steering(steeredExample(), routing, hops, numbers))(t)
	if text(p.program.Schema, again...) != text(p.program.Schema, stages...) {
		t.Error("planned again it differs")
	}
	want := []Hop{{1, netip.MustParseAddr("172.16.1.2")}, {2, beside}}
	got := SteeringHops(steeredExample(), routing)
	slices.SortFunc(got, compareHops)
	if !slices.Equal(got, want) {
		t.Errorf("hops %v, want %v", got, want)
	}
}

// What a switch holds tells a new controller whom it raced, and which numbers are taken.
func TestRestoreSteering(t *testing.T) {
	p, routing := newSteeringPlan(t)
	hops, numbers := NewNumbers[Hop]("next hop", 0xffff), NewSteeringNumbers()
	// The numbers are not those that a fresh one would give.
	must(numbers.Legs.Get(Leg{ToReplica, netip.MustParseAddr("9.9.9.9")}))(t)
	must(numbers.Groups.Get(SteeringGroup{netip.MustParseAddrPort("9.9.9.9:9"), true}))(t)
	before := must(p.Steering(steeredExample(), routing, hops, numbers))(t)
	var held []*p4v1.Entity
	for _, s := range before {
		held = append(held, s.Entities...)
	}
	restored := NewSteeringNumbers()
	found := p.RestoreSteering(held, restored)
	for server, want := range map[string][]netip.Addr{
		"192.0.2.80:80": {steer.Server, london, paris, tokyo}, "192.0.2.81:443": {steer.Server}, "192.0.2.82:80": {beside, london},
	} {
		if got := found[netip.MustParseAddrPort(server)]; !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", server, got, want)
		}
	}
	if len(found) != 3 {
		t.Errorf("%v", found)
	}
	after := must(p.Steering(steeredExample(), routing, hops, restored))(t)
	if got, want := text(p.program.Schema, after...), text(p.program.Schema, before...); got != want {
		t.Errorf("with the numbers restored:\n%s\nwant\n%s", got, want)
	}
	restored.Forget(nil)
	if n := must(restored.Legs.Get(Leg{ToServer, london}))(t); n != 1 {
		t.Errorf("forgotten, the next number is %d", n)
	}
}
