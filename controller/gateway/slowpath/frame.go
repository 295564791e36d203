package slowpath

import (
	"encoding/binary"
	"net/netip"

	"github.com/firstack/firstack/tables"
)

const (
	ethernetLength = 14
	ipv4Length     = 20
	typeIPv4       = 0x0800
	typeARP        = 0x0806
	protocolICMP   = 1
	protocolTunnel = 4
	protocolTCP    = 6
	protocolUDP    = 17
	defaultTTL     = 64 // RFC 1700
)

var broadcast = tables.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// ethernet puts a header (IEEE 802.3, type encapsulation) before a payload.
func ethernet(dst, src tables.MAC, etherType uint16, payload []byte) []byte {
	f := make([]byte, 0, ethernetLength+len(payload))
	f = append(f, dst[:]...)
	f = append(f, src[:]...)
	f = binary.BigEndian.AppendUint16(f, etherType)
	return append(f, payload...)
}

func macsOf(frame []byte) (dst, src tables.MAC) {
	return tables.MAC(frame[0:6]), tables.MAC(frame[6:12])
}

// ipv4 is a view of a packet; parseIPv4 has checked its lengths.
type ipv4 struct {
	header, payload []byte
}

// parseIPv4 finds the packet in a frame. It is false for anything whose header is not whole or not right, which a
// router does not answer (RFC 1812 section 5.2.2).
func parseIPv4(frame []byte) (ipv4, bool) {
	if len(frame) < ethernetLength+ipv4Length || binary.BigEndian.Uint16(frame[12:]) != typeIPv4 {
		return ipv4{}, false
	}
	return viewIPv4(frame[ethernetLength:])
}

func viewIPv4(p []byte) (ipv4, bool) {
	if len(p) < ipv4Length {
		return ipv4{}, false
	}
	header, total := int(p[0]&0xf)*4, int(binary.BigEndian.Uint16(p[2:]))
	if p[0]>>4 != 4 || header < ipv4Length || total < header || total > len(p) || checksum(p[:header]) != 0 {
		return ipv4{}, false
	}
	return ipv4{header: p[:header], payload: p[header:total]}, true
}

// Ends tells between whom a frame's packet runs, by the inner addresses of an IP-in-IP tunnel (RFC 2003) and the ports of
// TCP; ok is false where there is no such thing.
func Ends(frame []byte) (from, to netip.AddrPort, tunnel, ok bool) {
	p, ok := parseIPv4(frame)
	if ok && p.protocol() == protocolTunnel && !p.fragmented() {
		tunnel = true
		p, ok = viewIPv4(p.payload)
	}
	if !ok || p.protocol() != protocolTCP || p.later() || len(p.payload) < 4 {
		return from, to, tunnel, false
	}
	from = netip.AddrPortFrom(p.src(), binary.BigEndian.Uint16(p.payload))
	to = netip.AddrPortFrom(p.dst(), binary.BigEndian.Uint16(p.payload[2:]))
	return from, to, tunnel, true
}

func (p ipv4) protocol() uint8  { return p.header[9] }
func (p ipv4) src() netip.Addr  { return netip.AddrFrom4([4]byte(p.header[12:16])) }
func (p ipv4) dst() netip.Addr  { return netip.AddrFrom4([4]byte(p.header[16:20])) }
func (p ipv4) options() bool    { return len(p.header) > ipv4Length }
func (p ipv4) later() bool      { return p.fragment()&0x1fff != 0 }
func (p ipv4) fragmented() bool { return p.fragment()&0x3fff != 0 }

func (p ipv4) fragment() uint16 { return binary.BigEndian.Uint16(p.header[6:]) }

// makeIPv4 builds a packet without options, DF set, so that the identification may stay 0 (RFC 6864).
func makeIPv4(src, dst netip.Addr, protocol, class uint8, payload []byte) []byte {
	p := make([]byte, ipv4Length, ipv4Length+len(payload))
	p[0], p[1] = 0x45, class
	binary.BigEndian.PutUint16(p[2:], uint16(ipv4Length+len(payload)))
	binary.BigEndian.PutUint16(p[6:], 0x4000)
	p[8], p[9] = defaultTTL, protocol
	s, d := src.As4(), dst.As4()
	copy(p[12:], s[:])
	copy(p[16:], d[:])
	binary.BigEndian.PutUint16(p[10:], checksum(p))
	return append(p, payload...)
}

// checksum is the Internet checksum (RFC 1071); over data with a right one in it, it is 0.
func checksum(b []byte) uint16 {
	var sum uint32
	for ; len(b) >= 2; b = b[2:] {
		sum += uint32(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
	}
	for sum > 0xffff {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}
