package packet

import (
	"encoding/binary"
	"fmt"
)

// ICMP is an ICMP message's first eight bytes (RFC 792).
type ICMP struct {
	Type, Code uint8
	Rest       uint32 // the four bytes after the checksum
	Checksum   Checksum
}

// icmpNames are the messages that have a name in the text form.
var icmpNames = []struct {
	name       string
	kind, code uint8
}{
	{"echo-reply", 0, 0}, {"echo-request", 8, 0}, {"net-unreachable", 3, 0}, {"host-unreachable", 3, 1},
	{"port-unreachable", 3, 3}, {"frag-needed", 3, 4}, {"ttl-exceeded", 11, 0},
}

func (*ICMP) Name() string { return "icmp" }

func (i *ICMP) Fields() []Field {
	name := fmt.Sprintf("%d/%d", i.Type, i.Code)
	for _, n := range icmpNames {
		if n.kind == i.Type && n.code == i.Code {
			name = n.name
		}
	}
	f := []Field{{"", name}}
	switch high, low := uint16(i.Rest>>16), uint16(i.Rest); {
	case i.isEcho():
		f = append(f, number("id", high)...)
		f = append(f, number("seq", low)...)
	case i.Type == 3 && i.Code == 4 && high == 0:
		f = append(f, number("mtu", low)...)
	case i.Rest != 0:
		f = append(f, Field{"rest", fmt.Sprintf("0x%08x", i.Rest)})
	}
	return append(f, i.Checksum.fields()...)
}

func (i *ICMP) isEcho() bool { return i.Code == 0 && (i.Type == 0 || i.Type == 8) }

// isError tells whether the message quotes the packet that it is about (RFC 1122 section 3.2.2).
func (i *ICMP) isError() bool {
	switch i.Type {
	case 3, 4, 5, 11, 12:
		return true
	}
	return false
}

func (i *ICMP) marshal(_ enclosing, _ Layer, body []byte) []byte {
	b := make([]byte, 8, 8+len(body))
	b[0], b[1] = i.Type, i.Code
	binary.BigEndian.PutUint32(b[4:], i.Rest)
	b = append(b, body...)
	binary.BigEndian.PutUint16(b[2:], i.Checksum.apply(^Sum(b)))
	return b
}

// Quote says that the layers after it are quoted by the ICMP error before it, up to Size bytes.
type Quote struct{ Size int }

func (*Quote) Name() string      { return "quote" }
func (q *Quote) Fields() []Field { return []Field{{"", fmt.Sprint(q.Size)}} }

func (q *Quote) marshal(_ enclosing, _ Layer, body []byte) []byte { return body }
