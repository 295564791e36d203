package observe

import (
	"net/netip"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// Segment is one TCP segment as it stands on the wire.
type Segment struct {
	Outer    *Tunnel // nil: not encapsulated
	Src, Dst netip.AddrPort
	TCP      *layers.TCP
	Length   int // of the IPv4 packet, outer header included
}

// Tunnel holds the outer addresses of an encapsulated packet (RFC 2003).
type Tunnel struct{ Src, Dst netip.Addr }

// Decode reads a frame. False: it holds no whole TCP header over IPv4, once encapsulated at most.
func Decode(frame []byte) (Segment, bool) {
	var eth layers.Ethernet
	if eth.DecodeFromBytes(frame, gopacket.NilDecodeFeedback) != nil || eth.EthernetType != layers.EthernetTypeIPv4 {
		return Segment{}, false
	}
	var ip layers.IPv4
	if ip.DecodeFromBytes(eth.Payload, gopacket.NilDecodeFeedback) != nil {
		return Segment{}, false
	}
	seg := Segment{Length: int(ip.Length)}
	if ip.Protocol == layers.IPProtocolIPv4 {
		seg.Outer = &Tunnel{Src: address(ip.SrcIP), Dst: address(ip.DstIP)}
		var inner layers.IPv4
		if inner.DecodeFromBytes(ip.Payload, gopacket.NilDecodeFeedback) != nil {
			return Segment{}, false
		}
		ip = inner
	}
	if ip.Protocol != layers.IPProtocolTCP || ip.FragOffset != 0 {
		return Segment{}, false
	}
	seg.TCP = new(layers.TCP)
	if seg.TCP.DecodeFromBytes(ip.Payload, gopacket.NilDecodeFeedback) != nil {
		return Segment{}, false
	}
	seg.Src = netip.AddrPortFrom(address(ip.SrcIP), uint16(seg.TCP.SrcPort))
	seg.Dst = netip.AddrPortFrom(address(ip.DstIP), uint16(seg.TCP.DstPort))
	return seg, true
}

// Speaker returns who really sent an answer to a client: the tunnel's source in form C, else the source of
// the segment.
func (s Segment) Speaker(server netip.Addr) netip.Addr {
	if s.Outer != nil && s.Src.Addr() == server {
		return s.Outer.Src
	}
	return s.Src.Addr()
}

func address(ip []byte) netip.Addr {
	a, _ := netip.AddrFromSlice(ip)
	return a.Unmap()
}
