package tables

import (
	"fmt"
	"math"
	"net/netip"
)

// Ternary matches Value where Mask has ones. A zero Mask is "don't care"; bits of Value outside Mask are ignored.
type Ternary[T any] struct{ Value, Mask T }

// LPM matches the Length highest bits of the field. Addresses have netip.Prefix instead.
type LPM[T any] struct {
	Value  T
	Length int
}

// Range matches Low to High, both included. It has no zero value for "don't care": use the field's full range.
type Range[T any] struct{ Low, High T }

// Optional matches Value exactly when Set, and anything otherwise.
type Optional[T any] struct {
	Value T
	Set   bool
}

// Some is an Optional that is set.
func Some[T any](v T) Optional[T] { return Optional[T]{Value: v, Set: true} }

// Exactly is a Ternary that compares every bit. The mask is as wide as the Go type; encoding cuts it to the field.
func Exactly[T uint8 | uint16 | uint32 | uint64 | netip.Addr | MAC](v T) Ternary[T] {
	var mask any
	switch a := any(v).(type) {
	case uint8:
		mask = uint8(math.MaxUint8)
	case uint16:
		mask = uint16(math.MaxUint16)
	case uint32:
		mask = uint32(math.MaxUint32)
	case uint64:
		mask = uint64(math.MaxUint64)
	case MAC:
		mask = MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	case netip.Addr:
		mask = addrMask(a.Unmap(), a.Unmap().BitLen())
	}
	return Ternary[T]{Value: v, Mask: mask.(T)}
}

// Within is a Ternary that matches the addresses of a prefix; the invalid prefix and /0 match any.
func Within(p netip.Prefix) Ternary[netip.Addr] {
	if !p.IsValid() || p.Bits() == 0 {
		return Ternary[netip.Addr]{}
	}
	return Ternary[netip.Addr]{Value: p.Masked().Addr(), Mask: addrMask(p.Addr(), p.Bits())}
}

func addrMask(a netip.Addr, ones int) netip.Addr {
	m, _ := netip.AddrFromSlice(maskBytes(a.BitLen(), ones))
	return m
}

func (t Ternary[T]) String() string { return fmt.Sprintf("%v &&& %v", t.Value, t.Mask) }
func (l LPM[T]) String() string     { return fmt.Sprintf("%v/%d", l.Value, l.Length) }
func (r Range[T]) String() string   { return fmt.Sprintf("%v..%v", r.Low, r.High) }
func (o Optional[T]) String() string {
	if !o.Set {
		return "*"
	}
	return fmt.Sprint(o.Value)
}
