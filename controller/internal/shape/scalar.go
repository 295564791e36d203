package shape

import (
	"encoding"
	"fmt"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"
)

var (
	typeDuration    = reflect.TypeFor[time.Duration]()
	typeAddr        = reflect.TypeFor[netip.Addr]()
	typePrefix      = reflect.TypeFor[netip.Prefix]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// Class is what a scalar looks like in YAML.
type Class int

// Text covers everything that has a text form of its own, durations and addresses among them.
const (
	NoScalar Class = iota
	Bool
	Integer
	String
	TextForm
)

// ClassOf tells a type's class; pointers are seen through.
func ClassOf(t reflect.Type) Class {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == typeDuration, reflect.PointerTo(t).Implements(textUnmarshaler):
		return TextForm
	}
	switch t.Kind() {
	case reflect.Bool:
		return Bool
	case reflect.String:
		return String
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return Integer
	}
	return NoScalar
}

// IsScalar says whether values of the type are scalars in YAML.
func IsScalar(t reflect.Type) bool { return ClassOf(t) != NoScalar }

// Values lists what an enumeration accepts; nil for other types.
func Values(t reflect.Type) []string {
	if e, ok := reflect.Zero(t).Interface().(interface{ Values() []string }); ok && t.Kind() == reflect.String {
		return e.Values()
	}
	return nil
}

// Text gives a scalar's text form; "" for a nil pointer and for an address that is not set.
func Text(v reflect.Value) string {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return ""
		}
		v = v.Elem()
	}
	switch x := v.Interface().(type) {
	case time.Duration:
		return duration(x)
	case netip.Addr:
		if !x.IsValid() {
			return ""
		}
		return x.String()
	case netip.Prefix:
		if !x.IsValid() {
			return ""
		}
		return x.String()
	}
	return fmt.Sprint(v.Interface())
}

// duration writes 5m0s as 5m and 2h0m0s as 2h.
func duration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Set reads a scalar's text form into v. The error says what is wanted, without a place.
func Set(v reflect.Value, text string) error {
	if v.Kind() == reflect.Pointer {
		target := reflect.New(v.Type().Elem())
		if err := Set(target.Elem(), text); err != nil {
			return err
		}
		v.Set(target)
		return nil
	}
	switch v.Type() {
	case typeDuration:
		d, err := time.ParseDuration(text)
		if err != nil || text == "0" {
			return fmt.Errorf("%q is not a time with its unit, such as 500ms, 3s or 2h4m", text)
		}
		v.SetInt(int64(d))
		return nil
	case typeAddr:
		a, err := netip.ParseAddr(text)
		if err != nil {
			return fmt.Errorf("%q is not an IPv4 address such as 192.0.2.1", text)
		}
		v.Set(reflect.ValueOf(a))
		return nil
	case typePrefix:
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return fmt.Errorf("%q is not an IPv4 prefix such as 192.0.2.0/24", text)
		}
		v.Set(reflect.ValueOf(p))
		return nil
	}
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	switch {
	case v.Kind() == reflect.String:
		v.SetString(text)
		return nil
	case v.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", text)
		}
		v.SetBool(b)
		return nil
	case v.CanInt():
		n, err := strconv.ParseInt(text, 10, v.Type().Bits())
		v.SetInt(n)
		return wantNumber(err, text)
	case v.CanUint():
		n, err := strconv.ParseUint(text, 10, v.Type().Bits())
		v.SetUint(n)
		return wantNumber(err, text)
	}
	return fmt.Errorf("%v has no text form", v.Type())
}

func wantNumber(err error, text string) error {
	if err != nil {
		return fmt.Errorf("%q is not a whole number in range", text)
	}
	return nil
}
