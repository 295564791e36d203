package packet

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// parseLayer reads one layer from its words.
func parseLayer(words []string) (Layer, error) {
	s := &scanner{words: words[1:], seen: map[string]bool{}}
	var l Layer
	switch words[0] {
	case "eth":
		l = s.ethernet()
	case "arp":
		l = s.arp()
	case "ip":
		l = s.ipv4()
	case "tcp":
		l = s.tcp()
	case "udp":
		l = s.udp()
	case "icmp":
		l = s.icmp()
	case "quote":
		l = &Quote{Size: int(s.unsigned("", s.positional("a size"), 16))}
	case "payload":
		l = &Payload{Data: s.bytes()}
	case "trailer":
		l = &Trailer{Data: s.bytes()}
	case "cut":
		l = &Cut{Size: int(s.unsigned("", s.positional("a size"), 16))}
	default:
		return nil, fmt.Errorf("unknown layer %q", words[0])
	}
	if s.err == nil && len(s.words) > 0 {
		s.fail("%q is too much here", s.words[0])
	}
	return l, s.err
}

// scanner reads a layer's words one after the other and keeps the first error.
type scanner struct {
	words []string
	seen  map[string]bool
	err   error
}

func (s *scanner) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf(format, args...)
	}
}

// positional takes the next word, which must be there.
func (s *scanner) positional(what string) string {
	if len(s.words) == 0 {
		s.fail("%s is missing", what)
		return ""
	}
	w := s.words[0]
	s.words = s.words[1:]
	return w
}

// named calls use with the name and value of each remaining word; use returns false for a name that it
// does not know.
func (s *scanner) named(use func(name, value string) bool) {
	for len(s.words) > 0 && s.err == nil {
		name, value, _ := strings.Cut(s.positional(""), "=")
		if !use(name, value) {
			s.fail("unknown field %q", name)
		}
	}
}

// once refuses a field that is said twice.
func (s *scanner) once(name string) {
	if s.seen[name] {
		s.fail("%s is said twice", name)
	}
	s.seen[name] = true
}

func (s *scanner) unsigned(name, value string, bits int) uint64 {
	v, err := strconv.ParseUint(value, 0, bits)
	if err != nil {
		s.fail("%s: %q is not a number of %d bits", name, value, bits)
	}
	return v
}

func (s *scanner) addr(value string) netip.Addr {
	a, err := netip.ParseAddr(value)
	if err != nil || !a.Is4() {
		s.fail("%q is not an IPv4 address", value)
		return netip.IPv4Unspecified()
	}
	return a
}

func (s *scanner) mac(value string) MAC {
	m, err := ParseMAC(value)
	if err != nil {
		s.fail("%w", err)
	}
	return m
}

func (s *scanner) hex(name, value string) []byte {
	b, err := hex.DecodeString(value)
	if err != nil {
		s.fail("%s: %q is not hexadecimal", name, value)
	}
	return b
}

func (s *scanner) bytes() []byte {
	b, err := parseBytes(s.positional("the content"))
	if err != nil {
		s.fail("%w", err)
	}
	return b
}

// pair reads A>B.
func (s *scanner) pair(what string) (string, string) {
	a, b, ok := strings.Cut(s.positional(what), ">")
	if !ok {
		s.fail("%s: source>destination expected", what)
	}
	return a, b
}

// ports reads SPORT>DPORT.
func (s *scanner) ports() (uint16, uint16) {
	src, dst := s.pair("ports")
	return uint16(s.unsigned("source port", src, 16)), uint16(s.unsigned("destination port", dst, 16))
}

func (s *scanner) checksum(value string) Checksum {
	if delta, ok := strings.CutPrefix(value, "+"); ok {
		return Wrong(uint16(s.unsigned("csum", delta, 16)))
	}
	return Fixed(uint16(s.unsigned("csum", value, 16)))
}

func ptr[T any](v T) *T { return &v }
