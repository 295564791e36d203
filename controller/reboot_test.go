package controller_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/tests/packet"
)

var (
	reboots    = flag.Int("reboots", 3, "how often TestSwitchComesBackUnderLoad takes each kind of switch away")
	rebootSeed = flag.Uint64("reboot-seed", 0, "the seed of TestSwitchComesBackUnderLoad; 0: from the clock")
)

// neighborly has the client answer ARP instead of being configured, as clients do.
func (l *lab) neighborly(c *config.Config) {
	c.Switches[0].Neighbors = slices.DeleteFunc(c.Switches[0].Neighbors, func(n config.Neighbor) bool {
		return n.Address.String() == clientAddr
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	answer := packet.MustParse(fmt.Sprintf("eth 41>81 / arp reply sha=41 spa=%s tha=81 tpa=10.0.0.1", clientAddr)).Build()
	l.hosts[netip.Addr{}] = func(l *lab, frame []byte) { // what is not IPv4
		for _, layer := range packet.Decode(frame).Layers {
			if a, ok := layer.(*packet.ARP); ok && a.Operation == 1 && a.TargetIP.String() == clientAddr {
				l.switches["cg"].receive(lan, answer)
			}
		}
	}
}

// strict has the client and the origin, which policy never keeps out of everything, refuse what they must not see. The client's own
// function has to be there.
func (l *lab) strict() {
	l.mu.Lock()
	defer l.mu.Unlock()
	client := l.hosts[netip.MustParseAddr(clientAddr)]
	l.hosts[netip.MustParseAddr(clientAddr)] = func(l *lab, frame []byte) {
		p := packet.Decode(frame)
		if _, inner := p.Layers[min(2, len(p.Layers)-1)].(*packet.IPv4); inner {
			l.t.Errorf("%s: the client sees a tunnel: %v", time.Now().Format("05.000000"), p)
			return
		}
		client(l, frame)
	}
	l.hosts[netip.MustParseAddr(serverAddr)] = func(l *lab, frame []byte) {
		l.t.Errorf("%s: the origin sees %v", time.Now().Format("05.000000"), packet.Decode(frame))
	}
}

// stream sends what both ends of open connections have to say, all the time.
func (l *lab) stream(open map[string][]*client) (stop func()) {
	type talk struct {
		device string
		frame  []byte
	}
	var all []talk
	for form, list := range open {
		for _, one := range list {
			from := netip.MustParseAddr(replicaAddrs[form])
			seq := 5000 + uint32(from.As4()[2])
			all = append(all, talk{"rg" + form, packet.MustParse(fmt.Sprintf(
				"eth 44>81 / ip %v>%s df / tcp 8080>%d PA seq=%d ack=%d / payload \"more\"", from, clientAddr, one.port, seq+1, one.isn+1)).Build()})
			all = append(all, talk{"cg", packet.MustParse(fmt.Sprintf(
				"eth 41>81 / ip %s>%s df / tcp %d>80 A seq=%d ack=%d", clientAddr, serverAddr, one.port, one.isn+1, seq+1)).Build()})
		}
	}
	done := make(chan struct{})
	var talking sync.WaitGroup
	talking.Go(func() {
		pace := time.NewTicker(time.Millisecond)
		defer pace.Stop()
		for i := 0; ; {
			select {
			case <-done:
				return
			case <-pace.C:
			}
			for range 4 {
				t := all[i%len(all)]
				l.switches[t.device].receive(lan, t.frame)
				i++
			}
		}
	})
	return func() { close(done); talking.Wait() }
}

// answered asks over a connection until the answer comes: what is under way while a switch is down is lost.
func (c *client) answered(want string, within time.Duration) error {
	end := time.Now().Add(within)
	for time.Now().Before(end) {
		c.send(fmt.Sprintf("PA seq=%d ack=1 / payload \"get\"", c.isn+1))
		for wait := time.After(50 * time.Millisecond); ; {
			select {
			case s := <-c.in:
				switch got := string(s.payload); {
				case got == want:
					return nil
				case strings.HasPrefix(got, "from "):
					return fmt.Errorf("port %d: %q, want %q", c.port, got, want)
				}
				continue
			case <-wait:
			}
			break
		}
	}
	return fmt.Errorf("port %d: no answer within %v", c.port, within)
}

// reached opens a connection over a network that may still lose its SYN.
func (c *client) reached(within time.Duration) error {
	for end := time.Now().Add(within); time.Now().Before(end); {
		c.syn()
		select {
		case s := <-c.in:
			if s.Flags != packet.SYN|packet.ACK || s.Ack != c.isn+1 {
				return fmt.Errorf("port %d: no SYN-ACK but %+v", c.port, s.TCP)
			}
			c.send(fmt.Sprintf("A seq=%d ack=%d", c.isn+1, s.Seq+1))
			return nil
		case <-time.After(200 * time.Millisecond):
		}
	}
	return fmt.Errorf("port %d: no SYN-ACK within %v", c.port, within)
}

// TestSwitchComesBackUnderLoad takes gateways away while connections of every configuration are busy, again and again.
// Nobody sees a packet that is not meant for him, every connection goes on, and new ones work soon.
func TestSwitchComesBackUnderLoad(t *testing.T) {
	seed := *rebootSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-reboot-seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	l := newLab(t)
	c := network(config.OriginNever, "A", "B", "C")
	l.build(c)
	l.neighborly(c)
	k := l.control(c)
	var port atomic.Uint32
	port.Store(40000)
	open := map[string][]*client{}
	connect := func(form string, n int) {
		l.only(form)
		for range n {
			p := port.Add(1)
			one := l.client(uint16(p), 1000*p)
			one.open()
			open[form] = append(open[form], one)
		}
	}
	forms := []string{"A", "B", "C"}
	connect("A", 1) // which has the client's function made
	l.strict()
	for _, form := range forms {
		connect(form, 10)
	}
	k.translated(31)
	check := func(when string) {
		t.Helper()
		for form, list := range open {
			for _, one := range list {
				if err := one.answered("from "+replicaAddrs[form], 5*time.Second); err != nil {
					t.Errorf("%s, %s: %v", when, form, err)
				}
			}
		}
	}
	check("at first")
	stop := l.stream(open)
	defer func() { stop() }()
	for i := range *reboots {
		for _, name := range []string{"cg", "sg", "rgA", "rgB", "rgC"} {
			when := fmt.Sprintf("%s for the %d. time", name, i+1)
			down := time.Duration(random.IntN(300)) * time.Millisecond
			time.Sleep(time.Duration(random.IntN(50)) * time.Millisecond) // the moment of the crash
			l.switches[name].halt()
			time.Sleep(down)
			l.switches[name].boot()
			if again := random.IntN(2); again > 0 { // and once more while it is being filled
				time.Sleep(time.Duration(random.IntN(60)) * time.Millisecond)
				l.switches[name].halt()
				l.switches[name].boot()
				when += ", twice"
			}
			check(when)
			if t.Failed() {
				return
			}
		}
		l.only(forms[i%3])
		p := port.Add(1)
		fresh := l.client(uint16(p), 1000*p)
		if err := fresh.reached(5 * time.Second); err != nil {
			t.Error(err)
		}
		if err := fresh.answered("from "+replicaAddrs[forms[i%3]], 5*time.Second); err != nil {
			t.Error(err)
		}
		stop()
		open[forms[i%3]] = append(open[forms[i%3]], fresh)
		k.translated(32 + i)
		stop = l.stream(open)
	}
}
