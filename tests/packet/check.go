package packet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
)

// CheckFrame tells what is wrong with a frame that claims to be IPv4: IPv4, TCP, UDP and ICMP checksums at
// every depth, lengths that disagree with each other or with the frame. Of a packet that an ICMP error
// quotes only the IPv4 header is checked. Frames that are not IPv4 pass.
//
// All faults are joined in one error; a nil error means that none was found.
func CheckFrame(frame []byte) error {
	if len(frame) < 14 {
		return fmt.Errorf("frame: %d bytes, less than an Ethernet header", len(frame))
	}
	if binary.BigEndian.Uint16(frame[12:]) != EtherTypeIPv4 {
		return nil
	}
	c := &checker{}
	body := frame[14:]
	// A frame of Ethernet's least length may carry padding after the IP packet; no other may.
	if n := statedLength(body); len(frame) <= minFrame && n < len(body) {
		body = body[:n]
	}
	c.ipv4("ip", body)
	return errors.Join(c.faults...)
}

// minFrame is Ethernet's least frame without its check sequence.
const minFrame = 60

type checker struct{ faults []error }

func (c *checker) fault(format string, args ...any) {
	c.faults = append(c.faults, fmt.Errorf(format, args...))
}

// header checks an IPv4 header by itself and returns its length, or 0 when nothing can be read after it.
func (c *checker) header(where string, b []byte) int {
	if len(b) < 20 {
		c.fault("%s: %d bytes, less than a header", where, len(b))
		return 0
	}
	size := int(b[0]&15) * 4
	switch {
	case b[0]>>4 != 4:
		c.fault("%s: version %d", where, b[0]>>4)
		return 0
	case size < 20 || size > len(b):
		c.fault("%s: header length %d of %d bytes", where, size, len(b))
		return 0
	}
	if sum := Sum(b[:size]); sum != 0xffff {
		c.fault("%s: header checksum 0x%04x is off by 0x%04x", where, binary.BigEndian.Uint16(b[10:]), sum)
	}
	return size
}

func (c *checker) ipv4(where string, b []byte) {
	size := c.header(where, b)
	if size == 0 {
		return
	}
	if total := int(binary.BigEndian.Uint16(b[2:])); total != len(b) {
		c.fault("%s: total length %d, but %d bytes are there", where, total, len(b))
		if total < size || total > len(b) {
			return
		}
		b = b[:total]
	}
	if word := binary.BigEndian.Uint16(b[6:]); word&0x3fff != 0 {
		return // a fragment: the checksum inside covers all of them together
	}
	in := enclosing{src: netip.AddrFrom4([4]byte(b[12:16])), dst: netip.AddrFrom4([4]byte(b[16:20]))}
	protocol, body := b[9], b[size:]
	where += "/"
	switch protocol {
	case ProtoTCP:
		c.tcp(where+"tcp", in, body)
	case ProtoUDP:
		c.udp(where+"udp", in, body)
	case ProtoICMP:
		c.icmp(where+"icmp", body)
	case ProtoIPv4:
		c.ipv4(where+"ip", body)
	}
}

func (c *checker) tcp(where string, in enclosing, b []byte) {
	if len(b) < 20 {
		c.fault("%s: %d bytes, less than a header", where, len(b))
		return
	}
	if size := int(b[12]>>4) * 4; size < 20 || size > len(b) {
		c.fault("%s: data offset %d of %d bytes", where, size, len(b))
	}
	if sum := Sum(in.pseudoHeader(ProtoTCP, len(b)), b); sum != 0xffff {
		c.fault("%s: checksum 0x%04x is off by 0x%04x", where, binary.BigEndian.Uint16(b[16:]), sum)
	}
}

func (c *checker) udp(where string, in enclosing, b []byte) {
	if len(b) < 8 {
		c.fault("%s: %d bytes, less than a header", where, len(b))
		return
	}
	if n := int(binary.BigEndian.Uint16(b[4:])); n != len(b) {
		c.fault("%s: length %d, but %d bytes are there", where, n, len(b))
	}
	checksum := binary.BigEndian.Uint16(b[6:])
	if checksum == 0 {
		return // RFC 768: the sender made none
	}
	if sum := Sum(in.pseudoHeader(ProtoUDP, len(b)), b); sum != 0xffff {
		c.fault("%s: checksum 0x%04x is off by 0x%04x", where, checksum, sum)
	}
}

func (c *checker) icmp(where string, b []byte) {
	if len(b) < 8 {
		c.fault("%s: %d bytes, less than a header", where, len(b))
		return
	}
	if sum := Sum(b); sum != 0xffff {
		c.fault("%s: checksum 0x%04x is off by 0x%04x", where, binary.BigEndian.Uint16(b[2:]), sum)
	}
	if message := (&ICMP{Type: b[0]}); message.isError() {
		c.quoted(where+"/quoted", b[8:])
	}
}

// quoted checks the IPv4 headers of a packet that was cut short. What it says about its length can't be
// compared with anything.
func (c *checker) quoted(where string, b []byte) {
	for ; ; where += "/ip" {
		size := c.header(where, b)
		if size == 0 || b[9] != ProtoIPv4 || binary.BigEndian.Uint16(b[6:])&0x1fff != 0 || len(b) < size+20 {
			return
		}
		b = b[size:]
	}
}
