package core

import (
	"encoding/binary"
	"net/netip"
)

// ICMP types and codes (RFC 792, RFC 1191).
const (
	icmpEchoReply           = 0
	icmpUnreachable         = 3
	icmpEchoRequest         = 8
	icmpTimeExceeded        = 11
	codeNetUnreachable      = 0
	codeFragmentationNeeded = 4

	icmpHeader = 8
	icmpQuote  = 576 - ipv4Header - icmpHeader // RFC 1812, section 4.3.2.3
)

// ARP for IPv4 over Ethernet (RFC 826).
const (
	arpLength  = 28
	arpRequest = 1
	arpReply   = 2
)

// arp answers a request for the core's address on the link.
func (r *Router) arp(from uint32, in Interface, frame []byte) {
	a := frame[ethernetHeader:]
	if len(a) < arpLength || binary.BigEndian.Uint64(a)>>16 != 0x0001_0800_0604 {
		r.malformed.Add(1)
		return
	}
	if binary.BigEndian.Uint16(a[6:]) != arpRequest || netip.AddrFrom4([4]byte(a[24:28])) != in.Address {
		r.localDiscarded.Add(1)
		return
	}
	path, ok := r.paths[[2]uint32{from, from}]
	if !ok {
		r.noPath.Add(1)
		return
	}
	reply := make([]byte, 0, ethernetHeader+arpLength)
	reply = append(append(reply, a[8:14]...), in.MAC...)
	reply = binary.BigEndian.AppendUint16(reply, etherTypeARP)
	reply = append(reply, a[:6]...)
	reply = binary.BigEndian.AppendUint16(reply, arpReply)
	reply = append(append(reply, in.MAC...), a[24:28]...)
	reply = append(reply, a[8:18]...)
	if err := path.Port.Send(reply); err != nil {
		r.refused.Add(1)
		return
	}
	r.localAnswered.Add(1)
}

// local answers echo requests to the core's addresses; it has no other service.
func (r *Router) local(from uint32, in Interface, p []byte) {
	header := headerLength(p)
	body := p[header:]
	whole := flagsAndOffset(p)&(flagMoreFragments|offsetMask) == 0
	if !whole || p[9] != protocolICMP || len(body) < icmpHeader || body[0] != icmpEchoRequest || checksum(body) != 0 {
		r.localDiscarded.Add(1)
		return
	}
	reply := r.own4(p[9], destination(p), source(p), len(body))
	reply = append(reply, body...)
	reply[ipv4Header] = icmpEchoReply
	setChecksum(reply[ipv4Header:], 2)
	if r.reply(from, in, reply) {
		r.localAnswered.Add(1)
	}
}

// tell sends an ICMP error about a packet to its source, unless RFC 1812, section 4.3.2.7 forbids it.
func (r *Router) tell(from uint32, in Interface, p []byte, kind, code byte, mtu uint16) {
	header := headerLength(p)
	src, dst := source(p), destination(p)
	about := p[header:]
	switch {
	case flagsAndOffset(p)&offsetMask != 0, dst.IsMulticast(), src.IsMulticast(), src.IsUnspecified(), src.IsLoopback(),
		src == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return
	case p[9] == protocolICMP && (len(about) == 0 || about[0] != icmpEchoRequest && about[0] != icmpEchoReply):
		return
	}
	quote := p[:min(len(p), icmpQuote)]
	e := r.own4(protocolICMP, in.Address, src, icmpHeader+len(quote))
	e = append(e, kind, code, 0, 0, 0, 0, byte(mtu>>8), byte(mtu))
	e = append(e, quote...)
	setChecksum(e[ipv4Header:], 2)
	if r.reply(from, in, e) {
		r.icmpSent.Add(1)
	}
}

// own4 begins an IPv4 packet of the core's own.
func (r *Router) own4(protocol byte, src, dst netip.Addr, length int) []byte {
	p := make([]byte, ipv4Header, ipv4Header+length)
	p[0] = 0x45
	binary.BigEndian.PutUint16(p[2:], uint16(ipv4Header+length))
	binary.BigEndian.PutUint16(p[4:], uint16(r.identification.Add(1)))
	p[8], p[9] = ownTTL, protocol
	s, d := src.As4(), dst.As4()
	copy(p[12:], s[:])
	copy(p[16:], d[:])
	putChecksum(p, 10)
	return p
}
