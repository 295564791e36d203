package tables

import (
	"bytes"
	"testing"
)

func TestBytestrings(t *testing.T) {
	for _, test := range []struct {
		in, canonical []byte
		bits          int
	}{
		{[]byte{0}, []byte{0}, 0},
		{[]byte{0, 0}, []byte{0}, 0},
		{[]byte{0, 1}, []byte{1}, 1},
		{[]byte{1, 0}, []byte{1, 0}, 9},
		{[]byte{0xff, 0xff}, []byte{0xff, 0xff}, 16},
	} {
		if got := Canonical(test.in); !bytes.Equal(got, test.canonical) {
			t.Errorf("Canonical(%x) = %x", test.in, got)
		}
		if got := BitLen(test.in); got != test.bits {
			t.Errorf("BitLen(%x) = %d", test.in, got)
		}
	}
	for _, test := range []struct {
		width, ones int
		want        []byte
	}{
		{32, 0, []byte{0, 0, 0, 0}}, {32, 9, []byte{0xff, 0x80, 0, 0}}, {9, 9, []byte{1, 0xff}}, {9, 1, []byte{1, 0}}, {20, 4, []byte{0x0f, 0, 0}},
	} {
		if got := maskBytes(test.width, test.ones); !bytes.Equal(got, test.want) {
			t.Errorf("maskBytes(%d, %d) = %x", test.width, test.ones, got)
		}
	}
	if got, ok := padded([]byte{0, 0, 1}, 2); !ok || !bytes.Equal(got, []byte{0, 1}) {
		t.Errorf("%x, %v", got, ok)
	}
	if _, ok := padded([]byte{1, 0, 1}, 2); ok {
		t.Error("what does not fit was padded")
	}
	if got := and([]byte{0xff, 0x12, 0x34}, []byte{0xf0, 0x0f}); !bytes.Equal(got, []byte{0x10, 0x04}) {
		t.Errorf("%x", got)
	}
}
