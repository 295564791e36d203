package slowpath

import (
	"encoding/binary"
	"net/netip"
)

// Types and codes of RFC 792 and RFC 1812 section 5.2.7.
const (
	icmpEchoReply    = 0
	icmpUnreachable  = 3
	icmpQuench       = 4
	icmpRedirect     = 5
	icmpEcho         = 8
	icmpTimeExceeded = 11
	icmpParameter    = 12

	codeNet      = 0
	codeHost     = 1
	codeProtocol = 2
	codePort     = 3
)

// quoteLength keeps a whole error within the 576 bytes that every host takes (RFC 1812 section 4.3.2.3).
const quoteLength = 576 - ipv4Length - 8

// mayAnswer tells whether an error about a packet is allowed (RFC 1812 section 4.3.2.7): not about another error, a
// later fragment, or what has no single sender or receiver.
func mayAnswer(p ipv4) bool {
	if p.later() || !single(p.src()) || !single(p.dst()) {
		return false
	}
	if p.protocol() != protocolICMP {
		return true
	}
	if len(p.payload) == 0 {
		return false
	}
	switch p.payload[0] {
	case icmpUnreachable, icmpQuench, icmpRedirect, icmpTimeExceeded, icmpParameter:
		return false
	}
	return true
}

// single tells whether an address can be one host's.
func single(a netip.Addr) bool {
	b := a.As4()
	return b[0] != 0 && b[0] != 127 && b[0] < 224
}

// icmpError is an error about a packet, which it quotes.
func icmpError(kind, code uint8, about ipv4) []byte {
	whole := append(append(make([]byte, 0, len(about.header)+len(about.payload)), about.header...), about.payload...)
	m := make([]byte, 8, 8+quoteLength)
	m[0], m[1] = kind, code
	m = append(m, whole[:min(len(whole), quoteLength)]...)
	binary.BigEndian.PutUint16(m[2:], checksum(m))
	return m
}

// echoReply is the answer to an echo request, and nothing for any other message or a broken one.
func echoReply(p ipv4) ([]byte, bool) {
	if p.protocol() != protocolICMP || p.fragmented() || p.options() || len(p.payload) < 8 ||
		p.payload[0] != icmpEcho || checksum(p.payload) != 0 {
		return nil, false
	}
	m := append([]byte(nil), p.payload...)
	m[0], m[1], m[2], m[3] = icmpEchoReply, 0, 0, 0
	binary.BigEndian.PutUint16(m[2:], checksum(m))
	return m, true
}
