// Package bytestring holds the binary strings in which P4Runtime writes integers of any width
// (P4Runtime specification 1.5, chapter "Bytestrings").
//
// On the wire a value is big-endian and may carry any number of leading zero bytes; the canonical
// form, which a server must send, is the shortest one, with at least one byte. Inside the switch
// values are padded to the full width of their field.
package bytestring

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrEmpty is returned for a string without a byte: the specification rejects it always.
var ErrEmpty = errors.New("Bytestring is empty") //nolint:staticcheck // the text other servers send

// RangeError says that a value has more bits than its field.
type RangeError struct {
	Width int // of the field, bits
}

// Error has the wording that P4Runtime clients know from BMv2.
func (e *RangeError) Error() string {
	return fmt.Sprintf("Bytestring provided does not fit within %d bits", e.Width)
}

// Bytes is the number of bytes that hold width bits.
func Bytes(width int) int { return (width + 7) / 8 }

// Trim returns value in canonical form: without leading zero bytes, but never empty. It shares
// value's memory.
func Trim(value []byte) []byte {
	for len(value) > 1 && value[0] == 0 {
		value = value[1:]
	}
	if len(value) == 0 {
		return zero
	}
	return value
}

var zero = []byte{0}

// Canonical says whether value is in the shortest form.
func Canonical(value []byte) bool {
	return len(value) == 1 || len(value) > 1 && value[0] != 0
}

// Check verifies that value encodes an unsigned integer of at most width bits. It returns ErrEmpty
// or a *RangeError.
func Check(value []byte, width int) error {
	if len(value) == 0 {
		return ErrEmpty
	}
	v := Trim(value)
	bits := 8 * (len(v) - 1)
	for b := v[0]; b != 0; b >>= 1 {
		bits++
	}
	if bits > width {
		return &RangeError{Width: width}
	}
	return nil
}

// Pad appends value to dst, padded or cut to the bytes of width bits, and returns the longer slice.
// The errors are those of Check.
func Pad(dst, value []byte, width int) ([]byte, error) {
	if err := Check(value, width); err != nil {
		return dst, err
	}
	n := Bytes(width)
	for len(value) > n {
		value = value[1:]
	}
	for i := len(value); i < n; i++ {
		dst = append(dst, 0)
	}
	return append(dst, value...), nil
}

// Uint64 decodes value as an unsigned integer of at most width bits, width being at most 64.
func Uint64(value []byte, width int) (uint64, error) {
	if err := Check(value, width); err != nil {
		return 0, err
	}
	var v uint64
	for _, b := range value {
		v = v<<8 | uint64(b)
	}
	return v, nil
}

// FromUint64 encodes v in canonical form.
func FromUint64(v uint64) []byte {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], v)
	return append([]byte(nil), Trim(b[:])...)
}

// CheckSigned verifies that value encodes a two's complement integer of at most width bits, as an
// int<W> has it.
func CheckSigned(value []byte, width int) error {
	if len(value) == 0 {
		return ErrEmpty
	}
	fill := byte(0)
	if value[0]&0x80 != 0 {
		fill = 0xff
	}
	v := value
	for len(v) > 1 && v[0] == fill && (v[1]^fill)&0x80 == 0 {
		v = v[1:]
	}
	// One sign bit and those after the first that differs from it.
	bits := 8*(len(v)-1) + 1
	for b := v[0] ^ fill; b != 0; b >>= 1 {
		bits++
	}
	if bits > width {
		return &RangeError{Width: width}
	}
	return nil
}

// TrimSigned returns the canonical form of a two's complement value.
func TrimSigned(value []byte) []byte {
	for len(value) > 1 && (value[0] == 0 && value[1]&0x80 == 0 || value[0] == 0xff && value[1]&0x80 != 0) {
		value = value[1:]
	}
	if len(value) == 0 {
		return zero
	}
	return value
}
