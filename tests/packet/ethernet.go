package packet

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
)

// EtherTypes (IEEE 802 numbers, IANA).
const (
	EtherTypeIPv4 = 0x0800
	EtherTypeARP  = 0x0806
)

// A MAC is an Ethernet address. Its short text is two digits xx for 02:00:00:00:00:xx.
type MAC [6]byte

// Broadcast is the Ethernet broadcast address.
var Broadcast = MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// ParseMAC reads six pairs of digits, two digits (short for 02:00:00:00:00:xx) or bcast.
func ParseMAC(s string) (MAC, error) {
	var m MAC
	switch {
	case s == "bcast":
		return Broadcast, nil
	case len(s) == 2:
		s = "02:00:00:00:00:" + s
	}
	pairs := strings.Split(s, ":")
	if len(pairs) != len(m) {
		return m, fmt.Errorf("%q is not a MAC address", s)
	}
	for i, pair := range pairs {
		b, err := hex.DecodeString(pair)
		if err != nil || len(b) != 1 {
			return m, fmt.Errorf("%q is not a MAC address", s)
		}
		m[i] = b[0]
	}
	return m, nil
}

func (m MAC) String() string {
	switch {
	case m == Broadcast:
		return "bcast"
	case m == MAC{2, 0, 0, 0, 0, m[5]}:
		return fmt.Sprintf("%02x", m[5])
	}
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5])
}

// Ethernet is an Ethernet II header. Type is taken from the next layer when nil.
type Ethernet struct {
	Src, Dst MAC
	Type     *uint16
}

func (*Ethernet) Name() string { return "eth" }

func (e *Ethernet) Fields() []Field {
	return append([]Field{{"", e.Src.String() + ">" + e.Dst.String()}}, hex16("type", e.Type)...)
}

func (e *Ethernet) marshal(_ enclosing, next Layer, body []byte) []byte {
	var etherType uint16
	switch next.(type) {
	case *IPv4:
		etherType = EtherTypeIPv4
	case *ARP:
		etherType = EtherTypeARP
	}
	if e.Type != nil {
		etherType = *e.Type
	}
	b := append(append([]byte(nil), e.Dst[:]...), e.Src[:]...)
	return append(binary.BigEndian.AppendUint16(b, etherType), body...)
}

// ARP is RFC 826 for IPv4 over Ethernet.
type ARP struct {
	Operation            uint16 // 1: request, 2: reply
	SenderMAC, TargetMAC MAC
	SenderIP, TargetIP   netip.Addr
}

func (*ARP) Name() string { return "arp" }

func (a *ARP) Fields() []Field {
	operation := fmt.Sprint(a.Operation)
	switch a.Operation {
	case 1:
		operation = "request"
	case 2:
		operation = "reply"
	}
	f := []Field{{"", operation}, {"sha", a.SenderMAC.String()}, {"spa", a.SenderIP.String()}}
	if a.TargetMAC != (MAC{}) {
		f = append(f, Field{"tha", a.TargetMAC.String()})
	}
	return append(f, Field{"tpa", a.TargetIP.String()})
}

// arpPreamble: Ethernet, IPv4, address lengths 6 and 4.
const arpPreamble = "\x00\x01\x08\x00\x06\x04"

func (a *ARP) marshal(_ enclosing, _ Layer, body []byte) []byte {
	b := binary.BigEndian.AppendUint16([]byte(arpPreamble), a.Operation)
	for _, end := range []struct {
		mac MAC
		ip  netip.Addr
	}{{a.SenderMAC, a.SenderIP}, {a.TargetMAC, a.TargetIP}} {
		ip := end.ip.As4()
		b = append(append(b, end.mac[:]...), ip[:]...)
	}
	return append(b, body...)
}

func hex16(name string, v *uint16) []Field {
	if v == nil {
		return nil
	}
	return []Field{{name, fmt.Sprintf("0x%04x", *v)}}
}
