package core

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

var (
	coreMAC = net.HardwareAddr{2, 0, 0, 0, 0, 1}
	peerMAC = net.HardwareAddr{2, 0, 0, 0, 0, 2}
)

// out is a path that keeps what it is given.
type out struct {
	frames [][]byte
	err    error
}

func (o *out) Name() string { return "out" }
func (o *out) Close() error { return nil }
func (o *out) Send(f []byte) error {
	if o.err == nil {
		o.frames = append(o.frames, bytes.Clone(f))
	}
	return o.err
}

// newRouter has interfaces 1 to 3; 10.n/16 is behind n, 10.2.3/24 behind 3. The path from 1 to 2 carries
// 100 bytes, that from 1 to 3 is missing.
func newRouter(t testing.TB) (*Router, map[string]*out) {
	t.Helper()
	r := New()
	outs := map[string]*out{}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for id := uint32(1); id <= 3; id++ {
		must(r.AddInterface(id, Interface{
			Name: fmt.Sprint(id), Address: netip.AddrFrom4([4]byte{172, 31, 0, byte(id)}), MAC: coreMAC, PeerMAC: peerMAC,
		}))
		must(r.AddRoute(netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(id), 0, 0}), 16), id))
	}
	must(r.AddRoute(netip.MustParsePrefix("10.2.3.0/24"), 3))
	for _, p := range [][2]uint32{{1, 1}, {1, 2}, {2, 1}, {2, 2}, {2, 3}} {
		name := fmt.Sprintf("%d>%d", p[0], p[1])
		outs[name] = &out{}
		path := Path{Port: outs[name]}
		if name == "1>2" {
			path.MTU = 100
		}
		must(r.AddPath(p[0], p[1], path))
	}
	return r, outs
}

// frame builds an IPv4 frame towards the core.
func frame(t testing.TB, ip layers.IPv4, rest ...gopacket.SerializableLayer) []byte {
	t.Helper()
	ip.Version = 4
	if ip.TTL == 0 {
		ip.TTL = 64
	}
	b := gopacket.NewSerializeBuffer()
	all := append([]gopacket.SerializableLayer{
		&layers.Ethernet{SrcMAC: peerMAC, DstMAC: coreMAC, EthernetType: layers.EthernetTypeIPv4}, &ip,
	}, rest...)
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, all...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func udp(src, dst string) layers.IPv4 {
	return layers.IPv4{SrcIP: net.ParseIP(src).To4(), DstIP: net.ParseIP(dst).To4(), Protocol: layers.IPProtocolUDP}
}

func payload(n int) gopacket.Payload {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

// describe tells a frame in a line, and checks lengths and checksums on its way.
func describe(t testing.TB, f []byte) string {
	t.Helper()
	p := gopacket.NewPacket(f, layers.LayerTypeEthernet, gopacket.Default)
	eth, _ := p.Layer(layers.LayerTypeEthernet).(*layers.Ethernet)
	ip, _ := p.Layer(layers.LayerTypeIPv4).(*layers.IPv4)
	if eth == nil || ip == nil {
		t.Fatalf("no IPv4 frame: %x", f)
	}
	if !bytes.Equal(eth.SrcMAC, coreMAC) || !bytes.Equal(eth.DstMAC, peerMAC) {
		t.Errorf("Ethernet %s to %s", eth.SrcMAC, eth.DstMAC)
	}
	if int(ip.Length) != len(f)-14 || checksum(f[14:14+4*int(ip.IHL)]) != 0 {
		t.Errorf("length %d of %d, checksum left %#x", ip.Length, len(f)-14, checksum(f[14:34]))
	}
	s := fmt.Sprintf("%s>%s ttl %d", ip.SrcIP, ip.DstIP, ip.TTL)
	if ip.Flags&layers.IPv4MoreFragments != 0 || ip.FragOffset != 0 {
		return s + fmt.Sprintf(" fragment %d+%d %s", ip.FragOffset*8, len(ip.Payload), ip.Flags)
	}
	if icmp, ok := p.Layer(layers.LayerTypeICMPv4).(*layers.ICMPv4); ok {
		if checksum(ip.Payload) != 0 {
			t.Error("wrong ICMP checksum")
		}
		s += fmt.Sprintf(" icmp %s", icmp.TypeCode)
		if icmp.TypeCode.Type() == layers.ICMPv4TypeDestinationUnreachable {
			s += fmt.Sprintf(" mtu %d", icmp.Seq)
		}
	}
	return s
}

func TestForwarding(t *testing.T) {
	df := func(ip layers.IPv4) layers.IPv4 { ip.Flags = layers.IPv4DontFragment; return ip }
	ttl := func(ip layers.IPv4, n uint8) layers.IPv4 { ip.TTL = n; return ip }
	icmp := func(src, dst string, kind uint8) []byte {
		ip := udp(src, dst)
		ip.Protocol = layers.IPProtocolICMPv4
		return frame(t, ip, &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(kind, 0), Id: 7, Seq: 9}, payload(5))
	}
	with := func(f []byte, at int, b ...byte) []byte {
		copy(f[at:], b)
		return f
	}
	for _, test := range []struct {
		name  string
		from  uint32
		frame []byte
		path  string
		want  []string
		stats Stats
	}{
		{"forward", 1, frame(t, udp("10.1.0.1", "10.1.0.2")), "1>1", []string{"10.1.0.1>10.1.0.2 ttl 63"}, Stats{Forwarded: 1}},
		{"to another", 2, frame(t, udp("10.2.0.1", "10.1.0.2"), payload(1400)), "2>1", []string{"10.2.0.1>10.1.0.2 ttl 63"}, Stats{Forwarded: 1}},
		{"longest prefix", 2, frame(t, udp("10.2.0.1", "10.2.3.2")), "2>3", []string{"10.2.0.1>10.2.3.2 ttl 63"}, Stats{Forwarded: 1}},
		{"padding is cut", 1, append(frame(t, udp("10.1.0.1", "10.1.0.2"), payload(3)), 0, 0, 0), "1>1", []string{"10.1.0.1>10.1.0.2 ttl 63"}, Stats{Forwarded: 1}},
		{"TTL 2", 1, frame(t, ttl(udp("10.1.0.1", "10.1.0.2"), 2)), "1>1", []string{"10.1.0.1>10.1.0.2 ttl 1"}, Stats{Forwarded: 1}},
		{"TTL 1", 2, frame(t, ttl(udp("10.2.0.1", "10.1.0.2"), 1), payload(900)), "2>2", []string{"172.31.0.2>10.2.0.1 ttl 64 icmp TimeExceeded(TTLExceeded)"}, Stats{TTLExceeded: 1, ICMPSent: 1}},
		{"no route", 1, frame(t, udp("10.1.0.1", "11.0.0.1")), "1>1", []string{"172.31.0.1>10.1.0.1 ttl 64 icmp DestinationUnreachable(Net) mtu 0"}, Stats{NoRoute: 1, ICMPSent: 1}},
		{"no path", 1, frame(t, udp("10.1.0.1", "10.3.0.1")), "1>1", nil, Stats{NoPath: 1}},
		{"fits", 1, frame(t, df(udp("10.1.0.1", "10.2.0.1")), payload(80)), "1>2", []string{"10.1.0.1>10.2.0.1 ttl 63"}, Stats{Forwarded: 1}},
		{"too big", 1, frame(t, df(udp("10.1.0.1", "10.2.0.1")), payload(81)), "1>1", []string{"172.31.0.1>10.1.0.1 ttl 64 icmp DestinationUnreachable(FragmentationNeeded) mtu 100"}, Stats{TooBig: 1, ICMPSent: 1}},
		{"fragmented", 1, frame(t, udp("10.1.0.1", "10.2.0.1"), payload(170)), "1>2", []string{
			"10.1.0.1>10.2.0.1 ttl 63 fragment 0+80 MF", "10.1.0.1>10.2.0.1 ttl 63 fragment 80+80 MF", "10.1.0.1>10.2.0.1 ttl 63 fragment 160+10 ",
		}, Stats{Forwarded: 1, Fragmented: 1}},
		{"echo", 2, icmp("10.2.0.1", "172.31.0.2", 8), "2>2", []string{"172.31.0.2>10.2.0.1 ttl 64 icmp EchoReply"}, Stats{LocalAnswered: 1}},
		{"echo to the other side", 2, icmp("10.2.0.1", "172.31.0.1", 8), "2>2", []string{"172.31.0.1>10.2.0.1 ttl 64 icmp EchoReply"}, Stats{LocalAnswered: 1}},
		{"reply to the core", 2, icmp("10.2.0.1", "172.31.0.2", 0), "2>2", nil, Stats{LocalDiscarded: 1}},
		{"UDP to the core", 2, frame(t, udp("10.2.0.1", "172.31.0.2"), payload(9)), "2>2", nil, Stats{LocalDiscarded: 1}},
		{"no error about an error", 1, icmp("10.1.0.1", "11.0.0.1", 3), "1>1", nil, Stats{NoRoute: 1}},
		{"an error about an echo", 1, icmp("10.1.0.1", "11.0.0.1", 8), "1>1", []string{"172.31.0.1>10.1.0.1 ttl 64 icmp DestinationUnreachable(Net) mtu 0"}, Stats{NoRoute: 1, ICMPSent: 1}},
		{"no error about a later fragment", 1, with(frame(t, layers.IPv4{SrcIP: net.IP{10, 1, 0, 1}, DstIP: net.IP{11, 0, 0, 1}, FragOffset: 5}), 0), "1>1", nil, Stats{NoRoute: 1}},
		{"no error to a multicast source", 1, frame(t, udp("224.0.0.1", "11.0.0.1")), "1>1", nil, Stats{NoRoute: 1}},
		{"wrong checksum", 1, with(frame(t, udp("10.1.0.1", "10.1.0.2")), 24, 0, 0), "1>1", nil, Stats{Malformed: 1}},
		{"another's Ethernet address", 1, with(frame(t, udp("10.1.0.1", "10.1.0.2")), 5, 9), "1>1", nil, Stats{NotMine: 1}},
		{"another protocol", 1, with(frame(t, udp("10.1.0.1", "10.1.0.2")), 12, 0x86, 0xdd), "1>1", nil, Stats{Malformed: 1}},
		{"short frame", 1, make([]byte, 13), "1>1", nil, Stats{Malformed: 1}},
		{"cut packet", 1, frame(t, udp("10.1.0.1", "10.1.0.2"), payload(20))[:50], "1>1", nil, Stats{Malformed: 1}},
		{"unknown interface", 9, frame(t, udp("10.1.0.1", "10.1.0.2")), "1>1", nil, Stats{Malformed: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, outs := newRouter(t)
			before := bytes.Clone(test.frame)
			r.Receive(test.from, test.frame)
			if !bytes.Equal(before, test.frame) {
				t.Error("the caller's frame was changed")
			}
			var got []string
			for name, o := range outs {
				for _, f := range o.frames {
					if name != test.path {
						t.Errorf("path %s: %s", name, describe(t, f))
						continue
					}
					got = append(got, describe(t, f))
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if r.Stats() != test.stats {
				t.Errorf("counted %+v, want %+v", r.Stats(), test.stats)
			}
		})
	}
}

// Fragments put together give the packet, also when what is cut is a fragment itself.
func TestFragments(t *testing.T) {
	ip := udp("10.1.0.1", "10.2.0.1")
	ip.FragOffset, ip.Flags = 10, layers.IPv4MoreFragments
	ip.Options = []layers.IPv4Option{{OptionType: 1}, {OptionType: 1}, {OptionType: 1}, {OptionType: 0}}
	p := frame(t, ip, payload(1000))[14:]
	var data []byte
	list := fragments(p, 200)
	for i, f := range list {
		if len(f) > 200 || checksum(f[:24]) != 0 || int(binary.BigEndian.Uint16(f[2:])) != len(f) {
			t.Errorf("fragment %d: %d bytes, checksum left %#x", i, len(f), checksum(f[:24]))
		}
		if want := uint16(10+len(data)/8) | flagMoreFragments; flagsAndOffset(f) != want {
			t.Errorf("fragment %d: %#x, want %#x", i, flagsAndOffset(f), want)
		}
		data = append(data, f[24:]...)
	}
	if !bytes.Equal(data, payload(1000)) || len(list) != 6 {
		t.Errorf("%d fragments with %d bytes", len(list), len(data))
	}
}

func TestLowerTTLKeepsChecksumRight(t *testing.T) {
	for sum := range 0x10000 {
		p := make([]byte, ipv4Header)
		p[0], p[8], p[9] = 0x45, 2, 6
		binary.BigEndian.PutUint16(p[12:], uint16(sum))
		putChecksum(p, 10)
		lowerTTL(p)
		if checksum(p) != 0 || p[8] != 1 {
			t.Fatalf("%x: checksum left %#x", p, checksum(p))
		}
	}
}

func TestARP(t *testing.T) {
	request := func(operation uint16, target string) []byte {
		b := gopacket.NewSerializeBuffer()
		err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{},
			&layers.Ethernet{SrcMAC: peerMAC, DstMAC: layers.EthernetBroadcast, EthernetType: layers.EthernetTypeARP},
			&layers.ARP{
				AddrType: layers.LinkTypeEthernet, Protocol: layers.EthernetTypeIPv4, HwAddressSize: 6, ProtAddressSize: 4, Operation: operation,
				SourceHwAddress: peerMAC, SourceProtAddress: []byte{172, 31, 0, 9}, DstHwAddress: make([]byte, 6), DstProtAddress: net.ParseIP(target).To4(),
			})
		if err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	r, outs := newRouter(t)
	r.Receive(1, request(1, "172.31.0.1"))
	r.Receive(1, request(1, "172.31.0.2")) // not on this link
	r.Receive(1, request(2, "172.31.0.1"))
	r.Receive(1, request(1, "172.31.0.1")[:40])
	if got := outs["1>1"].frames; len(got) != 1 {
		t.Fatalf("%d answers", len(got))
	}
	p := gopacket.NewPacket(outs["1>1"].frames[0], layers.LayerTypeEthernet, gopacket.Default)
	a, _ := p.Layer(layers.LayerTypeARP).(*layers.ARP)
	eth := p.LinkLayer().LinkFlow()
	if a == nil || a.Operation != 2 || !bytes.Equal(a.SourceHwAddress, coreMAC) || !bytes.Equal(a.DstHwAddress, peerMAC) ||
		!bytes.Equal(a.SourceProtAddress, []byte{172, 31, 0, 1}) || !bytes.Equal(a.DstProtAddress, []byte{172, 31, 0, 9}) ||
		!bytes.Equal(eth.Src().Raw(), coreMAC) || !bytes.Equal(eth.Dst().Raw(), peerMAC) {
		t.Errorf("answered %v", p)
	}
	if want := (Stats{LocalAnswered: 1, LocalDiscarded: 2, Malformed: 1}); r.Stats() != want {
		t.Errorf("counted %+v, want %+v", r.Stats(), want)
	}
}

func TestRefusedFramesAreCounted(t *testing.T) {
	r, outs := newRouter(t)
	outs["1>1"].err = errors.New("full")
	r.Receive(1, frame(t, udp("10.1.0.1", "10.1.0.2")))
	r.Receive(1, frame(t, udp("10.1.0.1", "11.1.0.2")))
	if want := (Stats{Refused: 2, NoRoute: 1}); r.Stats() != want {
		t.Errorf("counted %+v, want %+v", r.Stats(), want)
	}
}

func TestBadConfiguration(t *testing.T) {
	r, _ := newRouter(t)
	for name, err := range map[string]error{
		"interface twice":  r.AddInterface(1, Interface{Address: netip.MustParseAddr("1.1.1.1"), MAC: coreMAC, PeerMAC: peerMAC}),
		"IPv6 interface":   r.AddInterface(7, Interface{Address: netip.MustParseAddr("::1"), MAC: coreMAC, PeerMAC: peerMAC}),
		"no MAC":           r.AddInterface(7, Interface{Address: netip.MustParseAddr("1.1.1.1")}),
		"MTU too small":    r.AddPath(1, 1, Path{MTU: 67}),
		"IPv6 route":       r.AddRoute(netip.MustParsePrefix("::/0"), 1),
		"route to another": r.AddRoute(netip.MustParsePrefix("10.1.9.9/16"), 2),
	} {
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// Whatever comes in, the router does not panic and sends only frames with right headers.
func FuzzReceive(f *testing.F) {
	f.Add(frame(f, udp("10.1.0.1", "10.2.0.2"), payload(300)))
	f.Add(frame(f, udp("10.1.0.1", "172.31.0.1"), payload(30)))
	f.Add(frame(f, udp("10.1.0.1", "11.0.0.1"), payload(700)))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, outs := newRouter(t)
		r.Receive(1, data)
		for name, o := range outs {
			for _, sent := range o.frames {
				if binary.BigEndian.Uint16(sent[12:]) == etherTypeARP {
					continue
				}
				if p, ok := ipv4Of(sent[ethernetHeader:]); !ok || len(p) != len(sent)-ethernetHeader {
					t.Errorf("path %s: %x", name, sent)
				}
			}
		}
	})
}
