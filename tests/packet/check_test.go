package packet

import (
	"strings"
	"testing"
)

func TestCheckFrame(t *testing.T) {
	const tunnel = "eth aa>bb / ip 9.9.9.9>5.6.7.8 / ip 1.2.3.4>5.6.7.8%s / tcp 1>2 A%s / payload 3"
	for _, c := range []struct{ text, want string }{
		{"eth aa>bb / ip 1.2.3.4>5.6.7.8 / tcp 1>2 A", ""},
		{"eth aa>bb / ip 1.2.3.4>5.6.7.8 csum=+0x0001 / tcp 1>2 A", "ip: header checksum"},
		{"eth aa>bb / ip 1.2.3.4>5.6.7.8 / tcp 1>2 A csum=+0x0001 / payload 1", "ip/tcp: checksum"},
		{"eth aa>bb / ip 9.9.9.9>5.6.7.8 / ip 1.2.3.4>5.6.7.8 csum=+0x0001 / tcp 1>2 A", "ip/ip: header checksum"},
		{"eth aa>bb / ip 9.9.9.9>5.6.7.8 / ip 1.2.3.4>5.6.7.8 / tcp 1>2 A csum=0x0001", "ip/ip/tcp: checksum"},
		{"eth aa>bb / ip 9.9.9.9>5.6.7.8 / ip 1.2.3.4>5.6.7.8 len=50 / tcp 1>2 A", "ip/ip: total length 50, but 40 bytes"},
		{"eth aa>bb / ip 1.2.3.4>5.6.7.8 len=36 / tcp 1>2 A / payload 30", "total length 36, but 70 bytes"},
		{"eth aa>bb / ip 1.2.3.4>5.6.7.8 ihl=4 / tcp 1>2 A", "header length 16"},
		{"eth aa>bb / ip 1.2.3.4>5.6.7.8 ver=6 / tcp 1>2 A", "version 6"},
		{"eth aa>bb / ip 1.2.3.4>5.6.7.8 / tcp 1>2 A off=6", "data offset 24 of 20"},
		{"eth aa>bb / ip 1.2.3.4>5.6.7.8 / tcp 1>2 A off=4", "data offset 16 of 20"},
		{"eth aa>bb / ip 1.2.3.4>5.6.7.8 proto=6 / payload 19", "ip/tcp: 19 bytes"},
		{"eth aa>bb / ip 1.2.3.4>5.6.7.8 mf id=1 / tcp 1>2 A csum=+0x0001", ""},
		{"eth aa>bb / ip 1.2.3.4>5.6.7.8 frag=8 proto=6 / payload 3", ""},
		{"eth aa>bb / ip 1.2.3.4>5.6.7.8 / udp 1>2 csum=0x0000 / payload 9", ""},
		{"eth aa>bb / ip 1.2.3.4>5.6.7.8 / udp 1>2 csum=+0x0001 / payload 9", "ip/udp: checksum"},
		{"eth aa>bb / ip 1.2.3.4>5.6.7.8 / udp 1>2 len=9 / payload 9", "length 9, but 17 bytes"},
		{"eth aa>bb / ip 1.2.3.4>5.6.7.8 proto=17 / payload 3", "ip/udp: 3 bytes"},
		{"eth aa>bb / ip 1.2.3.4>5.6.7.8 proto=1 / payload 3", "ip/icmp: 3 bytes"},
		{"eth aa>bb / ip 1.2.3.4>5.6.7.8 / icmp echo-request csum=+0x0001", "ip/icmp: checksum"},
		{"eth aa>bb / ip 1.2.3.4>5.6.7.8 / icmp ttl-exceeded / quote 28 / ip 1.1.1.1>2.2.2.2 / tcp 1>2 A csum=0x0001", ""},
		{"eth aa>bb / ip 1.2.3.4>5.6.7.8 / icmp ttl-exceeded / quote 28 / ip 1.1.1.1>2.2.2.2 csum=+0x0001 / tcp 1>2 A", "ip/icmp/quoted: header checksum"},
		{"eth aa>bb / ip 1.2.3.4>5.6.7.8 / icmp ttl-exceeded / quote 48 / ip 3.3.3.3>2.2.2.2 / ip 1.1.1.1>2.2.2.2 csum=+0x0001 / tcp 1>2 A", "quoted/ip: header checksum"},
		{"eth aa>bb / ip 1.2.3.4>5.6.7.8 / icmp ttl-exceeded / quote 10 / ip 1.1.1.1>2.2.2.2", "quoted: 10 bytes"},
		{"eth aa>bb / ip 1.2.3.4>5.6.7.8 / tcp 1>2 A / trailer hex:000000000000", ""},
		{"eth aa>bb / ip 1.2.3.4>5.6.7.8 / tcp 1>2 A / trailer 7", "total length 40, but 47"},
		{"eth aa>bb / ip 1.2.3.4>5.6.7.8 / tcp 1>2 A / cut 50", "total length 40, but 36"},
		{"eth aa>bb / ip 1.2.3.4>5.6.7.8 / cut 30", "less than a header"},
		{"eth aa>bb / cut 13", "less than an Ethernet header"},
		{"eth aa>bb type=0x86dd / payload 3", ""},
		{strings.Replace(strings.Replace(tunnel, "%s", "", 1), "%s", "", 1), ""},
	} {
		err := CheckFrame(MustParse(c.text).Build())
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.text, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: want an error with %q, got %v", c.text, c.want, err)
		}
	}
}

func TestDiff(t *testing.T) {
	const base = "eth aa>bb / ip 10.1.0.2>198.51.100.10 ttl=63 df / tcp 40000>80 S seq=1000 mss=1460 sackok / payload 3"
	for _, c := range []struct{ got, want string }{
		{base, ""},
		{strings.Replace(base, "ttl=63", "ttl=62", 1), "layer 2 ip ttl: want 63, got 62\n"},
		{strings.Replace(base, "ttl=63 df", "", 1), "layer 2 ip ttl: want 63, got the usual\nlayer 2 ip df: want yes, got the usual\n"},
		{strings.Replace(base, "seq=1000", "seq=1000 ack=5", 1), "layer 3 tcp ack: want the usual, got 5\n"},
		{strings.Replace(base, "mss=1460 sackok", "sackok mss=1460", 1), "want the order"},
		{strings.Replace(base, "40000>80 S", "40000>80 SA", 1), "layer 3 tcp: want S, got SA\n"},
		{strings.Replace(base, " / payload 3", "", 1), "missing: payload 3\n"},
		{base + " / trailer 9", "too much: trailer 9\n"},
		{"eth aa>bb / ip 10.1.0.2>198.51.100.10 ttl=63 df / udp 1>2", "layer 3: want tcp 40000>80 S"},
	} {
		got := Diff(MustParse(base).Build(), MustParse(c.got).Build())
		if got != c.want && (c.want == "" || !strings.Contains(got, c.want)) {
			t.Errorf("%s:\nwant %q\ngot  %q", c.got, c.want, got)
		}
	}
}
