package packet

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
)

// IP protocol numbers (IANA).
const (
	ProtoICMP = 1
	ProtoIPv4 = 4
	ProtoTCP  = 6
	ProtoUDP  = 17
	// protoNone stands in a header whose next layer names no protocol.
	protoNone = 255
)

// DefaultTTL is the TTL that goes without saying.
const DefaultTTL = 64

// IPv4 is an IPv4 header (RFC 791). Pointers left nil mean the right value.
type IPv4 struct {
	Src, Dst     netip.Addr
	TTL          uint8
	ID           uint16
	DF, MF, Evil bool
	Fragment     int // offset in bytes, a multiple of 8
	DSCP, ECN    uint8
	Options      []byte // padded to a multiple of 4 with zeros
	Protocol     *uint8
	Length       *uint16 // total length in bytes
	IHL          *uint8  // in units of 4 bytes
	Version      *uint8
	Checksum     Checksum
}

func (*IPv4) Name() string { return "ip" }

func (ip *IPv4) Fields() []Field {
	f := []Field{{"", ip.Src.String() + ">" + ip.Dst.String()}}
	if ip.TTL != DefaultTTL {
		f = append(f, Field{"ttl", fmt.Sprint(ip.TTL)})
	}
	if ip.ID != 0 {
		f = append(f, Field{"id", fmt.Sprintf("0x%04x", ip.ID)})
	}
	f = append(f, flag("df", ip.DF)...)
	f = append(f, flag("mf", ip.MF)...)
	f = append(f, flag("evil", ip.Evil)...)
	f = append(f, number("frag", ip.Fragment)...)
	f = append(f, number("dscp", ip.DSCP)...)
	f = append(f, number("ecn", ip.ECN)...)
	if len(ip.Options) > 0 {
		f = append(f, Field{"opts", hex.EncodeToString(ip.Options)})
	}
	f = append(f, decimal("proto", ip.Protocol)...)
	f = append(f, decimal("len", ip.Length)...)
	f = append(f, decimal("ihl", ip.IHL)...)
	f = append(f, decimal("ver", ip.Version)...)
	return append(f, ip.Checksum.fields()...)
}

func (ip *IPv4) marshal(_ enclosing, next Layer, body []byte) []byte {
	options := padTo4(ip.Options)
	b := make([]byte, 20, 20+len(options)+len(body))
	b = append(b, options...)
	b[0] = deref(ip.Version, 4)<<4 | deref(ip.IHL, uint8(len(b)/4))&15
	b[1] = ip.DSCP<<2 | ip.ECN&3
	binary.BigEndian.PutUint16(b[2:], deref(ip.Length, uint16(len(b)+len(body))))
	binary.BigEndian.PutUint16(b[4:], ip.ID)
	word := uint16(ip.Fragment / 8)
	for i, set := range []bool{ip.MF, ip.DF, ip.Evil} {
		if set {
			word |= 0x2000 << i
		}
	}
	binary.BigEndian.PutUint16(b[6:], word)
	b[8] = ip.TTL
	b[9] = deref(ip.Protocol, protocolOf(next))
	src, dst := ip.Src.As4(), ip.Dst.As4()
	copy(b[12:], src[:])
	copy(b[16:], dst[:])
	binary.BigEndian.PutUint16(b[10:], ip.Checksum.apply(^Sum(b)))
	return append(b, body...)
}

func protocolOf(l Layer) uint8 {
	switch l.(type) {
	case *TCP:
		return ProtoTCP
	case *UDP:
		return ProtoUDP
	case *ICMP:
		return ProtoICMP
	case *IPv4:
		return ProtoIPv4
	}
	return protoNone
}

func padTo4(b []byte) []byte {
	return append(append([]byte(nil), b...), make([]byte, -len(b)&3)...)
}

func deref[T any](p *T, otherwise T) T {
	if p != nil {
		return *p
	}
	return otherwise
}

func flag(name string, set bool) []Field {
	if !set {
		return nil
	}
	return []Field{{Name: name}}
}

func number[T int | uint8 | uint16 | uint32](name string, v T) []Field {
	if v == 0 {
		return nil
	}
	return []Field{{name, fmt.Sprint(v)}}
}

func decimal[T uint8 | uint16](name string, v *T) []Field {
	if v == nil {
		return nil
	}
	return []Field{{name, fmt.Sprint(*v)}}
}
