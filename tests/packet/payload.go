package packet

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
)

// UDP is a UDP header (RFC 768). Pointers left nil mean the right value.
type UDP struct {
	SrcPort, DstPort uint16
	Length           *uint16
	Checksum         Checksum
}

func (*UDP) Name() string { return "udp" }

func (u *UDP) Fields() []Field {
	f := []Field{{"", fmt.Sprintf("%d>%d", u.SrcPort, u.DstPort)}}
	return append(append(f, decimal("len", u.Length)...), u.Checksum.fields()...)
}

func (u *UDP) marshal(in enclosing, _ Layer, body []byte) []byte {
	b := make([]byte, 8, 8+len(body))
	binary.BigEndian.PutUint16(b, u.SrcPort)
	binary.BigEndian.PutUint16(b[2:], u.DstPort)
	binary.BigEndian.PutUint16(b[4:], deref(u.Length, uint16(8+len(body))))
	b = append(b, body...)
	right := ^Sum(in.pseudoHeader(ProtoUDP, len(b)), b)
	if right == 0 { // RFC 768: 0 would mean that there is none
		right = 0xffff
	}
	binary.BigEndian.PutUint16(b[6:], u.Checksum.apply(right))
	return b
}

// Payload is bytes that are nothing else.
type Payload struct{ Data []byte }

func (*Payload) Name() string { return "payload" }

func (p *Payload) Fields() []Field { return []Field{{"", bytesText(p.Data)}} }

func (p *Payload) marshal(_ enclosing, _ Layer, body []byte) []byte {
	return append(append([]byte(nil), p.Data...), body...)
}

// Trailer is bytes after the end of the IP packet, such as Ethernet's padding.
type Trailer struct{ Data []byte }

func (*Trailer) Name() string { return "trailer" }

func (t *Trailer) Fields() []Field { return []Field{{"", bytesText(t.Data)}} }

func (t *Trailer) marshal(_ enclosing, _ Layer, body []byte) []byte {
	return append(append([]byte(nil), t.Data...), body...)
}

// Cut ends the frame after Size bytes.
type Cut struct{ Size int }

func (*Cut) Name() string      { return "cut" }
func (c *Cut) Fields() []Field { return []Field{{"", fmt.Sprint(c.Size)}} }

func (c *Cut) marshal(_ enclosing, _ Layer, body []byte) []byte { return body }

// Pattern returns the n bytes abc…zabc… that "payload n" stands for.
func Pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'a' + byte(i%26)
	}
	return b
}

// maxPayload keeps what a text can ask for within an IPv4 packet (65,535 bytes) with room for headers.
const maxPayload = 65000

func bytesText(b []byte) string {
	if bytes.Equal(b, Pattern(len(b))) {
		return strconv.Itoa(len(b))
	}
	for _, c := range b {
		if c < ' ' || c > '~' {
			return "hex:" + hex.EncodeToString(b)
		}
	}
	return strconv.Quote(string(b))
}

func parseBytes(s string) ([]byte, error) {
	var data []byte
	var err error
	if text, ok := bytes.CutPrefix([]byte(s), []byte("hex:")); ok {
		data, err = hex.DecodeString(string(text))
	} else if s != "" && s[0] == '"' {
		s, err = strconv.Unquote(s)
		data = []byte(s)
	} else {
		var n uint64
		n, err = strconv.ParseUint(s, 10, 16)
		if err == nil && n <= maxPayload {
			data = Pattern(int(n))
		}
		if n > maxPayload {
			err = fmt.Errorf("more than %d bytes", maxPayload)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%q is not a number of bytes, \"text\" or hex:…: %w", s, err)
	}
	return data, nil
}
