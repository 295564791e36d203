package tables

import (
	"math/bits"

	"github.com/antoninbas/p4runtime-go-client/pkg/util/conversion"
)

// Canonical gives the shortest form of a big-endian byte string: no leading zeros, one zero byte for zero
// (P4Runtime specification, "Bytestrings"). The result shares b's memory.
func Canonical(b []byte) []byte { return conversion.ToCanonicalBytestring(b) }

// BitLen is the number of bits that a big-endian byte string needs, leading zeros apart.
func BitLen(b []byte) int {
	for i, x := range b {
		if x != 0 {
			return bits.Len8(x) + 8*(len(b)-i-1)
		}
	}
	return 0
}

// padded gives b with exactly n bytes, or false when it does not fit.
func padded(b []byte, n int) ([]byte, bool) {
	b = Canonical(b)
	if len(b) > n {
		if n == 0 || BitLen(b) > 8*n {
			return nil, false
		}
		b = b[len(b)-n:]
	}
	if len(b) == n {
		return b, true
	}
	out := make([]byte, n)
	copy(out[n-len(b):], b)
	return out, true
}

// maskBytes is the mask of the highest ones bits of a field that is width bits wide.
func maskBytes(width, ones int) []byte {
	out := make([]byte, (width+7)/8)
	for bit := width - ones; bit < width; bit++ {
		out[len(out)-1-bit/8] |= 1 << (bit % 8)
	}
	return out
}

// and gives value & mask, in mask's length or value's, whichever is shorter.
func and(value, mask []byte) []byte {
	n := min(len(value), len(mask))
	value, mask = value[len(value)-n:], mask[len(mask)-n:]
	out := make([]byte, n)
	for i := range out {
		out[i] = value[i] & mask[i]
	}
	return out
}
