package packet

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

// TCP option kinds (IANA).
const (
	OptionEnd         = 0
	OptionNop         = 1
	OptionMSS         = 2
	OptionWindowScale = 3
	OptionSACKOK      = 4
	OptionSACK        = 5
	OptionTimestamps  = 8
	OptionTag         = 253
)

// TagExID is the tag's experiment id (RFC 6994; docs/protocol.md, "The tag").
const TagExID = 0x4641

// A TCPOption is one option. Raw options are bytes that need not be an option at all: Data as it stands.
type TCPOption struct {
	Kind uint8
	Data []byte
	Raw  bool
}

// A Tag is firstack's own option (docs/protocol.md, "The tag").
type Tag struct {
	Permitted, Answer, Direct bool
	Reserved                  uint8 // bits 4 and 3
	Attempt                   uint8 // 0 to 7
	Epoch                     uint8
	Gateway                   uint16
	MAC                       uint32
}

// Option returns the tag as a TCP option.
func (t Tag) Option() TCPOption {
	b := binary.BigEndian.AppendUint16(nil, TagExID)
	flags := t.Reserved&3<<3 | t.Attempt&7
	for i, set := range []bool{t.Direct, t.Answer, t.Permitted} {
		if set {
			flags |= 0x20 << i
		}
	}
	b = binary.BigEndian.AppendUint16(append(b, flags, t.Epoch), t.Gateway)
	return TCPOption{Kind: OptionTag, Data: binary.BigEndian.AppendUint32(b, t.MAC)}
}

// Tag returns the option as a tag, if it is one.
func (o TCPOption) Tag() (Tag, bool) {
	if o.Raw || o.Kind != OptionTag || len(o.Data) != 10 || binary.BigEndian.Uint16(o.Data) != TagExID {
		return Tag{}, false
	}
	flags := o.Data[2]
	return Tag{
		Permitted: flags&0x80 != 0, Answer: flags&0x40 != 0, Direct: flags&0x20 != 0,
		Reserved: flags >> 3 & 3, Attempt: flags & 7, Epoch: o.Data[3],
		Gateway: binary.BigEndian.Uint16(o.Data[4:]), MAC: binary.BigEndian.Uint32(o.Data[6:]),
	}, true
}

func (t Tag) String() string {
	var f []Field
	f = append(f, flag("permitted", t.Permitted)...)
	f = append(f, flag("answer", t.Answer)...)
	f = append(f, flag("direct", t.Direct)...)
	f = append(f, Field{"attempt", fmt.Sprint(t.Attempt)}, Field{"gw", fmt.Sprint(t.Gateway)})
	f = append(f, number("epoch", t.Epoch)...)
	if t.MAC != 0 {
		f = append(f, Field{"mac", fmt.Sprintf("0x%08x", t.MAC)})
	}
	f = append(f, number("res", t.Reserved)...)
	words := make([]string, len(f))
	for i := range f {
		words[i] = f[i].String()
	}
	return strings.Join(words, ",")
}

func (o TCPOption) append(b []byte) []byte {
	switch {
	case o.Raw:
		return append(b, o.Data...)
	case o.Kind == OptionEnd || o.Kind == OptionNop:
		return append(b, o.Kind)
	}
	return append(append(b, o.Kind, uint8(len(o.Data)+2)), o.Data...)
}

func (o TCPOption) field() Field {
	if o.Raw {
		return Field{"rawopt", hex.EncodeToString(o.Data)}
	}
	if tag, ok := o.Tag(); ok {
		return Field{"tag", tag.String()}
	}
	d := o.Data
	switch {
	case o.Kind == OptionEnd:
		return Field{Name: "eol"}
	case o.Kind == OptionNop:
		return Field{Name: "nop"}
	case o.Kind == OptionSACKOK && len(d) == 0:
		return Field{Name: "sackok"}
	case o.Kind == OptionMSS && len(d) == 2:
		return Field{"mss", fmt.Sprint(binary.BigEndian.Uint16(d))}
	case o.Kind == OptionWindowScale && len(d) == 1:
		return Field{"ws", fmt.Sprint(d[0])}
	case o.Kind == OptionTimestamps && len(d) == 8:
		return Field{"ts", fmt.Sprintf("%d,%d", binary.BigEndian.Uint32(d), binary.BigEndian.Uint32(d[4:]))}
	case o.Kind == OptionSACK && len(d) > 0 && len(d)%8 == 0:
		var blocks []string
		for ; len(d) > 0; d = d[8:] {
			blocks = append(blocks, fmt.Sprintf("%d-%d", binary.BigEndian.Uint32(d), binary.BigEndian.Uint32(d[4:])))
		}
		return Field{"sack", strings.Join(blocks, ",")}
	}
	return Field{"opt", fmt.Sprintf("%d:%s", o.Kind, hex.EncodeToString(d))}
}
