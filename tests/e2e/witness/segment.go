package witness

import (
	"encoding/binary"
	"net/netip"
)

// endpoint is an IPv4 address and a TCP port, small enough to be a map's key by the million.
type endpoint struct {
	addr [4]byte
	port uint16
}

func (e endpoint) addrPort() netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4(e.addr), e.port)
}

func endpointOf(a netip.AddrPort) endpoint { return endpoint{a.Addr().As4(), a.Port()} }

// TCP flags.
const (
	flagFIN = 1 << iota
	flagSYN
	flagRST
	_
	flagACK
)

// segment is what the witness reads in a frame with TCP over IPv4, once encapsulated at most.
type segment struct {
	tunnel             bool
	outerSrc, outerDst [4]byte
	src, dst           endpoint
	seq, ack           uint32
	flags              byte
	tagged             bool
}

const (
	ethernetHeader = 14
	protocolICMP   = 1
	protocolIPIP   = 4
	protocolTCP    = 6
	// tagPreamble is how firstack's TCP option begins (docs/protocol.md).
	tagPreamble = 0xFD0C4641
)

// ipv4 returns the protocol and payload of an IPv4 packet, and no payload of a later fragment.
func ipv4(b []byte) (protocol byte, payload []byte, ok bool) {
	if len(b) < 20 || b[0]>>4 != 4 {
		return 0, nil, false
	}
	size, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	if size < 20 || total < size || total > len(b) {
		return 0, nil, false
	}
	if binary.BigEndian.Uint16(b[6:])&0x1fff != 0 {
		return b[9], nil, true
	}
	return b[9], b[size:total], true
}

// network returns the IPv4 packet of a frame.
func network(frame []byte) ([]byte, bool) {
	if len(frame) < ethernetHeader || binary.BigEndian.Uint16(frame[12:]) != 0x0800 {
		return nil, false
	}
	return frame[ethernetHeader:], true
}

// read finds the TCP segment in an IPv4 packet.
func read(ip []byte) (s segment, ok bool) {
	protocol, payload, ok := ipv4(ip)
	if !ok {
		return s, false
	}
	if protocol == protocolIPIP {
		s.tunnel = true
		copy(s.outerSrc[:], ip[12:])
		copy(s.outerDst[:], ip[16:])
		ip = payload
		if protocol, payload, ok = ipv4(ip); !ok {
			return s, false
		}
	}
	if protocol != protocolTCP || len(payload) < 20 {
		return s, false
	}
	copy(s.src.addr[:], ip[12:])
	copy(s.dst.addr[:], ip[16:])
	s.src.port, s.dst.port = binary.BigEndian.Uint16(payload), binary.BigEndian.Uint16(payload[2:])
	s.seq, s.ack = binary.BigEndian.Uint32(payload[4:]), binary.BigEndian.Uint32(payload[8:])
	s.flags = payload[13]
	s.tagged = payload[12]>>4 >= 8 && len(payload) >= 32 && binary.BigEndian.Uint32(payload[20:]) == tagPreamble
	return s, true
}

// start tells a SYN, answer a SYN-ACK, reset a RST without acknowledgement.
func (s *segment) start() bool  { return s.flags&(flagSYN|flagACK|flagRST|flagFIN) == flagSYN }
func (s *segment) answer() bool { return s.flags&(flagSYN|flagACK|flagRST|flagFIN) == flagSYN|flagACK }
func (s *segment) reset() bool  { return s.flags&(flagSYN|flagACK|flagRST|flagFIN) == flagRST }

// speaker returns who really sent an answer: the tunnel's source when the segment is in the server's name.
func (s *segment) speaker(server [4]byte) [4]byte {
	if s.tunnel && s.src.addr == server {
		return s.outerSrc
	}
	return s.src.addr
}
