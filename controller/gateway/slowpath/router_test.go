package slowpath

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/gateway/plan"
	"github.com/firstack/firstack/tables"
	"github.com/firstack/firstack/tests/packet"
)

func routing(down ...uint16) *plan.Routing {
	ports := map[uint16]bool{}
	for _, p := range down {
		ports[p] = true
	}
	return plan.NewRouting(&config.Switch{
		Ports: []config.Port{
			{Port: 1, MAC: config.MAC{2, 0, 0, 0, 0, 1}, Addresses: []netip.Prefix{netip.MustParsePrefix("172.16.0.1/30")}},
			{Port: 2, MAC: config.MAC{2, 0, 0, 0, 0, 2}, Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/16")}},
			{Port: 3, MAC: config.MAC{2, 0, 0, 0, 0, 3}}, // without an address
		},
		Routes:    []config.Route{{Prefix: netip.MustParsePrefix("198.51.100.0/24"), Port: 1, Via: netip.MustParseAddr("172.16.0.2")}},
		Neighbors: []config.Neighbor{{Address: netip.MustParseAddr("10.0.0.5"), Port: 2, MAC: config.MAC{2, 0, 0, 0, 0, 5}}},
	}, ports)
}

func frame(text string) []byte { return packet.MustParse(text).Build() }

// texts writes frames as text, with the port before, and checks their checksums.
func texts(t *testing.T, out []Out) string {
	t.Helper()
	var lines []string
	for _, o := range out {
		if err := packet.CheckFrame(o.Frame); err != nil {
			t.Errorf("%s: %v", packet.Decode(o.Frame), err)
		}
		lines = append(lines, string('0'+rune(o.Port))+": "+packet.Decode(o.Frame).String())
	}
	return strings.Join(lines, "\n")
}

func TestAnswers(t *testing.T) {
	const from = "eth aa>02 / ip 10.0.7.7>"
	for _, c := range []struct {
		name string
		port uint16
		why  Reason
		in   string
		want string // how the answer begins; empty: none
	}{
		{"time exceeded", 2, TTL, from + "198.51.100.9 ttl=1 / tcp 5>80 S", "2: eth 02>aa / ip 10.0.0.1>10.0.7.7 df dscp=48 / icmp ttl-exceeded / quote 40 / ip 10.0.7.7>198.51.100.9 ttl=1 / tcp 5>80 S"},
		{"at most 548 bytes are quoted", 2, TTL, from + "198.51.100.9 ttl=1 / udp 5>80 / payload 1400", "2: eth 02>aa / ip 10.0.0.1>10.0.7.7 df dscp=48 / icmp ttl-exceeded / quote 548"},
		{"not about an ICMP error", 2, TTL, from + "198.51.100.9 ttl=1 / icmp port-unreachable / quote 28 / ip 1.1.1.1>10.0.7.7 / udp 1>2", ""},
		{"but about an echo", 2, TTL, from + "198.51.100.9 ttl=1 / icmp echo-request", "2: eth 02>aa / ip 10.0.0.1>10.0.7.7 df dscp=48 / icmp ttl-exceeded"},
		{"not about a later fragment", 2, TTL, from + "198.51.100.9 ttl=1 frag=8 / payload 16", ""},
		{"not to a group", 2, TTL, "eth aa>02 / ip 224.0.0.5>198.51.100.9 ttl=1 / udp 1>2", ""},
		{"not to nobody", 2, TTL, "eth aa>02 / ip 0.0.0.0>198.51.100.9 ttl=1 / udp 1>2", ""},
		{"not about a group", 2, TTL, from + "224.0.0.5 ttl=1 / udp 1>2", ""},
		{"not about a broadcast frame", 2, TTL, "eth aa>bcast / ip 10.0.7.7>198.51.100.9 ttl=1 / udp 1>2", ""},
		{"not from a port without address", 3, TTL, from + "198.51.100.9 ttl=1 / udp 1>2", ""},
		{"truncated", 2, TTL, from + "198.51.100.9 ttl=1 len=4000 / udp 1>2", ""},
		{"echo", 2, Local, from + "10.0.0.1 / icmp echo-request id=7 seq=9 / payload 20", "2: eth 02>aa / ip 10.0.0.1>10.0.7.7 df / icmp echo-reply id=7 seq=9 / payload 20"},
		{"a broken echo", 2, Local, from + "10.0.0.1 / icmp echo-request id=7 csum=0x1234 / payload 20", ""},
		{"an echo reply", 2, Local, from + "10.0.0.1 / icmp echo-reply id=7", ""},
		{"UDP to the switch", 2, Local, from + "10.0.0.1 / udp 5>33434", "2: eth 02>aa / ip 10.0.0.1>10.0.7.7 df dscp=48 / icmp port-unreachable"},
		{"TCP to the switch", 2, Local, from + "10.0.0.1 / tcp 5>22 S", ""},
		{"another protocol to the switch", 2, Local, from + "10.0.0.1 proto=47 / payload 8", "2: eth 02>aa / ip 10.0.0.1>10.0.7.7 df dscp=48 / icmp 3/2"},
		{"no network", 2, NoRoute, from + "203.0.113.1 / tcp 5>80 S", "2: eth 02>aa / ip 10.0.0.1>10.0.7.7 df dscp=48 / icmp net-unreachable"},
		{"a neighbor known by configuration", 1, NoRoute, "eth aa>01 / ip 198.51.100.9>10.0.0.5 / udp 5>80", "2: eth 02>05 / ip 198.51.100.9>10.0.0.5 / udp 5>80"},
		{"garbage", 2, NoRoute, "eth aa>02 type=0x0800 / payload 3", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := New(routing())
			out, changed := r.Packet(c.port, c.why, frame(c.in), 0)
			got := texts(t, out)
			if changed || (c.want == "") != (got == "") || !strings.HasPrefix(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			if ignored := r.Stats().Ignored == 1; ignored != (c.want == "") {
				t.Errorf("%+v", r.Stats())
			}
		})
	}
}

func TestRateLimit(t *testing.T) {
	for why, text := range map[Reason]string{
		TTL:   "eth aa>02 / ip 10.0.7.7>198.51.100.9 ttl=1 / tcp 5>80 S",
		Local: "eth aa>02 / ip 10.0.7.7>10.0.0.1 / icmp echo-request",
	} {
		r := New(routing())
		in, sent := frame(text), 0
		for i := range 1000 {
			out, _ := r.Packet(2, why, in, time.Duration(i)*time.Millisecond)
			sent += len(out)
		}
		if sent < 190 || sent > 201 || r.Stats().Limited != uint64(1000-sent) {
			t.Errorf("%s: %d answers in a second, %+v", text, sent, r.Stats())
		}
	}
}

const reply = "eth 77>02 / arp reply sha=77 spa=10.0.7.7 tha=02 tpa=10.0.0.1"

func TestResolves(t *testing.T) {
	r := New(routing())
	for i, payload := range []string{"1", "2"} {
		out, _ := r.Packet(1, NoRoute, frame("eth fe>01 / ip 198.51.100.9>10.0.7.7 ttl=9 / udp 5>80 / payload \""+payload+"\""), 0)
		if len(out) != 0 {
			t.Errorf("packet %d: %s", i, texts(t, out))
		}
	}
	out, changed := r.Tick(0)
	if got := texts(t, out); got != "2: eth 02>bcast / arp request sha=02 spa=10.0.0.1 tpa=10.0.7.7" || changed {
		t.Errorf("asked %q, changed %v", got, changed)
	}
	if out, _ = r.Tick(900 * time.Millisecond); len(out) != 0 {
		t.Errorf("asked again after 0.9 s: %s", texts(t, out))
	}
	out, changed = r.Packet(2, ARP, frame(reply), time.Second)
	if got := texts(t, out); got != "2: eth 02>77 / ip 198.51.100.9>10.0.7.7 ttl=9 / udp 5>80 / payload \"2\"" || !changed {
		t.Errorf("sent %q, changed %v", got, changed)
	}
	hop := plan.Hop{Port: 2, Address: netip.MustParseAddr("10.0.7.7")}
	if r.Neighbors()[hop] != (tables.MAC{2, 0, 0, 0, 0, 0x77}) {
		t.Errorf("neighbors %v", r.Neighbors())
	}

	// A minute later it is asked to confirm, itself; when it is silent, everybody is; and then it is forgotten.
	now := 62 * time.Second
	out, _ = r.Tick(now)
	if got := texts(t, out); got != "2: eth 02>77 / arp request sha=02 spa=10.0.0.1 tpa=10.0.7.7" {
		t.Errorf("confirmation %q", got)
	}
	for range 2 {
		now += time.Second
		out, changed = r.Tick(now)
		if got := texts(t, out); got != "2: eth 02>bcast / arp request sha=02 spa=10.0.0.1 tpa=10.0.7.7" || changed {
			t.Errorf("%q, changed %v", got, changed)
		}
	}
	if _, changed = r.Tick(now + time.Second); !changed || len(r.Neighbors()) != 0 {
		t.Errorf("changed %v, neighbors %v", changed, r.Neighbors())
	}
}

func TestNobodyAnswers(t *testing.T) {
	r := New(routing())
	r.Packet(2, NoRoute, frame("eth aa>02 / ip 10.0.9.9>10.0.7.7 / tcp 5>80 S"), 0)
	var got string
	for s := range 5 {
		out, _ := r.Tick(time.Duration(s) * time.Second)
		got += texts(t, out) + "\n"
	}
	if strings.Count(got, "arp request") != 3 || strings.Count(got, "icmp host-unreachable") != 1 {
		t.Error(got)
	}
	if r.Stats().Unanswered != 1 || len(r.asking.hops) != 0 || r.asking.asking != 0 {
		t.Errorf("%+v, %+v", r.Stats(), r.asking)
	}
}

func TestOnlyWhatWasAskedForIsLearned(t *testing.T) {
	r := New(routing())
	for _, in := range []string{reply, "eth 77>02 / arp request sha=77 spa=10.0.7.7 tpa=10.0.0.1", "eth 77>02 / payload 60"} {
		if out, changed := r.Packet(2, ARP, frame(in), 0); changed || len(out) != 0 {
			t.Errorf("%s: %v", in, out)
		}
	}
	r.Packet(1, NoRoute, frame("eth fe>01 / ip 198.51.100.9>10.0.7.7 / udp 5>80"), 0)
	if _, changed := r.Packet(1, ARP, frame(reply), 0); changed {
		t.Error("learned on a port where nobody asked")
	}
	for _, sha := range []string{"bcast", "00:00:00:00:00:00", "03:00:00:00:00:01"} {
		if _, changed := r.Packet(2, ARP, frame(strings.Replace(reply, "sha=77", "sha="+sha, 1)), 0); changed {
			t.Errorf("learned %s", sha)
		}
	}
	if len(r.Neighbors()) != 0 {
		t.Errorf("%v", r.Neighbors())
	}
}

func TestWanted(t *testing.T) {
	r := New(routing())
	via, server := plan.Hop{Port: 1, Address: netip.MustParseAddr("172.16.0.2")}, plan.Hop{Port: 2, Address: netip.MustParseAddr("10.0.8.8")}
	static := plan.Hop{Port: 2, Address: netip.MustParseAddr("10.0.0.5")}
	r.Configure(routing(), []plan.Hop{via, server, static})
	out, _ := r.Tick(0)
	if got := texts(t, out); got != "1: eth 01>bcast / arp request sha=01 spa=172.16.0.1 tpa=172.16.0.2\n2: eth 02>bcast / arp request sha=02 spa=10.0.0.1 tpa=10.0.8.8" {
		t.Error(got)
	}
	asked := 0
	for s := 1; s < 60; s++ {
		out, _ = r.Tick(time.Duration(s) * time.Second)
		asked += len(out)
	}
	if asked < 30 || asked > 60 {
		t.Errorf("%d requests for two silent hops in a minute", asked)
	}
	r.Packet(1, ARP, frame("eth fe>01 / arp reply sha=fe spa=172.16.0.2 tha=01 tpa=172.16.0.1"), time.Minute)
	r.Configure(routing(), []plan.Hop{via})
	if len(r.Neighbors()) != 1 {
		t.Errorf("%v", r.Neighbors())
	}
	bare := plan.NewRouting(&config.Switch{}, nil)
	r.Configure(bare, nil)
	if len(r.Neighbors()) != 0 || r.asking.asking != 0 || r.asking.learned != 0 {
		t.Errorf("%+v", r.asking)
	}
}

// Nobody is asked for behind a port that is down, nor forgotten, and who waits for an answer from there is told; when it is
// up again everybody is asked at once.
func TestDown(t *testing.T) {
	r := New(routing())
	via := plan.Hop{Port: 1, Address: netip.MustParseAddr("172.16.0.2")}
	r.Configure(routing(), []plan.Hop{via})
	r.Tick(0)
	r.Packet(1, ARP, frame("eth fe>01 / arp reply sha=fe spa=172.16.0.2 tha=01 tpa=172.16.0.1"), 0)
	r.Packet(2, NoRoute, frame("eth aa>02 / ip 10.0.7.7>10.0.8.8 / tcp 5>80 S"), time.Second)
	r.Configure(routing(1, 2), []plan.Hop{via})
	out, _ := r.Tick(2 * time.Second)
	if got := texts(t, out); !strings.HasPrefix(got, "2: eth 02>aa / ip 10.0.0.1>10.0.7.7 df dscp=48 / icmp host-unreachable") || len(out) != 1 {
		t.Errorf("down: %s", got)
	}
	for s := 3; s < 600; s++ {
		if out, changed := r.Tick(time.Duration(s) * time.Second); len(out) != 0 || changed {
			t.Fatalf("after %d s down: %s, %v", s, texts(t, out), changed)
		}
	}
	if n := r.Neighbors(); len(n) != 1 || r.asking.asking != 0 {
		t.Errorf("known: %v, %+v", n, r.asking)
	}
	r.Configure(routing(), []plan.Hop{via})
	r.Tick(600 * time.Second)
	r.Packet(1, ARP, frame("eth fe>01 / arp reply sha=fe spa=172.16.0.2 tha=01 tpa=172.16.0.1"), 600*time.Second) // good for a minute
	r.Configure(routing(1), []plan.Hop{via})
	r.Configure(routing(), []plan.Hop{via})
	out, _ = r.Tick(602 * time.Second)
	if got := texts(t, out); got != "1: eth 01>fe / arp request sha=01 spa=172.16.0.1 tpa=172.16.0.2" {
		t.Errorf("up: %s", got)
	}
}

func TestBounded(t *testing.T) {
	r := New(routing())
	p := packet.MustParse("eth fe>01 / ip 198.51.100.9>10.0.0.9 / udp 5>80")
	for i := range 3000 {
		a := netip.AddrFrom4([4]byte{10, 0, byte(16 + i/250), byte(1 + i%250)})
		for _, layer := range p.Layers {
			if ip, ok := layer.(*packet.IPv4); ok {
				ip.Dst = a
			}
		}
		r.Packet(1, NoRoute, p.Build(), 0)
	}
	if len(r.asking.hops) != maxAsking || r.Stats().Overflowing != 3000-maxAsking {
		t.Errorf("%d asked for, %+v", len(r.asking.hops), r.Stats())
	}
}

func TestRestored(t *testing.T) {
	r := New(routing())
	hop := plan.Hop{Port: 2, Address: netip.MustParseAddr("10.0.7.7")}
	r.Restore(plan.Neighbors{hop: {2, 0, 0, 0, 0, 0x66}}, 0)
	r.Configure(routing(), nil)
	if len(r.Neighbors()) != 1 {
		t.Fatalf("%v", r.Neighbors())
	}
	r.Tick(2 * time.Second)
	if _, changed := r.Packet(2, ARP, frame(reply), 2*time.Second); !changed || r.Neighbors()[hop] != (tables.MAC{2, 0, 0, 0, 0, 0x77}) {
		t.Errorf("changed %v, %v", changed, r.Neighbors())
	}
}

func TestEnds(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"eth aa>02 / ip 10.0.7.7>198.51.100.9 / tcp 5>80 A", "10.0.7.7:5 198.51.100.9:80 false true"},
		{"eth aa>02 / ip 198.51.100.9>10.0.7.7 / ip 192.0.2.1>10.0.7.7 / tcp 80>5 A", "192.0.2.1:80 10.0.7.7:5 true true"},
		{"eth aa>02 / ip 10.0.7.7>198.51.100.9 / udp 5>80", "invalid AddrPort invalid AddrPort false false"},
		{"eth aa>02 / ip 10.0.7.7>198.51.100.9 frag=8 proto=6 / payload 16", "invalid AddrPort invalid AddrPort false false"},
		{"eth aa>02 / ip 10.0.7.7>198.51.100.9 proto=4 / payload 3", "invalid AddrPort invalid AddrPort true false"},
	} {
		from, to, tunnel, ok := Ends(frame(c.in))
		if got := fmt.Sprint(from, to, tunnel, ok); got != c.want {
			t.Errorf("%s: %s, want %s", c.in, got, c.want)
		}
	}
}
