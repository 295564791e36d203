package config

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"

	"github.com/firstack/firstack/controller/internal/shape"
)

// Validate checks a complete tree (see Complete) and gives everything that is wrong with it joined, each an *Error
// with its path; nil when there is nothing. Load and Parse have done it already.
func (c *Config) Validate() error {
	r := &report{}
	c.validate(r)
	return r.err()
}

func (c *Config) validate(r *report) {
	walk(r, "", reflect.ValueOf(c).Elem())
	c.validateSwitches(r)
	c.validateRedirections(r)
	c.validateServices(r)
	c.validateTimers(r)
	c.validateHealth(r)
}

// walk checks the rules of all fields, each by itself.
func walk(r *report, path string, v reflect.Value) {
	for _, f := range shape.Fields(v.Type()) {
		at, field := shape.Join(path, f.Key), v.Field(f.Index)
		switch {
		case shape.IsScalar(f.Type):
			if field.IsZero() && !r.isGiven(at) {
				if f.Rule.Required {
					r.add(at, "is missing")
				}
				continue
			}
			checkScalar(r, at, field, f.Rule)
		case field.Kind() == reflect.Struct:
			walk(r, at, field)
		case field.Kind() == reflect.Pointer && !field.IsNil():
			walk(r, at, field.Elem())
		case field.Kind() == reflect.Slice:
			walkList(r, at, field, f.Rule)
		}
	}
}

func walkList(r *report, path string, list reflect.Value, rule shape.Rule) {
	seen := map[string]int{}
	for i := range list.Len() {
		at, element := shape.Index(path, i), list.Index(i)
		field, text := shape.KeyOf(element)
		if shape.IsScalar(element.Type()) {
			checkScalar(r, at, element, rule)
			if !rule.Host { // addresses are compared over all of a switch's ports
				text = shape.Text(element)
			}
		} else {
			walk(r, at, element)
			at = shape.Join(at, field)
		}
		if text == "" {
			continue
		}
		if first, twice := seen[text]; twice {
			r.add(at, "%s is that of %s already", text, shape.Index(path, first))
			continue
		}
		seen[text] = i
	}
}

// checkScalar checks one value against its rule and its type.
func checkScalar(r *report, path string, v reflect.Value, rule shape.Rule) {
	text := shape.Text(v)
	if values := shape.Values(v.Type()); values != nil {
		if !slices.Contains(values, text) {
			r.add(path, "%q is not one of %s", text, strings.Join(values, ", "))
		}
		return
	}
	switch x := v.Interface().(type) {
	case netip.Addr:
		if problem := hostProblem(x); problem != "" {
			r.add(path, "%s", problem)
		}
	case netip.Prefix:
		if problem := prefixProblem(x, rule.Host); problem != "" {
			r.add(path, "%s", problem)
		}
	case MAC:
		switch {
		case x == MAC{}:
			r.add(path, "%s is nobody's MAC address", x)
		case x[0]&1 != 0:
			r.add(path, "%s is a group address; a station has a unicast one", x)
		}
	case ElectionID:
		if (x == ElectionID{}) {
			r.add(path, "0 is no election id (P4Runtime specification, section 5.3)")
		}
	case string:
		if problem := formatProblem(x, rule); problem != "" {
			r.add(path, "%s", problem)
		}
	default:
		if (v.CanInt() || v.CanUint()) && !rule.Within(v) {
			r.add(path, "%s", rule.Outside(v.Type(), text))
		}
	}
}

// hostProblem says why an address is none that a host can have; "" when it can.
func hostProblem(a netip.Addr) string {
	switch {
	case !a.IsValid():
		return "is no address"
	case !a.Is4():
		return fmt.Sprintf("%s is not an IPv4 address", a)
	case a.IsUnspecified(), a.IsMulticast(), a.IsLoopback(), a.As4()[0] == 0, a.As4()[0] >= 240:
		return fmt.Sprintf("%s is not an address that a host can be reached by", a)
	}
	return ""
}

// prefixProblem says why a prefix is none that can be used: a masked one, or with host an address with its length.
func prefixProblem(p netip.Prefix, host bool) string {
	if !p.IsValid() {
		return "is no prefix"
	}
	if !p.Addr().Is4() {
		return fmt.Sprintf("%s is not an IPv4 prefix", p)
	}
	if !host {
		if p != p.Masked() {
			return fmt.Sprintf("%s has bits set beyond its length; the prefix is %s", p, p.Masked())
		}
		return ""
	}
	if problem := hostProblem(p.Addr()); problem != "" {
		return problem
	}
	if p.Bits() == 0 {
		return fmt.Sprintf("%s makes everything a neighbour; give the length of the connected prefix", p)
	}
	if p.Bits() < 31 && (p.Addr() == p.Masked().Addr() || p.Addr() == last(p)) {
		return fmt.Sprintf("%s is the network's or its broadcast address; give the gateway's own", p)
	}
	return ""
}

// last is a prefix's greatest address.
func last(p netip.Prefix) netip.Addr {
	a := p.Masked().Addr().As4()
	for bit := p.Bits(); bit < 32; bit++ {
		a[bit/8] |= 0x80 >> (bit % 8)
	}
	return netip.AddrFrom4(a)
}
