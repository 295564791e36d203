package packet

import (
	"encoding/binary"
	"strings"
)

// option reads one TCP option; ok is false when name is not an option's.
func (s *scanner) option(name, value string) (o TCPOption, ok bool) {
	switch name {
	case "eol":
		o.Kind = OptionEnd
	case "nop":
		o.Kind = OptionNop
	case "sackok":
		o.Kind = OptionSACKOK
	case "mss":
		o.Kind = OptionMSS
		o.Data = binary.BigEndian.AppendUint16(nil, uint16(s.unsigned(name, value, 16)))
	case "ws":
		o.Kind = OptionWindowScale
		o.Data = []byte{uint8(s.unsigned(name, value, 8))}
	case "ts":
		o.Kind = OptionTimestamps
		o.Data = s.words32(name, value, ",")
	case "sack":
		o.Kind = OptionSACK
		for _, block := range strings.Split(value, ",") {
			o.Data = append(o.Data, s.words32(name, block, "-")...)
		}
	case "tag":
		o = s.tag(value).Option()
	case "opt":
		kind, data, found := strings.Cut(value, ":")
		if !found {
			s.fail("opt: KIND:HEX expected")
		}
		o.Kind, o.Data = uint8(s.unsigned(name, kind, 8)), s.hex(name, data)
		if o.Kind == OptionEnd || o.Kind == OptionNop {
			s.fail("opt: kind %d has no length (eol, nop)", o.Kind)
		}
		if len(o.Data) > 38 {
			s.fail("opt: more than 38 bytes")
		}
	case "rawopt":
		o.Raw, o.Data = true, s.hex(name, value)
	default:
		return o, false
	}
	return o, true
}

// words32 reads two 32-bit numbers.
func (s *scanner) words32(name, value, separator string) []byte {
	a, b, found := strings.Cut(value, separator)
	if !found {
		s.fail("%s: two numbers with %q between them expected", name, separator)
		return nil
	}
	first := binary.BigEndian.AppendUint32(nil, uint32(s.unsigned(name, a, 32)))
	return binary.BigEndian.AppendUint32(first, uint32(s.unsigned(name, b, 32)))
}

func (s *scanner) tag(text string) Tag {
	var t Tag
	seen := map[string]bool{}
	for _, item := range strings.Split(text, ",") {
		name, value, _ := strings.Cut(item, "=")
		if seen[name] {
			s.fail("tag: %s is said twice", name)
		}
		seen[name] = true
		switch name {
		case "permitted":
			t.Permitted = true
		case "answer":
			t.Answer = true
		case "direct":
			t.Direct = true
		case "attempt":
			t.Attempt = uint8(s.unsigned("tag: attempt", value, 3))
		case "gw":
			t.Gateway = uint16(s.unsigned("tag: gw", value, 16))
		case "epoch":
			t.Epoch = uint8(s.unsigned("tag: epoch", value, 8))
		case "mac":
			t.MAC = uint32(s.unsigned("tag: mac", value, 32))
		case "res":
			t.Reserved = uint8(s.unsigned("tag: res", value, 2))
		default:
			s.fail("tag: unknown field %q", name)
		}
	}
	return t
}
