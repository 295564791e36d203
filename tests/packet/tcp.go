package packet

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// TCPFlags is the flags byte of a TCP header (RFC 9293 section 3.1).
type TCPFlags uint8

// The flags.
const (
	FIN TCPFlags = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// flagLetters in the order in which they are written.
var flagLetters = []struct {
	letter string
	flag   TCPFlags
}{{"S", SYN}, {"F", FIN}, {"R", RST}, {"P", PSH}, {"A", ACK}, {"U", URG}, {"E", ECE}, {"C", CWR}}

// ParseTCPFlags reads letters out of SFRPAUEC, or - for none.
func ParseTCPFlags(s string) (TCPFlags, error) {
	var f TCPFlags
	if s == "-" {
		return f, nil
	}
	for _, letter := range s {
		found := false
		for _, l := range flagLetters {
			if l.letter == string(letter) && f&l.flag == 0 {
				f |= l.flag
				found = true
			}
		}
		if !found {
			return 0, fmt.Errorf("%q is not a set of TCP flags (letters out of SFRPAUEC, or -)", s)
		}
	}
	if s == "" {
		return 0, fmt.Errorf("TCP flags are missing (- for none)")
	}
	return f, nil
}

func (f TCPFlags) String() string {
	var b strings.Builder
	for _, l := range flagLetters {
		if f&l.flag != 0 {
			b.WriteString(l.letter)
		}
	}
	if b.Len() == 0 {
		return "-"
	}
	return b.String()
}

// DefaultWindow is the window that goes without saying.
const DefaultWindow = 64240

// TCP is a TCP header (RFC 9293). Pointers left nil mean the right value.
type TCP struct {
	SrcPort, DstPort uint16
	Flags            TCPFlags
	Seq, Ack         uint32
	Window           uint16
	Urgent           uint16
	Reserved         uint8 // the 4 bits after the data offset
	Options          []TCPOption
	Offset           *uint8 // in units of 4 bytes
	Checksum         Checksum
}

func (*TCP) Name() string { return "tcp" }

func (t *TCP) Fields() []Field {
	f := []Field{{"", fmt.Sprintf("%d>%d", t.SrcPort, t.DstPort)}, {"", t.Flags.String()}}
	f = append(f, number("seq", t.Seq)...)
	f = append(f, number("ack", t.Ack)...)
	if t.Window != DefaultWindow {
		f = append(f, Field{"win", fmt.Sprint(t.Window)})
	}
	f = append(f, number("urg", t.Urgent)...)
	f = append(f, number("res", t.Reserved)...)
	f = append(f, decimal("off", t.Offset)...)
	f = append(f, t.Checksum.fields()...)
	for _, o := range t.Options {
		f = append(f, o.field())
	}
	return f
}

func (t *TCP) marshal(in enclosing, _ Layer, body []byte) []byte {
	b := make([]byte, 20)
	binary.BigEndian.PutUint16(b, t.SrcPort)
	binary.BigEndian.PutUint16(b[2:], t.DstPort)
	binary.BigEndian.PutUint32(b[4:], t.Seq)
	binary.BigEndian.PutUint32(b[8:], t.Ack)
	for _, o := range t.Options {
		b = o.append(b)
	}
	b = padTo4(b)
	b[12] = deref(t.Offset, uint8(len(b)/4))<<4 | t.Reserved&15
	b[13] = uint8(t.Flags)
	binary.BigEndian.PutUint16(b[14:], t.Window)
	binary.BigEndian.PutUint16(b[18:], t.Urgent)
	b = append(b, body...)
	binary.BigEndian.PutUint16(b[16:], t.Checksum.apply(^Sum(in.pseudoHeader(ProtoTCP, len(b)), b)))
	return b
}
