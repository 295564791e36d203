package pipeline

import "fmt"

// wordsToBytes gives a value big endian in (width+7)/8 bytes.
func wordsToBytes(w []uint64, width int) []byte {
	return appendBytes(make([]byte, 0, (width+7)/8), w, width)
}

// appendBytes appends a value big endian in (width+7)/8 bytes.
func appendBytes(dst []byte, w []uint64, width int) []byte {
	for i := (width+7)/8 - 1; i >= 0; i-- {
		dst = append(dst, byte(w[i/8]>>(uint(i%8)*8)))
	}
	return dst
}

// bytesToWords sets w to a big-endian value, which must fit width bits; w has
// (width+63)/64 words. Errors wrap ErrInvalid.
func bytesToWords(w []uint64, b []byte, width int) error {
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	if n := len(b)*8 - leadingZeros(b); n > width {
		return fmt.Errorf("%w: value of %d bits in a field of %d", ErrInvalid, n, width)
	}
	clear(w)
	for i, c := range b {
		at := len(b) - 1 - i
		w[at/8] |= uint64(c) << (uint(at%8) * 8)
	}
	return nil
}

// leadingZeros counts the zero bits of the first byte.
func leadingZeros(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	n := 0
	for c := b[0]; c&0x80 == 0; c <<= 1 {
		n++
	}
	return n
}
