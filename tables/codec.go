package tables

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// Codec turns one Go type into big-endian bytes and back. Widths of P4 fields are the caller's concern.
type Codec[T any] struct {
	bits   int // what T can hold at most; 0: anything
	encode func(T) ([]byte, error)
	decode func([]byte) (T, error)
}

// MAC is an Ethernet address. Unlike net.HardwareAddr it can be compared and be a map key.
type MAC [6]byte

func (m MAC) String() string { return net.HardwareAddr(m[:]).String() }

// The codecs that generated bindings use.
var (
	Uint8    = unsigned[uint8](8)
	Uint16   = unsigned[uint16](16)
	Uint32   = unsigned[uint32](32)
	Uint64   = unsigned[uint64](64)
	Addr4    = Codec[netip.Addr]{bits: 32, encode: encodeAddr4, decode: decodeAddr4}
	Addr6    = Codec[netip.Addr]{bits: 128, encode: encodeAddr6, decode: decodeAddr6}
	Ethernet = Codec[MAC]{bits: 48, encode: encodeMAC, decode: decodeMAC}
	Bytes    = Codec[[]byte]{encode: encodeBytes, decode: decodeBytes}
	// A P4 field whose name ends in _us, _ms or _ns is a duration in that unit.
	Microseconds = duration(time.Microsecond)
	Milliseconds = duration(time.Millisecond)
	Nanoseconds  = duration(time.Nanosecond)
)

func unsigned[T uint8 | uint16 | uint32 | uint64](bits int) Codec[T] {
	return Codec[T]{
		bits: bits,
		encode: func(v T) ([]byte, error) {
			return binary.BigEndian.AppendUint64(make([]byte, 0, 8), uint64(v))[8-bits/8:], nil
		},
		decode: func(b []byte) (T, error) {
			v, err := decodeUint(b, bits)
			return T(v), err
		},
	}
}

func decodeUint(b []byte, bits int) (uint64, error) {
	if BitLen(b) > bits {
		return 0, fmt.Errorf("%w: more than %d bits", ErrWidth, bits)
	}
	var v uint64
	for _, x := range b {
		v = v<<8 | uint64(x)
	}
	return v, nil
}

func duration(unit time.Duration) Codec[time.Duration] {
	return Codec[time.Duration]{
		bits: 64,
		encode: func(v time.Duration) ([]byte, error) {
			if v < 0 {
				return nil, fmt.Errorf("%w: negative duration", ErrValue)
			}
			return binary.BigEndian.AppendUint64(nil, uint64(v/unit)), nil
		},
		decode: func(b []byte) (time.Duration, error) {
			v, err := decodeUint(b, 63)
			if v > uint64(1<<63-1)/uint64(unit) {
				return 0, fmt.Errorf("%w: longer than a duration can be", ErrWidth)
			}
			return time.Duration(v) * unit, err
		},
	}
}

func encodeAddr4(a netip.Addr) ([]byte, error) {
	if !a.IsValid() {
		return nil, fmt.Errorf("%w: no address", ErrMissing)
	}
	if !a.Unmap().Is4() {
		return nil, fmt.Errorf("%w: not an IPv4 address", ErrValue)
	}
	b := a.Unmap().As4()
	return b[:], nil
}

func decodeAddr4(b []byte) (netip.Addr, error) {
	p, ok := padded(b, 4)
	if !ok {
		return netip.Addr{}, fmt.Errorf("%w: more than 32 bits", ErrWidth)
	}
	return netip.AddrFrom4([4]byte(p)), nil
}

func encodeAddr6(a netip.Addr) ([]byte, error) {
	if !a.IsValid() {
		return nil, fmt.Errorf("%w: no address", ErrMissing)
	}
	if !a.Is6() {
		return nil, fmt.Errorf("%w: not an IPv6 address", ErrValue)
	}
	b := a.As16()
	return b[:], nil
}

func decodeAddr6(b []byte) (netip.Addr, error) {
	p, ok := padded(b, 16)
	if !ok {
		return netip.Addr{}, fmt.Errorf("%w: more than 128 bits", ErrWidth)
	}
	return netip.AddrFrom16([16]byte(p)), nil
}

func encodeMAC(m MAC) ([]byte, error) { return append([]byte(nil), m[:]...), nil }

func decodeMAC(b []byte) (MAC, error) {
	p, ok := padded(b, 6)
	if !ok {
		return MAC{}, fmt.Errorf("%w: more than 48 bits", ErrWidth)
	}
	return MAC(p), nil
}

func encodeBytes(b []byte) ([]byte, error) {
	if len(b) == 0 {
		return nil, fmt.Errorf("%w: empty byte string", ErrMissing)
	}
	return append([]byte(nil), b...), nil
}

func decodeBytes(b []byte) ([]byte, error) { return append([]byte(nil), b...), nil }
