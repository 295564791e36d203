package controller_test

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	"google.golang.org/protobuf/encoding/prototext"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/gateway/flow"
	"github.com/firstack/firstack/controller/gateway/plan"
	"github.com/firstack/firstack/controller/p4rt"
	"github.com/firstack/firstack/controller/steer"
	"github.com/firstack/firstack/controller/target"
	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/tables/clientgateway"
)

// TestSteeringOnBMv2 writes choices as finely divided as they get, changes them, and finds them again.
func TestSteeringOnBMv2(t *testing.T) {
	socket := bmv2(t, "1")
	info := &p4configv1.P4Info{}
	if err := prototext.Unmarshal(p4src.ClientGateway.P4Info(), info); err != nil {
		t.Fatal(err)
	}
	program, err := clientgateway.Bind(info)
	if err != nil {
		t.Fatal(err)
	}
	client, routing := plan.NewClient(program, target.Named(target.Auto)), plan.NewRouting(&network(config.OriginRace, "A").Switches[0], nil)
	hops, numbers := plan.NewNumbers[plan.Hop]("next hop", 0xffff), plan.NewSteeringNumbers()
	near, far := netip.MustParseAddr("198.51.100.10"), netip.MustParseAddr("198.51.101.10")
	const services = 20
	choices := func(race, scout uint16, direct ...steer.Share) (all []plan.Steered) {
		for i := range services {
			all = append(all, plan.Steered{
				Server:   netip.AddrPortFrom(netip.MustParseAddr(serverAddr), uint16(1000+i)),
				Choice:   &steer.Choice{Race: race, Scout: scout, Direct: direct, Legs: []netip.Addr{steer.Server, near, far}, Scouts: []netip.Addr{near}},
				Speakers: map[netip.Addr]plan.Speaker{near: {Form: flow.FormA, Port: 80}, far: {Form: flow.FormC, Port: 80}},
			})
		}
		return all
	}
	done := make(chan struct{})
	handler := p4rt.HandlerFunc(func(ctx context.Context, conn *p4rt.Conn) error {
		defer close(done)
		write := func(what string, all []plan.Steered) (total p4rt.Changes) {
			stages, err := client.Steering(all, routing, hops, numbers)
			if err != nil {
				t.Error(err)
			}
			begun := time.Now()
			for _, s := range stages {
				changes, err := conn.Reconcile(ctx, p4rt.Scope{Tables: s.Tables, Multicast: s.Multicast}, s.Entities...)
				if err != nil {
					t.Errorf("%s, %s: %v", what, s.Name, err)
				}
				total.Inserted += changes.Inserted
				total.Modified += changes.Modified
				total.Unchanged += changes.Unchanged
			}
			t.Logf("%s: %v in %v", what, total, time.Since(begun))
			return total
		}
		write("raced", choices(1, 0))
		direct := choices(2, 1, steer.Share{Replica: near, Weight: 253, Patience: time.Second})
		if c := write("direct", direct); c.Modified != services {
			t.Errorf("%v", c)
		}
		if c := write("direct again", direct); c.Modified+c.Inserted != 0 {
			t.Errorf("what is there already differs from what was written: %v", c)
		}
		shared := choices(2, 1, steer.Share{Replica: near, Weight: 127, Patience: time.Second}, steer.Share{Replica: far, Weight: 126, Patience: time.Second})
		if c := write("shared", shared); c.Modified != services {
			t.Errorf("%v", c)
		}
		held, err := conn.ReadAll(ctx, client.ReadSteering()...)
		if err != nil {
			t.Error(err)
		}
		for server, candidates := range client.RestoreSteering(held, plan.NewSteeringNumbers()) {
			if len(candidates) != 3 {
				t.Errorf("%v: %v", server, candidates)
			}
		}
		write("gone", nil)
		return nil
	})
	session, err := p4rt.New(p4rt.Options{
		Name: "cg", Address: "unix", Insecure: true, DeviceID: 1, Election: p4rt.ElectionID{Low: 1}, Logger: logger(),
		Pipeline: p4rt.Pipeline{P4Info: info, Config: p4src.ClientGateway.JSON()},
		Dial: func(ctx context.Context, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}, handler)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ended := make(chan struct{})
	go func() { session.Run(ctx); close(ended) }()
	select {
	case <-done:
	case <-ctx.Done():
		t.Error("BMv2 was not ours in time")
	}
	cancel()
	<-ended
}
