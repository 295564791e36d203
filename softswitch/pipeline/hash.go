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

func crc32IEEE(b []byte) uint64 { return uint64(crc32.ChecksumIEEE(b)) }

// crc16Table: polynomial 0x8005, reflected.
var crc16Table = func() (t [256]uint16) {
	for i := range t {
		r := uint16(i)
		for range 8 {
			if r&1 != 0 {
				r = r>>1 ^ 0xa001
			} else {
				r >>= 1
			}
		}
		t[i] = r
	}
	return t
}()

// crc16 is CRC-16/ARC.
func crc16(b []byte) uint64 {
	var r uint16
	for _, c := range b {
		r = r>>8 ^ crc16Table[byte(r)^c]
	}
	return uint64(r)
}

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
