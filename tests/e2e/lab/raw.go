package lab

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/firstack/firstack/tests/packet"
	"github.com/firstack/firstack/topo/link"
	"github.com/firstack/firstack/topo/plan"
)

// Raw is a client whose packets the test writes itself, at RawClient.
type Raw struct {
	n      *Network
	wire   *link.Link
	prefix string
	in     chan []byte
}

// Raw makes the raw client behind ClientGateway.
func (n *Network) Raw() *Raw {
	client, gateway := n.World.Plan().Host(Client), n.World.Plan().Gateway(ClientGateway)
	r := &Raw{
		n: n, wire: n.World.Link(Client, ClientGateway), in: make(chan []byte, 1000),
		prefix: fmt.Sprintf("eth %v>%v / ", client.MAC, gateway.Ports[1].MAC),
	}
	n.tb.Cleanup(n.World.Fabric().AddTap(func(ev link.TapEvent) {
		if ev.To == Client && ev.Fate == link.Delivered && destination(ev.Frame) == RawClient {
			select {
			case r.in <- append([]byte(nil), ev.Frame...):
			default:
			}
		}
	}))
	return r
}

func destination(frame []byte) netip.Addr {
	if len(frame) < 34 || frame[12] != 8 || frame[13] != 0 {
		return netip.Addr{}
	}
	return netip.AddrFrom4([4]byte(frame[30:34]))
}

// Send sends a packet, as text from the IPv4 header on (package packet).
func (r *Raw) Send(format string, args ...any) {
	r.n.tb.Helper()
	p, err := packet.Parse(r.prefix + fmt.Sprintf(format, args...))
	if err != nil {
		r.n.tb.Fatal(err)
	}
	if err := r.wire.Send(p.Build()); err != nil {
		r.n.tb.Fatal(err)
	}
}

// Next returns the next packet for the raw client, or fails the test when none comes.
func (r *Raw) Next() Segment {
	r.n.tb.Helper()
	select {
	case frame := <-r.in:
		return segmentOf(frame)
	case <-time.After(Patience):
		r.n.tb.Fatal("nothing came for the raw client")
		return Segment{}
	}
}

// Segment is a packet's layers; nil where it has none.
type Segment struct {
	*packet.IPv4
	*packet.TCP
	*packet.ICMP
	Text string
	Size int // of what the IPv4 header announces, in bytes
}

func segmentOf(frame []byte) Segment {
	p := packet.Decode(frame)
	s := Segment{Text: p.String()}
	if len(frame) >= 34 {
		s.Size = (int(frame[16])<<8 | int(frame[17])) - int(frame[14]&15)*4
	}
	for _, l := range p.Layers {
		switch x := l.(type) {
		case *packet.IPv4:
			if s.IPv4 == nil {
				s.IPv4 = x
			}
		case *packet.TCP:
			s.TCP = x
		case *packet.ICMP:
			s.ICMP = x
		}
	}
	return s
}

// Ports of every gateway, for tests that give a switch frames themselves.
const (
	WAN = plan.WAN
	LAN = plan.LAN
)
