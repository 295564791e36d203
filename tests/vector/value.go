package vector

import (
	"fmt"
	"math/big"
	"net/netip"
	"strings"

	"github.com/firstack/firstack/tests/packet"
)

// parseValue reads a value of width bits: a MAC address where it has 48 (as package packet writes them),
// an IP address where it has 32 or 128, a number or true and false anywhere.
func parseValue(text string, width int32) (*big.Int, error) {
	v := new(big.Int)
	switch {
	case text == "true":
		return v.SetInt64(1), nil
	case text == "false":
		return v, nil
	case width == 48:
		if mac, err := packet.ParseMAC(text); err == nil {
			return v.SetBytes(mac[:]), nil
		}
	case strings.ContainsAny(text, ".:"):
		addr, err := netip.ParseAddr(text)
		if err != nil || addr.BitLen() != int(width) {
			return nil, fmt.Errorf("%q is not an address of %d bits", text, width)
		}
		return v.SetBytes(addr.AsSlice()), nil
	}
	if _, ok := v.SetString(text, 0); !ok || v.Sign() < 0 {
		return nil, fmt.Errorf("%q is not a value of %d bits", text, width)
	}
	if v.BitLen() > int(width) {
		return nil, fmt.Errorf("%s does not fit in %d bits", text, width)
	}
	return v, nil
}

// canonical is P4Runtime's shortest form: no leading zeros, at least one byte ("Bytestrings").
func canonical(v *big.Int) []byte {
	if v.Sign() == 0 {
		return []byte{0}
	}
	return v.Bytes()
}

// encode reads a value and returns its canonical bytes.
func encode(text string, width int32) ([]byte, error) {
	v, err := parseValue(text, width)
	if err != nil {
		return nil, err
	}
	return canonical(v), nil
}

// parsePrefix reads ADDRESS/LENGTH or VALUE/LENGTH; without a length all bits matter.
func parsePrefix(text string, width int32) (*big.Int, int32, error) {
	value, length, found := strings.Cut(text, "/")
	v, err := parseValue(value, width)
	if err != nil {
		return nil, 0, err
	}
	bits := width
	if found {
		n, err := parseValue(length, 16)
		if err != nil || n.Int64() > int64(width) {
			return nil, 0, fmt.Errorf("%q has no prefix length up to %d", text, width)
		}
		bits = int32(n.Int64())
	}
	if new(big.Int).And(v, prefixMask(bits, width)).Cmp(v) != 0 {
		return nil, 0, fmt.Errorf("%q has bits beyond its prefix", text)
	}
	return v, bits, nil
}

func prefixMask(bits, width int32) *big.Int {
	ones := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(bits)), big.NewInt(1))
	return ones.Lsh(ones, uint(width-bits))
}
