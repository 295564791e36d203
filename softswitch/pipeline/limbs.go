package pipeline

import "math/bits"

// Arithmetic on numbers of several words in two's complement, lowest word
// first, modulo 2^(64 * len). All operands of one operation have one length
// unless said otherwise.

func addLimbs(dst, src []uint64) {
	var c uint64
	for i := range dst {
		dst[i], c = bits.Add64(dst[i], src[i], c)
	}
}

func subLimbs(dst, src []uint64) {
	var b uint64
	for i := range dst {
		dst[i], b = bits.Sub64(dst[i], src[i], b)
	}
}

// mulLimbs sets dst to a times b; dst must not be one of them.
func mulLimbs(dst, a, b []uint64) {
	clear(dst)
	for i := range a {
		var carry uint64
		for j := 0; i+j < len(dst); j++ {
			hi, lo := bits.Mul64(a[i], b[j])
			var c uint64
			lo, c = bits.Add64(lo, dst[i+j], 0)
			hi += c
			lo, c = bits.Add64(lo, carry, 0)
			hi += c
			dst[i+j] = lo
			carry = hi
		}
	}
}

// shlLimbs shifts in place.
func shlLimbs(v []uint64, n uint64) {
	if n >= uint64(len(v))*64 {
		clear(v)
		return
	}
	words, r := int(n/64), n%64
	for i := len(v) - 1; i >= 0; i-- {
		var x uint64
		if i >= words {
			x = v[i-words] << r
			if r > 0 && i > words {
				x |= v[i-words-1] >> (64 - r)
			}
		}
		v[i] = x
	}
}

// sarLimbs shifts right in place and keeps the sign.
func sarLimbs(v []uint64, n uint64) {
	fill := uint64(int64(v[len(v)-1]) >> 63)
	if n >= uint64(len(v))*64 {
		for i := range v {
			v[i] = fill
		}
		return
	}
	words, r := int(n/64), n%64
	at := func(i int) uint64 {
		if i < len(v) {
			return v[i]
		}
		return fill
	}
	for i := range v {
		x := at(i+words) >> r
		if r > 0 {
			x |= at(i+words+1) << (64 - r)
		}
		v[i] = x
	}
}

// cmpLimbs compares as signed numbers.
func cmpLimbs(a, b []uint64) int {
	top := len(a) - 1
	if x, y := int64(a[top]), int64(b[top]); x != y {
		if x < y {
			return -1
		}
		return 1
	}
	for i := top - 1; i >= 0; i-- {
		if a[i] != b[i] {
			if a[i] < b[i] {
				return -1
			}
			return 1
		}
	}
	return 0
}

// maskLimbs keeps the low n bits.
func maskLimbs(v []uint64, n int) {
	for i := range v {
		v[i] &= mask64(min(max(n-64*i, 0), 64))
	}
}

// extendLimbs takes the low n bits as two's complement.
func extendLimbs(v []uint64, n int) {
	if n <= 0 || n >= 64*len(v) {
		return
	}
	i := (n - 1) / 64
	v[i] = signExtend(v[i], n-64*i)
	extend(v, i+1)
}

// divLimbs divides a by b, both not negative and b not zero, bit by bit:
// division of variables is rare in P4. It leaves the quotient in q and the
// remainder in a; tmp is scratch.
func divLimbs(q, a, b, tmp []uint64) {
	clear(q)
	for n := len(a)*64 - 1; n >= 0; n-- {
		copy(tmp, b)
		if lenLimbs(b)+n >= len(a)*64 {
			continue
		}
		shlLimbs(tmp, uint64(n))
		if cmpLimbs(a, tmp) >= 0 {
			subLimbs(a, tmp)
			q[n/64] |= 1 << uint(n%64)
		}
	}
}

// lenLimbs is the number of significant bits of a number that is not negative.
func lenLimbs(v []uint64) int {
	for i := len(v) - 1; i >= 0; i-- {
		if v[i] != 0 {
			return 64*i + bits.Len64(v[i])
		}
	}
	return 0
}
