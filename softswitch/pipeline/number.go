package pipeline

import "math/big"

// BMv2 computes with numbers of any size and truncates on assignment. Here each
// expression carries the range its value can take, worked out at compile time,
// and is evaluated in the cheapest form that is exact for whoever asks:
//
//   - low gives the value modulo 2^64. That is all a field of up to 64 bits or
//     a mask needs, whatever +, -, *, <<, &, | and ^ do above.
//   - limbs gives the value modulo 2^(64n), for wide fields, and for
//     comparisons and right shifts whose operands do not fit 64 bits.

// num is a compiled expression of type Data.
type num struct {
	lo, hi *big.Int // the value's range
	low    func(p *packet) uint64
	// limbs makes a function that writes the value to n words; nil when the range
	// fits 64 bits and low says it all.
	limbs func(n int) func(p *packet, dst []uint64)

	terms  []term // low is their sum and addend; nil when it is no such sum
	addend uint64

	final *sum // low is this sum, of which nothing is a part: it is inverted, or a mask takes a carry away

	residue *sum // the bits of low that its mask has are those of this sum

	// The shape, for specialised forms.
	shape shape
	off   int      // shapeField: the word
	k     uint64   // shapeConst: the value modulo 2^64
	big   *big.Int // shapeConst: the value
	arg   int      // shapeArg: the word among the arguments
}

type shape uint8

const (
	shapeAny   shape = iota
	shapeField       // low is w[off]
	shapeConst       // low is k
	shapeArg         // low is args[arg]
)

var (
	big0     = big.NewInt(0)
	big1     = big.NewInt(1)
	bigMax64 = new(big.Int).Sub(new(big.Int).Lsh(big1, 64), big1)
	bigMin63 = new(big.Int).Neg(new(big.Int).Lsh(big1, 63))
	bigMax63 = new(big.Int).Sub(new(big.Int).Lsh(big1, 63), big1)
)

// maxBits bounds the ranges: beyond it a value is only known modulo 2^maxBits.
// Shifts by variables can claim absurd ranges.
const maxBits = 1 << 12

// unsigned tells whether low is the value itself as uint64.
func (n *num) unsigned() bool { return n.lo.Sign() >= 0 && n.hi.Cmp(bigMax64) <= 0 }

// signed tells whether low is the value itself as int64.
func (n *num) signed() bool { return n.lo.Cmp(bigMin63) >= 0 && n.hi.Cmp(bigMax63) <= 0 }

// fits tells whether the value is always within width unsigned bits.
func (n *num) fits(width int) bool { return n.lo.Sign() >= 0 && n.hi.BitLen() <= width }

// size is the number of words that hold the value exactly in two's complement.
func (n *num) size() int {
	bits := max(n.lo.BitLen(), n.hi.BitLen()) + 1
	return min((bits+63)/64, maxBits/64)
}

// write gives a function that writes the value modulo 2^(64n) to n words.
func (n *num) write(words int) func(p *packet, dst []uint64) {
	if n.limbs != nil {
		return n.limbs(words)
	}
	low := n.low
	if n.unsigned() {
		return func(p *packet, dst []uint64) {
			dst[0] = low(p)
			clear(dst[1:])
		}
	}
	return func(p *packet, dst []uint64) {
		dst[0] = low(p)
		extend(dst, 1)
	}
}

// extend fills the words behind the first n with the sign of those.
func extend(dst []uint64, n int) {
	fill := uint64(int64(dst[n-1]) >> 63)
	for i := n; i < len(dst); i++ {
		dst[i] = fill
	}
}

func constant(v *big.Int) num {
	n := num{lo: v, hi: v, shape: shapeConst, big: v}
	words := toWords(v, max(1, (&num{lo: v, hi: v}).size()))
	n.k = words[0]
	k := n.k
	n.low = func(*packet) uint64 { return k }
	if !n.unsigned() && !n.signed() {
		n.limbs = func(count int) func(p *packet, dst []uint64) {
			src := toWords(v, count)
			return func(_ *packet, dst []uint64) { copy(dst, src) }
		}
	}
	return n
}

// toWords gives v modulo 2^(64n) in two's complement, lowest word first.
func toWords(v *big.Int, n int) []uint64 {
	m := new(big.Int).Lsh(big1, uint(64*n))
	m.Mod(v, m) // Euclidean: never negative
	words := make([]uint64, n)
	mask := new(big.Int).SetUint64(^uint64(0))
	for i := range words {
		words[i] = new(big.Int).And(m, mask).Uint64()
		m.Rsh(m, 64)
	}
	return words
}

// capped keeps a range within what is tracked.
func capped(lo, hi *big.Int) (*big.Int, *big.Int) {
	if lo.BitLen() <= maxBits && hi.BitLen() <= maxBits {
		return lo, hi
	}
	limit := new(big.Int).Lsh(big1, maxBits)
	return new(big.Int).Neg(limit), limit
}

// unsignedRange is the range of width unsigned bits.
func unsignedRange(width int) (lo, hi *big.Int) {
	hi = new(big.Int).Lsh(big1, uint(width))
	return big0, hi.Sub(hi, big1)
}

// signedRange is the range of width bits of two's complement.
func signedRange(width int) (lo, hi *big.Int) {
	hi = new(big.Int).Lsh(big1, uint(width-1))
	lo = new(big.Int).Neg(hi)
	return lo, new(big.Int).Sub(hi, big1)
}

// bitRange is the smallest range that bitwise operations on a and b stay in.
func bitRange(a, b *num) (lo, hi *big.Int) {
	bits := max(a.lo.BitLen(), a.hi.BitLen(), b.lo.BitLen(), b.hi.BitLen())
	if a.lo.Sign() >= 0 && b.lo.Sign() >= 0 {
		return unsignedRange(bits)
	}
	return signedRange(bits + 1)
}

func minBig(v ...*big.Int) *big.Int {
	m := v[0]
	for _, x := range v[1:] {
		if x.Cmp(m) < 0 {
			m = x
		}
	}
	return m
}

func maxBig(v ...*big.Int) *big.Int {
	m := v[0]
	for _, x := range v[1:] {
		if x.Cmp(m) > 0 {
			m = x
		}
	}
	return m
}
