package packet

import (
	"encoding/binary"
	"fmt"
)

// A Checksum says what stands in a checksum field. The zero value is the right one.
type Checksum struct {
	mode  checksumMode
	value uint16
}

type checksumMode uint8

const (
	checksumRight checksumMode = iota
	checksumOff
	checksumFixed
)

// Wrong is a checksum that differs from the right one by delta (ones' complement). An update by
// difference (RFC 1624) keeps delta as it is: a wrong checksum stays wrong.
func Wrong(delta uint16) Checksum { return Checksum{checksumOff, delta} }

// Fixed is a checksum field that holds value, right or not.
func Fixed(value uint16) Checksum { return Checksum{checksumFixed, value} }

func (c Checksum) apply(right uint16) uint16 {
	switch c.mode {
	case checksumOff:
		return onesAdd(right, c.value)
	case checksumFixed:
		return c.value
	}
	return right
}

func (c Checksum) fields() []Field {
	switch c.mode {
	case checksumOff:
		return []Field{{"csum", fmt.Sprintf("+0x%04x", c.value)}}
	case checksumFixed:
		return []Field{{"csum", fmt.Sprintf("0x%04x", c.value)}}
	}
	return nil
}

// Sum is the Internet checksum's ones' complement sum over the parts (RFC 1071), not yet inverted. Every
// part but the last has an even length.
func Sum(parts ...[]byte) uint16 {
	var sum uint64
	for _, b := range parts {
		for ; len(b) >= 2; b = b[2:] {
			sum += uint64(binary.BigEndian.Uint16(b))
		}
		if len(b) == 1 {
			sum += uint64(b[0]) << 8
		}
	}
	for sum > 0xffff {
		sum = sum&0xffff + sum>>16
	}
	return uint16(sum)
}

func onesAdd(a, b uint16) uint16 {
	sum := uint32(a) + uint32(b)
	return uint16(sum&0xffff + sum>>16)
}

// pseudoHeader is what TCP's and UDP's checksums cover besides the segment (RFC 9293 section 3.1).
func (in enclosing) pseudoHeader(protocol uint8, length int) []byte {
	b := make([]byte, 12)
	if in.src.Is4() && in.dst.Is4() {
		src, dst := in.src.As4(), in.dst.As4()
		copy(b, src[:])
		copy(b[4:], dst[:])
	}
	b[9] = protocol
	binary.BigEndian.PutUint16(b[10:], uint16(length))
	return b
}
