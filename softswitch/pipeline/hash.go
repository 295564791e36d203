package pipeline

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"
)

// hashFunc is a hash or checksum over bytes (BMv2's calculations.cpp).
type hashFunc func(b []byte) uint64

// hashFuncs are the algorithms of v1model's HashAlgorithm and those BMv2 adds.
// "random" depends on nothing and is left out: random() is there for it.
var hashFuncs = map[string]hashFunc{
	"crc16":        crc16,
	"crc16_custom": crc16, // BMv2's default configuration of the custom one is the same
	"crc32":        crc32IEEE,
	"crc32_custom": crc32IEEE,
	"crcCCITT":     crcCCITT,
	"csum16":       csum16,
	"cksum16":      csum16,
	"identity":     identity,
	"xor16":        xor16,
	"xor32":        xor32,
}

// reflected is a CRC of up to 32 bits whose bits come lowest first, by slicing (Kounavis and Berry, 2005): of each byte of a
// word the table gives what it does to the remainder behind the word. The standard library's takes a byte at a time for
// inputs below 16, as a flow's.
type reflected [4][256]uint32

func newReflected(polynomial uint32) *reflected {
	t := &reflected{}
	for i := range t[0] {
		r := uint32(i)
		for range 8 {
			r = r>>1 ^ polynomial&-(r&1)
		}
		t[0][i] = r
	}
	for i := range t[0] {
		for n := 1; n < len(t); n++ {
			t[n][i] = t[n-1][i]>>8 ^ t[0][byte(t[n-1][i])]
		}
	}
	return t
}

func (t *reflected) update(r uint32, b []byte) uint32 {
	for ; len(b) >= 4; b = b[4:] {
		r ^= binary.LittleEndian.Uint32(b)
		r = t[3][byte(r)] ^ t[2][byte(r>>8)] ^ t[1][byte(r>>16)] ^ t[0][r>>24]
	}
	for _, c := range b {
		r = r>>8 ^ t[0][byte(r)^c]
	}
	return r
}

var (
	crc32Table = newReflected(0xedb88320)
	crc16Table = newReflected(0xa001)
)

// crc32IEEE is CRC-32/ISO-HDLC.
func crc32IEEE(b []byte) uint64 {
	if len(b) >= 16 {
		return uint64(crc32.ChecksumIEEE(b))
	}
	return uint64(^crc32Table.update(^uint32(0), b))
}

// crc16 is CRC-16/ARC.
func crc16(b []byte) uint64 { return uint64(crc16Table.update(0, b)) }

// ccittTable: polynomial 0x1021.
var ccittTable = func() (t [256]uint16) {
	for i := range t {
		r := uint16(i) << 8
		for range 8 {
			if r&0x8000 != 0 {
				r = r<<1 ^ 0x1021
			} else {
				r <<= 1
			}
		}
		t[i] = r
	}
	return t
}()

// crcCCITT starts at 0xffff.
func crcCCITT(b []byte) uint64 {
	r := uint16(0xffff)
	for _, c := range b {
		r = r<<8 ^ ccittTable[byte(r>>8)^c]
	}
	return uint64(r)
}

// csum16 is the Internet checksum (RFC 1071); an odd last byte is padded with
// zero on the right.
func csum16(b []byte) uint64 {
	var sum, carry uint64
	for len(b) >= 8 {
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b), carry)
		b = b[8:]
	}
	if len(b) > 0 {
		var tail [8]byte
		copy(tail[:], b)
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(tail[:]), carry)
	}
	sum += carry // cannot overflow: a sum of all ones never comes with a carry
	sum = sum>>32 + sum&0xffffffff
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^sum & 0xffff
}

// identity takes the first eight bytes as a number.
func identity(b []byte) uint64 { return load(b[:min(8, len(b))]) }

func xor16(b []byte) uint64 { return xorWords(b, 2) }

func xor32(b []byte) uint64 { return xorWords(b, 4) }

// xorWords pads the last word with zeros on the right.
func xorWords(b []byte, n int) uint64 {
	var v uint64
	for len(b) >= n {
		v ^= load(b[:n])
		b = b[n:]
	}
	if len(b) > 0 {
		v ^= load(b) << (8 * uint(n-len(b)))
	}
	return v
}
