package packet

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// samples are canonical texts: String gives them back.
var samples = []string{
	"eth aa>bb / ip 10.1.0.2>198.51.100.10 ttl=63 df / tcp 40000>80 S seq=1000 mss=1460 / payload 3",
	"eth aa>02:11:00:00:00:01 / ip 10.1.0.2>198.51.100.10 id=0x1234 dscp=46 ecn=1 / tcp 40000>80 S seq=1000 win=1000 tag=permitted,attempt=0,gw=7 mss=1460 sackok ts=1,2 nop ws=7",
	"eth aa>bb / ip 1.2.3.4>5.6.7.8 / tcp 1>2 SA seq=4294967295 ack=1001 tag=answer,direct,attempt=7,gw=65535,epoch=3,mac=0xdeadbeef,res=3",
	"eth aa>bb / ip 1.2.3.4>5.6.7.8 csum=+0x0001 / tcp 1>2 - csum=+0x0100 / payload \"GET / HTTP/1.1\"",
	"eth aa>bb / ip 9.9.9.9>5.6.7.8 df / ip 1.2.3.4>5.6.7.8 ttl=3 / tcp 1>2 RA / payload hex:00ff",
	"eth aa>bb / ip 9.9.9.9>5.6.7.8 / icmp frag-needed mtu=1480 / quote 28 / ip 1.2.3.4>5.6.7.8 ttl=1 len=1500 / tcp 1>2 - seq=77",
	"eth aa>bb / ip 9.9.9.9>5.6.7.8 / icmp ttl-exceeded / quote 48 / ip 9.9.9.1>5.6.7.8 / ip 1.2.3.4>5.6.7.8 / tcp 1>2 - seq=77",
	"eth aa>bb / ip 9.9.9.9>5.6.7.8 / icmp echo-request id=1 seq=2 / payload 56",
	"eth aa>bb / ip 9.9.9.9>5.6.7.8 mf opts=94040000 / udp 53>54 / payload 8",
	"eth aa>bb / ip 9.9.9.9>5.6.7.8 frag=1480 proto=6 / payload 100",
	"eth aa>bcast / arp request sha=aa spa=10.1.0.2 tpa=10.1.0.1",
	"eth aa>bb / arp reply sha=aa spa=10.1.0.2 tha=bb tpa=10.1.0.1 / trailer hex:0000000000000000000000000000000000",
	"eth aa>bb type=0x86dd / payload 40",
	"eth aa>bb / ip 1.2.3.4>5.6.7.8 / tcp 1>2 FPUEC urg=3 res=9 sack=1-2,3-4 nop nop opt=34:0102 rawopt=05010000",
	"eth aa>bb / ip 1.2.3.4>5.6.7.8 / tcp 1>2 A / trailer hex:000000000000",
}

func TestTextRoundTrip(t *testing.T) {
	for _, text := range samples {
		p, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if p.String() != text {
			t.Errorf("String:\nwant %s\ngot  %s", text, p)
		}
		frame := p.Build()
		if got := Decode(frame).String(); got != text {
			t.Errorf("Decode:\nwant %s\ngot  %s\n(%s)", text, got, hex.EncodeToString(frame))
		}
		lines, err := Parse("# a comment\n" + p.Lines() + "\n")
		if err != nil || !bytes.Equal(lines.Build(), frame) {
			t.Errorf("%s: one line per layer builds something else (%v)", text, err)
		}
	}
}

// TestAgainstGopacket lets another implementation read the frames and verify their checksums.
func TestAgainstGopacket(t *testing.T) {
	frame := MustParse(samples[1]).Build()
	p := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default)
	if p.ErrorLayer() != nil {
		t.Fatal(p.ErrorLayer().Error())
	}
	ip := p.NetworkLayer().(*layers.IPv4)
	tcp := p.TransportLayer().(*layers.TCP)
	if ip.Id != 0x1234 || ip.TOS != 46<<2|1 || ip.TTL != 64 || int(ip.Length) != len(frame)-14 {
		t.Errorf("IPv4: %+v", ip)
	}
	if !tcp.SYN || tcp.Seq != 1000 || tcp.SrcPort != 40000 || tcp.DstPort != 80 || tcp.DataOffset != 13 {
		t.Errorf("TCP: %+v", tcp)
	}
	if got := tcp.Options[0].String(); !strings.Contains(got, "253") {
		t.Errorf("the first option is %s", got)
	}
	// gopacket serialises the same layers with checksums of its own.
	buffer := gopacket.NewSerializeBuffer()
	if err := tcp.SetNetworkLayerForChecksum(ip); err != nil {
		t.Fatal(err)
	}
	options := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	ethernet := p.LinkLayer().(*layers.Ethernet)
	if err := gopacket.SerializeLayers(buffer, options, ethernet, ip, tcp); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(buffer.Bytes(), frame) {
		t.Errorf("gopacket builds\n%x, we\n%x", buffer.Bytes(), frame)
	}
}

func TestBuilder(t *testing.T) {
	got := New().Eth("aa", "bb").IP("10.1.0.2", "198.51.100.10").TTL(63).DF().TrafficClass(10, 2).
		TCP(40000, 80, "S").Seq(1000).Window(5).Options(Tag{Permitted: true, Gateway: 7}.Option(), MSS(1460), SACKPermitted(), WindowScale(7)).
		Payload(Pattern(3)).Packet().String()
	want := "eth aa>bb / ip 10.1.0.2>198.51.100.10 ttl=63 df dscp=10 ecn=2 / " +
		"tcp 40000>80 S seq=1000 win=5 tag=permitted,attempt=0,gw=7 mss=1460 sackok ws=7 / payload 3"
	if got != want {
		t.Errorf("want %s\ngot  %s", want, got)
	}
	got = New().Eth("aa", "bb").IP("9.9.9.9", "5.6.7.8").IPChecksum(Wrong(1)).ICMPError(3, 4, 1400, 28).
		IP("5.6.7.8", "1.2.3.4").Fragment(9, 8, true).TCP(1, 2, "A").Ack(3).TCPChecksum(Fixed(4)).Packet().String()
	want = "eth aa>bb / ip 9.9.9.9>5.6.7.8 csum=+0x0001 / icmp frag-needed mtu=1400 / quote 28 / " +
		"ip 5.6.7.8>1.2.3.4 id=0x0009 mf frag=8 / tcp 1>2 A ack=3 csum=0x0004"
	if got != want {
		t.Errorf("want %s\ngot  %s", want, got)
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"eth aa>bb / ipx 1>2":                       "layer 2 (ipx 1>2): unknown layer \"ipx\"",
		"eth aa>zz":                                 "not a MAC address",
		"eth aa":                                    "source>destination expected",
		"ip 1.2.3.4>5.6.7":                          "not an IPv4 address",
		"ip 1.2.3.4>::1":                            "not an IPv4 address",
		"ip 1.2.3.4>5.6.7.8 ttl=256":                "not a number of 8 bits",
		"ip 1.2.3.4>5.6.7.8 tll=3":                  "unknown field \"tll\"",
		"ip 1.2.3.4>5.6.7.8 ttl=3 ttl=4":            "said twice",
		"ip 1.2.3.4>5.6.7.8 frag=3":                 "not a multiple of 8",
		"tcp 1>2":                                   "the flags is missing",
		"tcp 1>2 X":                                 "not a set of TCP flags",
		"tcp 1>2 S tag=gw=70000":                    "not a number of 16 bits",
		"tcp 1>2 S tag=nope":                        "tag: unknown field",
		"tcp 1>2 S opt=3":                           "KIND:HEX",
		"payload \"abc":                             "does not end",
		"payload 3 4":                               "\"4\" is too much here",
		"ip 1.2.3.4>5.6.7.8 / quote 3":              "quote must follow icmp",
		"cut 3 / payload 3":                         "nothing may follow cut",
		"payload 60000 / payload 60000":             "more than 65000",
		"payload 65001":                             "more than 65000",
		"tcp 1>2 S " + strings.Repeat("mss=1 ", 11): "more than 40 bytes",
		"arp request sha=aa spa=1.2.3.4":            "spa= and tpa= are needed",
		"icmp echo":                                 "not a number",
		"icmp ttl-exceeded mtu=4":                   "unknown field \"mtu\"",
		strings.Repeat("payload 1 / ", maxLayers+1): "more than 32 layers",
		"ip 1.2.3.4>5.6.7.8 opts=" + strings.Repeat("00", 41): "more than 40 bytes",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: want an error with %q, got %v", text, want, err)
		}
	}
}

func TestCut(t *testing.T) {
	whole := MustParse(samples[0]).Build()
	for n := range len(whole) {
		p := MustParse(samples[0] + " / cut " + itoa(n))
		if got := p.Build(); !bytes.Equal(got, whole[:n]) {
			t.Fatalf("cut %d: %x", n, got)
		}
	}
}
