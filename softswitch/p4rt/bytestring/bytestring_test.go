package bytestring

import (
	"bytes"
	"errors"
	"testing"
)

// TestSpecificationTable holds the examples of the specification, tables "Examples of Valid
// Bytestring Encoding" and "Examples of Invalid Bytestring Encoding".
func TestSpecificationTable(t *testing.T) {
	tests := []struct {
		name   string
		width  int
		signed bool
		value  string
		ok     bool
		canon  string
	}{
		{"bit8 99", 8, false, "\x63", true, "\x63"},
		{"bit16 99 padded", 16, false, "\x00\x63", true, "\x63"},
		{"bit16 12388", 16, false, "\x30\x64", true, "\x30\x64"},
		{"bit16 12388 padded", 16, false, "\x00\x30\x64", true, "\x30\x64"},
		{"bit12 99 padded", 12, false, "\x00\x00\x63", true, "\x63"},
		{"int8 99", 8, true, "\x63", true, "\x63"},
		{"int8 -99", 8, true, "\x9d", true, "\x9d"},
		{"int8 -99 extended", 8, true, "\xff\x9d", true, "\x9d"},
		{"int12 -739", 12, true, "\xfd\x1d", true, "\xfd\x1d"},
		{"int16 0", 16, true, "\x00\x00", true, "\x00"},
		{"bit8 too long", 8, false, "\x01\x63", false, ""},
		{"bit8 empty", 8, false, "", false, ""},
		{"bit16 too long", 16, false, "\x01\x00\x63", false, ""},
		{"bit12 too wide", 12, false, "\x10\x63", false, ""},
		{"bit12 too long", 12, false, "\x01\x00\x63", false, ""},
		{"bit12 padded too wide", 12, false, "\x00\x40\x63", false, ""},
		{"int8 157", 8, true, "\x00\x9d", false, ""},
		{"int12 too wide", 12, true, "\x8d\x1d", false, ""},
		{"int16 empty", 16, true, "", false, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			check, trim := Check, Trim
			if tt.signed {
				check, trim = CheckSigned, TrimSigned
			}
			err := check([]byte(tt.value), tt.width)
			if (err == nil) != tt.ok {
				t.Fatalf("check = %v, want ok=%v", err, tt.ok)
			}
			var tooWide *RangeError
			if err != nil && !errors.Is(err, ErrEmpty) && !errors.As(err, &tooWide) {
				t.Errorf("error %v is of no known kind", err)
			}
			if tt.ok && string(trim([]byte(tt.value))) != tt.canon {
				t.Errorf("canonical form %x, want %x", trim([]byte(tt.value)), tt.canon)
			}
		})
	}
}

func TestPad(t *testing.T) {
	for _, tt := range []struct {
		value string
		width int
		want  string
	}{
		{"\x05", 9, "\x00\x05"},
		{"\x00\x00\x00\x05", 9, "\x00\x05"},
		{"\x01\xff", 9, "\x01\xff"},
		{"\x00", 1, "\x00"},
		{"\x7f", 128, "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x7f"},
	} {
		got, err := Pad([]byte("x"), []byte(tt.value), tt.width)
		if err != nil || string(got) != "x"+tt.want {
			t.Errorf("Pad(%x, %d) = %x, %v, want %x", tt.value, tt.width, got, err, tt.want)
		}
	}
	if _, err := Pad(nil, []byte{2, 0}, 9); err == nil {
		t.Error("512 was accepted as 9 bits")
	}
}

func TestUint64(t *testing.T) {
	for _, v := range []uint64{0, 1, 255, 256, 1 << 31, 1<<64 - 1} {
		b := FromUint64(v)
		if !Canonical(b) {
			t.Errorf("%d is not canonical: %x", v, b)
		}
		if got, err := Uint64(b, 64); err != nil || got != v {
			t.Errorf("Uint64(%x) = %d, %v", b, got, err)
		}
	}
	if Canonical([]byte{0, 1}) || Canonical(nil) || !bytes.Equal(Trim(nil), []byte{0}) {
		t.Error("padded or empty strings pass as canonical")
	}
}
