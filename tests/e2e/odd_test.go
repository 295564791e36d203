package e2e

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/firstack/firstack/tests/e2e/lab"
	"github.com/firstack/firstack/tests/packet"
	"github.com/firstack/firstack/topo/live"
)

// TestSYNsThatCannotBeTagged: a SYN that has no room for the tag, carries payload, has IP options or comes in fragments
// reaches the server as plain routing would have it, is answered by the server itself, and counted.
func TestSYNsThatCannotBeTagged(t *testing.T) {
	n := lab.Start(t, lab.Default(t), live.Options{Edit: noProbes})
	raw := n.Raw()
	full := "mss=1460 sackok ts=7,0 nop ws=7 opt=254:" + strings.Repeat("00", 18)
	for i, c := range []struct {
		counter string
		send    func(port uint16)
	}{
		{"untagged_no_room", func(port uint16) {
			raw.Send("ip %v>%v df / tcp %d>80 S seq=1000 %s", lab.RawClient, n.Server().Addr(), port, full)
		}},
		{"untagged_payload", func(port uint16) {
			raw.Send("ip %v>%v df / tcp %d>80 S seq=1000 mss=1460 / payload 100", lab.RawClient, n.Server().Addr(), port)
		}},
		{"plain_ip_options", func(port uint16) { // router alert (RFC 2113)
			raw.Send("ip %v>%v df opts=94040000 / tcp %d>80 S seq=1000 mss=1460", lab.RawClient, n.Server().Addr(), port)
		}},
		{"plain_fragment", func(port uint16) {
			n.Witness.Asked(netip.AddrPortFrom(lab.RawClient, port), n.Server())
			whole := packet.MustParse(fmt.Sprintf("ip %v>%v / tcp %d>80 S seq=1000 mss=1460", lab.RawClient, n.Server().Addr(), port)).Build()
			for _, f := range []struct {
				from, to int
				flags    string
			}{{20, 36, "mf"}, {36, len(whole), "frag=16"}} {
				raw.Send("ip %v>%v id=7 proto=6 %s / payload hex:%x", lab.RawClient, n.Server().Addr(), f.flags, whole[f.from:f.to])
			}
		}},
	} {
		t.Run(c.counter, func(t *testing.T) {
			port := uint16(20000 + i)
			c.send(port)
			s := raw.Next()
			if s.TCP == nil || s.Flags != packet.SYN|packet.ACK || s.Ack != 1001 || s.IPv4.Src != n.Server().Addr() || s.DstPort != port {
				t.Fatalf("the answer is %s", s.Text)
			}
			raw.Send("ip %v>%v df / tcp %d>80 R seq=1001", lab.RawClient, n.Server().Addr(), port)
			if n.Decisions(lab.ClientGateway, c.counter) == 0 {
				t.Errorf("not counted")
			}
		})
	}
	if n.Decisions(lab.ClientGateway, "tag_first") != 0 || n.Decisions(lab.ServerGateway, "race_first") != 0 {
		t.Error("there was a race")
	}
}

// TestFragments: a datagram in fragments passes every gateway, both ways.
func TestFragments(t *testing.T) {
	n := lab.Start(t, lab.Default(t), live.Options{Edit: noProbes})
	raw := n.Raw()
	for _, to := range []string{lab.Origin, lab.London} {
		const size = 3000
		whole := packet.MustParse(fmt.Sprintf("ip %v>%v / icmp 8/0 rest=0x00010002 / payload %d", lab.RawClient, n.Address(to), size)).Build()[20:]
		for from := 0; from < len(whole); from += 1480 {
			end, more := min(from+1480, len(whole)), ""
			if end < len(whole) {
				more = "mf"
			}
			raw.Send("ip %v>%v id=9 proto=1 frag=%d %s / payload hex:%x", lab.RawClient, n.Address(to), from, more, whole[from:end])
		}
		got := 0
		for got < len(whole) {
			s := raw.Next()
			if s.IPv4 == nil || s.IPv4.Src != n.Address(to) {
				t.Fatalf("%s answers %s", to, s.Text)
			}
			got += s.Size
		}
		if got != len(whole) {
			t.Errorf("%s answers %d bytes, want %d", to, got, len(whole))
		}
	}
}
