package config

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// MAC is an Ethernet address; in YAML six hexadecimal octets with colons: 02:00:00:00:00:01.
type MAC [6]byte

// ParseMAC reads the form with colons.
func ParseMAC(s string) (MAC, error) {
	hw, err := net.ParseMAC(s)
	if err != nil || len(hw) != 6 || strings.Count(s, ":") != 5 {
		return MAC{}, fmt.Errorf("%q is not a MAC address such as 02:00:00:00:00:01", s)
	}
	return MAC(hw), nil
}

// String gives the form with colons, in lower case.
func (m MAC) String() string { return net.HardwareAddr(m[:]).String() }

// MarshalText is String.
func (m MAC) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText is ParseMAC.
func (m *MAC) UnmarshalText(text []byte) error {
	parsed, err := ParseMAC(string(text))
	if err == nil {
		*m = parsed
	}
	return err
}

// ElectionID is a 128-bit P4Runtime election id; in YAML "high,low" or one number.
type ElectionID struct{ High, Low uint64 }

// String gives one number where High is 0, else "high,low".
func (e ElectionID) String() string {
	if e.High == 0 {
		return strconv.FormatUint(e.Low, 10)
	}
	return fmt.Sprintf("%d,%d", e.High, e.Low)
}

// MarshalText is String.
func (e ElectionID) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText reads what String gives.
func (e *ElectionID) UnmarshalText(text []byte) error {
	high, low, two := strings.Cut(string(text), ",")
	if !two {
		high, low = "0", high
	}
	h, err := strconv.ParseUint(high, 10, 64)
	if err == nil {
		e.High = h
		e.Low, err = strconv.ParseUint(strings.TrimPrefix(low, " "), 10, 64)
	}
	if err != nil {
		return fmt.Errorf("%q is not an election id: one number below 2^64, or high,low", text)
	}
	return nil
}
