package shape

import (
	"reflect"
	"testing"
	"time"
)

func TestBounds(t *testing.T) {
	for _, test := range []struct {
		of        reflect.Type
		rule      Rule
		low, high string
	}{
		{reflect.TypeFor[uint16](), Rule{}, "0", "65535"},
		{reflect.TypeFor[uint64](), Rule{}, "0", "18446744073709551615"},
		{reflect.TypeFor[int8](), Rule{}, "-128", "127"},
		{reflect.TypeFor[int32](), Rule{}, "-2147483648", "2147483647"},
		{reflect.TypeFor[int64](), Rule{}, "-9223372036854775808", "9223372036854775807"},
		{reflect.TypeFor[int](), Rule{Min: "1"}, "1", "9223372036854775807"},
		{reflect.TypeFor[uint32](), Rule{Min: "1", Max: "9"}, "1", "9"},
		{reflect.TypeFor[time.Duration](), Rule{Max: "1h"}, "", "1h"},
	} {
		if low, high := test.rule.Bounds(test.of); low != test.low || high != test.high {
			t.Errorf("%v with %+v: %q to %q, want %q to %q", test.of, test.rule, low, high, test.low, test.high)
		}
	}
}

func TestOutside(t *testing.T) {
	d := reflect.TypeFor[time.Duration]()
	for want, got := range map[string]string{
		"2h is more than 1h":      Rule{Max: "1h"}.Outside(d, "2h"),
		"0s is less than 1s":      Rule{Min: "1s"}.Outside(d, "0s"),
		"2h is outside 1s to 1h":  Rule{Min: "1s", Max: "1h"}.Outside(d, "2h"),
		"300 is outside 0 to 255": Rule{}.Outside(reflect.TypeFor[uint8](), "300"),
	} {
		if got != want {
			t.Errorf("message %q, want %q", got, want)
		}
	}
}

func TestUnknownRule(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a rule that nobody knows was taken")
		}
	}()
	Fields(reflect.TypeFor[struct {
		A int `yaml:"a" rule:"minimum=1"`
	}]())
}
