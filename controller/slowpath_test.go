package controller_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/tests/packet"
)

// sees waits for a frame that leaves a switch towards nobody in particular.
func (l *lab) sees(part string) {
	l.t.Helper()
	deadline := time.After(time.Minute)
	var seen []string
	for {
		select {
		case got := <-l.events:
			if strings.Contains(got, part) {
				return
			}
			seen = append(seen, got)
		case <-deadline:
			l.t.Fatalf("no %q, but\n%s", part, strings.Join(seen, "\n"))
		}
	}
}

func (l *lab) receive(name string, port uint32, text string) {
	l.switches[name].sw.Receive(port, packet.MustParse(text).Build())
}

func TestRouterSpeaks(t *testing.T) {
	l := newLab(t)
	c := network(config.OriginStandby)
	c.Services = nil
	c.Switches = c.Switches[:1]
	c.Switches[0].Routes[0].Prefix = netip.MustParsePrefix("198.51.100.0/24")
	l.add("cg", "10.0.0.0/24")
	k := l.control(c)

	// Somebody whom nobody has heard of: asked for, and then given the packet that waited.
	l.receive("cg", wan, "eth fe>01 / ip 198.51.100.9>10.0.0.77 / udp 1>2 / payload \"held\"")
	l.sees("arp request sha=81 spa=10.0.0.1 tpa=10.0.0.77")
	l.receive("cg", lan, "eth 77>81 / arp reply sha=77 spa=10.0.0.77 tha=81 tpa=10.0.0.1")
	l.sees("eth 81>77 / ip 198.51.100.9>10.0.0.77 ttl=63 / udp 1>2 / payload \"held\"")
	k.settle()
	before := packetIns(t, k)
	l.receive("cg", wan, "eth fe>01 / ip 198.51.100.9>10.0.0.77 / udp 1>2 / payload \"routed\"")
	l.sees("eth 81>77 / ip 198.51.100.9>10.0.0.77 ttl=63 / udp 1>2 / payload \"routed\"")
	if after := packetIns(t, k); after != before {
		t.Errorf("%d packets went to the controller, %d before: the route was not written", after, before)
	}

	l.receive("cg", lan, "eth 77>81 / ip 10.0.0.77>198.51.100.9 ttl=1 / udp 1>2")
	l.sees("eth 81>77 / ip 10.0.0.1>10.0.0.77 df dscp=48 / icmp ttl-exceeded")
	l.receive("cg", lan, "eth 77>81 / ip 10.0.0.77>10.0.0.1 / icmp echo-request id=3 seq=4 / payload 9")
	l.sees("eth 81>77 / ip 10.0.0.1>10.0.0.77 df / icmp echo-reply id=3 seq=4 / payload 9")
	l.receive("cg", lan, "eth 77>81 / ip 10.0.0.77>203.0.113.9 / udp 1>2")
	l.sees("eth 81>77 / ip 10.0.0.1>10.0.0.77 df dscp=48 / icmp net-unreachable")

	// The next controller finds what this one had learned.
	k.stop()
	k = l.control(c)
	l.receive("cg", wan, "eth fe>01 / ip 198.51.100.9>10.0.0.77 / udp 1>2 / payload \"again\"")
	l.sees("eth 81>77 / ip 198.51.100.9>10.0.0.77 ttl=63 / udp 1>2 / payload \"again\"")
	if n := packetIns(t, k); n != 0 {
		t.Errorf("%d packets went to the next controller", n)
	}
}

func packetIns(t *testing.T, k *running) uint64 {
	t.Helper()
	sessions, err := k.Sessions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return sessions[0].Stats.Packets
}

// TestHealthDecidesWhoIsRaced has a replica die and come back.
func TestHealthDecidesWhoIsRaced(t *testing.T) {
	l := newLab(t)
	c := network(config.OriginStandby, "A", "C")
	c.Health = config.Health{Interval: 100 * time.Millisecond, Timeout: 100 * time.Millisecond, Rise: 2, Fall: 2}
	l.build(c)
	var dead atomic.Bool
	l.probe = func(_ context.Context, _, address string) (net.Conn, error) {
		if dead.Load() && strings.HasPrefix(address, replicaAddrs["A"]) {
			return nil, errors.New("connection refused")
		}
		ours, theirs := net.Pipe()
		theirs.Close()
		return ours, nil
	}
	k := l.control(c)
	raced := func(want string) {
		t.Helper()
		k.until(want+" raced", func() error {
			services, err := k.Services(t.Context())
			if err != nil || strings.Join(services[0].Raced, " ") != want {
				return errors.Join(err, errors.New(strings.Join(services[0].Raced, " ")))
			}
			return k.Ready(t.Context())
		})
	}
	raced("replica-A replica-C")
	dead.Store(true)
	raced("replica-C")
	port := uint16(40000)
	served := func() string {
		port++
		one := l.client(port, 1)
		one.open()
		return one.ask()
	}
	// The gateways hear of it a moment later.
	k.until("connections go to C", func() error {
		if got := served(); got != "from "+replicaAddrs["C"] {
			return errors.New(got)
		}
		return nil
	})
	for range 5 {
		if got := served(); got != "from "+replicaAddrs["C"] {
			t.Errorf("%q", got)
		}
	}
	replicas, err := k.Replicas(t.Context())
	if err != nil || replicas[0].Health != "dead" || replicas[0].Error == "" || replicas[1].Health != "active" {
		t.Errorf("%+v, %v", replicas, err)
	}
	dead.Store(false)
	raced("replica-A replica-C")
}

// TestBackupWaits runs two controllers at one network: one has the switches, the other takes over when it ends.
func TestBackupWaits(t *testing.T) {
	l := newLab(t)
	c := network(config.OriginStandby, "A")
	c.Controller.ElectionID.Low = 10
	l.build(c)
	first := l.control(c)
	one := l.client(40000, 1)
	one.open()
	first.translated(1)

	lower := edited(t, c, func(c *config.Config) { c.Controller.ElectionID.Low = 5 })
	second := l.launch(lower)
	second.until("backup", func() error {
		sessions, err := second.Sessions(t.Context())
		if err != nil {
			return err
		}
		for _, s := range sessions {
			if s.State != "backup" {
				return errors.New(s.Switch + ": " + s.State)
			}
		}
		return nil
	})
	first.stop()
	second.settle()
	second.translated(1)
	if got := one.ask(); got != "from "+replicaAddrs["A"] {
		t.Errorf("%q", got)
	}
}
