package core

import (
	"encoding/binary"
	"net/netip"
)

// Numbers of the wire: Ethernet and IPv4 headers (RFC 894, RFC 791).
const (
	ethernetHeader = 14
	etherTypeIPv4  = 0x0800
	etherTypeARP   = 0x0806
	ipv4Header     = 20
	protocolICMP   = 1
	ownTTL         = 64
	minMTU         = 68 // RFC 791: every link carries that much

	flagDontFragment  = 0x4000
	flagMoreFragments = 0x2000
	offsetMask        = 0x1fff
)

// ipv4Of returns the IPv4 packet of a frame's payload without padding, if its header is right.
func ipv4Of(b []byte) ([]byte, bool) {
	if len(b) < ipv4Header || b[0]>>4 != 4 {
		return nil, false
	}
	header, total := headerLength(b), int(binary.BigEndian.Uint16(b[2:]))
	if header < ipv4Header || header > total || total > len(b) || checksum(b[:header]) != 0 {
		return nil, false
	}
	return b[:total], true
}

func headerLength(p []byte) int       { return int(p[0]&0x0f) * 4 }
func source(p []byte) netip.Addr      { return netip.AddrFrom4([4]byte(p[12:16])) }
func destination(p []byte) netip.Addr { return netip.AddrFrom4([4]byte(p[16:20])) }
func flagsAndOffset(p []byte) uint16  { return binary.BigEndian.Uint16(p[6:]) }
func dontFragment(p []byte) bool      { return flagsAndOffset(p)&flagDontFragment != 0 }
func setChecksum(header []byte, at int) {
	binary.BigEndian.PutUint16(header[at:], 0)
	putChecksum(header, at)
}
func putChecksum(b []byte, at int) { binary.BigEndian.PutUint16(b[at:], checksum(b)) }

// checksum is the Internet checksum (RFC 1071); 0 over a right header.
func checksum(b []byte) uint16 {
	var sum uint32
	for ; len(b) >= 2; b = b[2:] {
		sum += uint32(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

// lowerTTL takes one from the TTL and mends the checksum by the difference (RFC 1624, equation 3).
func lowerTTL(p []byte) {
	p[8]--
	sum := uint32(^binary.BigEndian.Uint16(p[10:])) + 0xfeff // minus 0x0100
	sum = sum>>16 + sum&0xffff
	binary.BigEndian.PutUint16(p[10:], ^uint16(sum))
}

// fragments cuts a packet into ones of at most mtu bytes (RFC 791, section 3.2). Options go into each:
// the copied flag is not looked at, for nobody here sends them.
func fragments(p []byte, mtu int) [][]byte {
	header := headerLength(p)
	size := (mtu - header) &^ 7
	if size <= 0 {
		return nil // a header of 60 bytes and the least MTU of 68 leave 8
	}
	first, flags := int(flagsAndOffset(p)&offsetMask), flagsAndOffset(p)&flagMoreFragments
	var list [][]byte
	for data := p[header:]; len(data) > 0; {
		n := min(size, len(data))
		f := append(append(make([]byte, 0, header+n), p[:header]...), data[:n]...)
		more := flags
		if n < len(data) {
			more = flagMoreFragments
		}
		binary.BigEndian.PutUint16(f[2:], uint16(len(f)))
		binary.BigEndian.PutUint16(f[6:], more|uint16(first+(len(p)-header-len(data))/8))
		setChecksum(f[:header], 10)
		list = append(list, f)
		data = data[n:]
	}
	return list
}
