package ports

import (
	"encoding/binary"
	"math/bits"
)

// sum is the Internet checksum's sum of b, not complemented (RFC 1071). An odd last byte counts as
// the high half of a word.
func sum(b []byte) uint16 {
	// Little-endian words of 64 bits with the carry added in: the result is the big-endian sum with
	// its bytes swapped (RFC 1071, section 2 B).
	var acc, carry uint64
	for len(b) >= 32 {
		acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(b), carry)
		acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(b[8:]), carry)
		acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(b[16:]), carry)
		acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(b[24:]), carry)
		b = b[32:]
	}
	for len(b) >= 8 {
		acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(b), carry)
		b = b[8:]
	}
	var rest [8]byte
	copy(rest[:], b)
	acc, carry = bits.Add64(acc, binary.LittleEndian.Uint64(rest[:]), carry)
	acc, carry = bits.Add64(acc, 0, carry)
	acc += carry
	acc = acc>>32 + acc&0xffffffff
	acc = acc>>32 + acc&0xffffffff
	acc = acc>>16 + acc&0xffff
	acc = acc>>16 + acc&0xffff
	acc = acc>>16 + acc&0xffff
	return bits.ReverseBytes16(uint16(acc))
}

// add adds sums.
func add(sums ...uint16) uint16 {
	acc := uint32(0)
	for _, s := range sums {
		acc += uint32(s)
	}
	acc = acc>>16 + acc&0xffff
	return uint16(acc>>16 + acc)
}
