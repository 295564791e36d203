package controller_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/state"
	"github.com/firstack/firstack/softswitch"
	"github.com/firstack/firstack/softswitch/ports"
)

// followed has every switch's ports followed.
func followed(c *config.Config) {
	for i := range c.Switches {
		c.Switches[i].GNMI = &config.GNMI{Address: c.Switches[i].Address}
	}
}

// link pulls the plug of a port, or puts it in.
func (l *lab) link(name string, port uint32, up bool) {
	l.t.Helper()
	if err := l.switches[name].sw.SetPortLink(port, ports.Link{Up: up}); err != nil {
		l.t.Fatal(err)
	}
}

// port tells a switch's own view of a port.
func (l *lab) port(name string, port uint32) softswitch.PortInfo {
	l.t.Helper()
	for _, p := range l.switches[name].sw.Ports() {
		if p.ID == port {
			return p
		}
	}
	l.t.Fatalf("%s has no port %d", name, port)
	return softswitch.PortInfo{}
}

// legs counts the frames from one switch to another.
func (l *lab) legs(from, to string) *atomic.Int64 {
	n := &atomic.Int64{}
	l.lose(func(a, b string) bool {
		if a == from && b == to {
			n.Add(1)
		}
		return false
	})
	return n
}

// untilRaced waits until new connections are raced with these replicas and no other, and says how long that took.
func (r *running) untilRaced(want ...string) time.Duration {
	r.t.Helper()
	began := time.Now()
	r.until("raced", func() error {
		list, err := r.Services(r.t.Context())
		if err == nil && !slices.Equal(list[0].Raced, want) {
			err = fmt.Errorf("%v, want %v", list[0].Raced, want)
		}
		return err
	})
	r.settle()
	took := time.Since(began)
	r.t.Logf("raced with %v after %v", want, took)
	return took
}

// untilLegs waits for a frame: copies leave one after the other, and the first may be answered before the last has left.
func (r *running) untilLegs(n *atomic.Int64) {
	r.t.Helper()
	r.until("sent a leg after the port had come back", func() error {
		if n.Load() == 0 {
			return errors.New("none")
		}
		return nil
	})
}

func (r *running) untilFollowed(switches int) {
	r.t.Helper()
	r.until("followed", func() error {
		list, err := r.Ports(r.t.Context())
		n := 0
		for _, p := range list {
			if p.Connected && len(p.Ports) > 0 {
				n++
			}
		}
		if n != switches {
			return fmt.Errorf("%+v, %v", list, err)
		}
		return nil
	})
}

// A port of the server gateway that is the only way to a replica goes down and comes back: the replica's leg goes and comes
// with it. Connections are not touched, whatever they run to.
func TestPortOfServerGateway(t *testing.T) {
	l := newLab(t)
	c := network(config.OriginStandby, "A", "B")
	followed(c)
	sg := &c.Switches[1]
	core, other := sg.Routes[0].Via, netip.MustParseAddr("172.16.9.2")
	sg.Ports = append(sg.Ports, config.Port{Port: 3, Side: config.WAN, MAC: mac(9), Addresses: []netip.Prefix{netip.MustParsePrefix("172.16.9.1/30")}})
	sg.Neighbors = append(sg.Neighbors, config.Neighbor{Address: other, Port: 3, MAC: mac(0xfe)})
	sg.Routes = []config.Route{
		{Prefix: netip.MustParsePrefix("10.0.0.0/24"), Port: wan, Via: core}, {Prefix: netip.MustParsePrefix("198.51.100.0/24"), Port: wan, Via: core},
		{Prefix: netip.MustParsePrefix("198.51.101.0/24"), Port: 3, Via: other},
	}
	c.Complete()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	l.build(c)
	d := l.switches["sg"]
	if err := d.sw.AddPort(3, &cable{d, 3}); err != nil {
		t.Fatal(err)
	}
	k := l.control(c)
	k.untilFollowed(4)
	k.untilRaced("replica-A", "replica-B")
	open := map[string]*client{}
	for i, form := range []string{"A", "B"} {
		l.only(form)
		open[form] = l.client(40000+uint16(i), 1000)
		open[form].open()
	}
	k.translated(2)
	check := func(when string) {
		t.Helper()
		for form, one := range open {
			if got, want := one.ask(), "from "+replicaAddrs[form]; got != want {
				t.Errorf("%s: %q, want %q", when, got, want)
			}
		}
	}
	legs, sent := l.legs("sg", "rgB"), l.port("sg", 3).OutFrames
	l.link("sg", 3, false)
	if took := k.untilRaced("replica-A"); took > 5*time.Second {
		t.Errorf("withdrawn after %v", took)
	}
	for i := range 20 {
		if server := l.client(41000+uint16(i), 2000).open(); server != 100 {
			t.Errorf("connection %d is answered by %d", i, server)
		}
	}
	if n := legs.Load(); n != 0 {
		t.Errorf("%d frames to the replica behind the port that is down", n)
	}
	if n := l.port("sg", 3).OutFrames - sent; n != 0 {
		t.Errorf("%d frames out of the port that is down", n)
	}
	check("while the port is down")
	sessions, err := k.Sessions(t.Context())
	if err != nil || !strings.Contains(fmt.Sprint(sessions[1].Problems), "no route to replica-B") {
		t.Errorf("%v, %v", sessions[1].Problems, err)
	}
	l.link("sg", 3, true)
	k.untilRaced("replica-A", "replica-B")
	l.client(42000, 3000).open()
	k.untilLegs(legs)
	check("after the port has come back")
	k.translated(22 + 1)
}

// The port behind which a replica stands goes down, at its own gateway: nobody sends SYNs there, nearby or far away.
func TestPortOfReplicaGateway(t *testing.T) {
	for name, port := range map[string]uint32{"towards the replica": lan, "towards the world": wan} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			c := network(config.OriginStandby, "A", "B")
			followed(c)
			l.build(c)
			k := l.control(c)
			k.untilFollowed(4)
			k.untilRaced("replica-A", "replica-B")
			before := l.client(40000, 1000)
			l.only("A")
			before.open()
			legs := l.legs("sg", "rgB")
			l.link("rgB", port, false)
			if took := k.untilRaced("replica-A"); took > 5*time.Second {
				t.Errorf("withdrawn after %v", took)
			}
			for i := range 20 {
				l.client(41000+uint16(i), 2000).open()
			}
			if n := legs.Load(); n != 0 {
				t.Errorf("%d frames to the replica gateway", n)
			}
			if got := before.ask(); got != "from "+replicaAddrs["A"] {
				t.Errorf("the open connection: %q", got)
			}
			replicas, err := k.Replicas(t.Context())
			if err != nil || replicas[1].Health != "dead" || !strings.Contains(replicas[1].Error, "no port of rgB") || replicas[0].Health != "active" {
				t.Errorf("%+v, %v", replicas, err)
			}
			l.link("rgB", port, true)
			k.untilRaced("replica-A", "replica-B")
			l.client(42000, 3000).open()
			k.untilLegs(legs)
		})
	}
}

// What an operator wants of a port is set in the switch, and what sits behind it goes and comes.
func TestAdminStateOfPort(t *testing.T) {
	l := newLab(t)
	c := network(config.OriginStandby, "A", "B")
	followed(c)
	l.build(c)
	k := l.control(c)
	k.untilFollowed(4)
	rgB := func(want config.PortState) *config.Config {
		return edited(t, c, func(c *config.Config) { c.Switches[3].Ports[1].AdminState = want })
	}
	set := func(enabled bool) {
		t.Helper()
		k.until("set", func() error {
			if p := l.port("rgB", lan); p.Enabled != enabled {
				return fmt.Errorf("%+v", p)
			}
			return nil
		})
	}
	k.apply(rgB(config.PortDown))
	k.untilRaced("replica-A")
	set(false)
	l.client(40000, 1000).open()
	if err := l.switches["rgB"].sw.SetPortEnabled(lan, true); err != nil { // by somebody else: not as it is wanted
		t.Fatal(err)
	}
	set(false)
	k.apply(rgB(config.PortUp))
	set(true)
	k.untilRaced("replica-A", "replica-B")
	k.apply(rgB("")) // as the switch has it
	if err := l.switches["rgB"].sw.SetPortEnabled(lan, false); err != nil {
		t.Fatal(err)
	}
	k.untilRaced("replica-A")
	if err := l.switches["rgB"].sw.SetPortEnabled(lan, true); err != nil {
		t.Fatal(err)
	}
	k.untilRaced("replica-A", "replica-B")
	k.apply(edited(t, c, func(c *config.Config) { // nobody asks any more, so nothing counts as down
		for i := range c.Switches {
			c.Switches[i].GNMI = nil
		}
	}))
	l.link("rgB", lan, false)
	if list, err := k.Ports(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
	k.untilRaced("replica-A", "replica-B")
}

// A switch that starts again is followed again, and its ports are what they are then.
func TestPortsAfterReboot(t *testing.T) {
	l := newLab(t)
	c := network(config.OriginStandby, "A", "B")
	followed(c)
	l.build(c)
	k := l.control(c)
	k.untilFollowed(4)
	l.link("rgB", lan, false)
	k.untilRaced("replica-A")
	l.switches["rgB"].halt()
	k.until("lost", func() error {
		list, err := k.Ports(t.Context())
		if err != nil || list[3].Connected || list[3].Error == "" || len(list[3].Ports) != 2 {
			return fmt.Errorf("%+v, %v", list[3], err)
		}
		return nil
	})
	services, err := k.Services(t.Context())
	if err != nil || !slices.Equal(services[0].Raced, []string{"replica-A"}) {
		t.Errorf("while the switch is away: %v, %v", services[0].Raced, err)
	}
	l.switches["rgB"].boot()
	k.untilRaced("replica-A", "replica-B")
	list, err := k.Ports(t.Context())
	if err != nil || !list[3].Connected || list[3].Switch != "rgB" || !slices.EqualFunc(list[3].Ports, []uint32{wan, lan}, func(p state.Port, id uint32) bool {
		return p.Port == id && p.Up && p.Oper == "UP" && p.Admin == "UP" && p.Name == fmt.Sprintf("rgB-%d", id)
	}) {
		t.Errorf("%+v, %v", list[3], err)
	}
}

// standing waits until a client gateway holds a replica, by its address, to be out of use, or not.
func (r *running) standing(replica string, out bool) {
	r.t.Helper()
	r.until("steered", func() error {
		list, err := r.Steering(r.t.Context())
		if err != nil || len(list) != 1 {
			return fmt.Errorf("%+v, %v", list, err)
		}
		for _, one := range list[0].Replicas {
			if one.Address.String() == replica && (one.Standing == "out") == out {
				return nil
			}
		}
		return fmt.Errorf("%+v", list[0].Replicas)
	})
	r.settle()
}

// Client gateways that steer by themselves send nothing to a replica that is cut off, by whatever port: at its own gateway,
// or the only one that leads there from here, with services listed or not.
func TestPortsAndSteering(t *testing.T) {
	const far = "198.51.101.0/24"
	for name, test := range map[string]struct {
		at     string
		port   uint32
		listed bool
	}{
		"at the replica's gateway, listed": {"rgB", lan, true}, "here, listed": {"cg", 3, true}, "here, not listed": {"cg", 3, false},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			all := network(config.OriginStandby, "A", "B")
			followed(all)
			cg := &all.Switches[0]
			core, other := cg.Routes[0].Via, netip.MustParseAddr("172.16.9.2")
			cg.Ports = append(cg.Ports, config.Port{Port: 3, Side: config.WAN, MAC: mac(9), Addresses: []netip.Prefix{netip.MustParsePrefix("172.16.9.1/30")}})
			cg.Neighbors = append(cg.Neighbors, config.Neighbor{Address: other, Port: 3, MAC: mac(0xfe)})
			cg.Routes = []config.Route{
				{Prefix: netip.MustParsePrefix("192.0.2.0/24"), Port: wan, Via: core}, {Prefix: netip.MustParsePrefix("198.51.100.0/24"), Port: wan, Via: core},
				{Prefix: netip.MustParsePrefix("172.16.0.0/16"), Port: wan, Via: core}, {Prefix: netip.MustParsePrefix(far), Port: 3, Via: other},
			}
			all.Complete()
			if err := all.Validate(); err != nil {
				t.Fatal(err)
			}
			l.build(all)
			if err := l.switches["cg"].sw.AddPort(3, &cable{l.switches["cg"], 3}); err != nil {
				t.Fatal(err)
			}
			mine := edited(t, all, func(c *config.Config) { c.Services[0].Steering.Mode = config.SteeringDirect })
			followers := 4
			if !test.listed {
				l.control(edited(t, all, func(c *config.Config) { c.Switches = c.Switches[1:] }))
				followers, mine = 1, edited(t, all, func(c *config.Config) {
					c.Switches, c.Services, c.Steering.Mode = c.Switches[:1], nil, config.SteeringDirect
				})
			}
			k := l.control(mine)
			k.untilFollowed(followers)
			direct(t, l, k, 40000, 3)
			k.standing(replicaAddrs["B"], false)
			l.link(test.at, test.port, false)
			k.standing(replicaAddrs["B"], true)
			sent := l.legs("cg", "rgB")
			for i := range uint16(40) {
				l.client(42000+i, 1000*uint32(i)+1).open()
			}
			if n := sent.Load(); n != 0 {
				t.Errorf("%d frames to the replica that is cut off", n)
			}
			l.link(test.at, test.port, true)
			k.standing(replicaAddrs["B"], false)
			for i := range uint16(100) {
				if sent.Load() > 0 {
					break
				}
				l.client(43000+i, 1000*uint32(i)+1).open()
			}
			if sent.Load() == 0 {
				t.Error("nothing goes to the replica that is there again")
			}
		})
	}
}
