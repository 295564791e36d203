package pipeline

import (
	"bytes"
	"hash/crc32"
	"testing"
)

// TestHashes: check values of "123456789" as they are published (CRC catalogue)
// and of short inputs worked out by hand.
func TestHashes(t *testing.T) {
	for _, c := range []struct {
		algo, in string
		want     uint64
	}{
		{"crc16", "123456789", 0xbb3d},
		{"crc16_custom", "123456789", 0xbb3d},
		{"crc32", "123456789", 0xcbf43926},
		{"crc32_custom", "123456789", 0xcbf43926},
		{"crcCCITT", "123456789", 0x29b1},
		{"identity", "\x01\x02\x03", 0x010203},
		{"identity", "\x01\x02\x03\x04\x05\x06\x07\x08\x09", 0x0102030405060708},
		{"xor16", "\x01\x02\x03", 0x0102 ^ 0x0300},
		{"xor32", "\x01\x02\x03\x04\x05", 0x01020304 ^ 0x05000000},
		{"csum16", "", 0xffff},
		{"csum16", "\x00\x01\xf2\x03\xf4\xf5\xf6\xf7", 0x220d}, // RFC 1071, section 3
	} {
		if got := hashFuncs[c.algo]([]byte(c.in)); got != c.want {
			t.Errorf("%s(%q) = %x, want %x", c.algo, c.in, got, c.want)
		}
	}
}

// TestReflected compares with the standard library's, and with one byte at a time, at all lengths of a flow.
func TestReflected(t *testing.T) {
	r := randomised(t)
	for n := range 40 {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		if got, want := crc32IEEE(b), uint64(crc32.ChecksumIEEE(b)); got != want {
			t.Errorf("crc32 of %x: %x, want %x", b, got, want)
		}
		want := uint32(0)
		for i := range b {
			want = crc16Table.update(want, b[i:i+1])
		}
		if got := crc16(b); got != uint64(want) {
			t.Errorf("crc16 of %x: %x, want %x", b, got, want)
		}
	}
}

// TestChecksumSum compares with a sum word by word, also where carries run
// through all bits.
func TestChecksumSum(t *testing.T) {
	r := randomised(t)
	for n := range 200 {
		b := bytes.Repeat([]byte{0xff}, n)
		if n%3 > 0 {
			for i := range b {
				b[i] = byte(r.Uint32())
			}
		}
		sum := uint32(0)
		for i, c := range b {
			if sum += uint32(c) << (8 * uint(1-i%2)); sum > 0xffff {
				sum = sum&0xffff + 1
			}
		}
		if got, want := csum16(b), uint64(^sum&0xffff); got != want {
			t.Fatalf("%x: %x, want %x", b, got, want)
		}
	}
}
