package packet

import (
	"bytes"
	"encoding/binary"
)

// decodeTCP reads a TCP segment that fills b. A quoted one may be cut short, even inside its header.
func decodeTCP(in enclosing, b []byte, quoted bool) []Layer {
	if quoted && len(b) >= 8 && len(b) < 20 {
		return decodeCutTCP(in, b)
	}
	if len(b) < 20 {
		return payload(b)
	}
	t := &TCP{
		SrcPort: binary.BigEndian.Uint16(b), DstPort: binary.BigEndian.Uint16(b[2:]),
		Seq: binary.BigEndian.Uint32(b[4:]), Ack: binary.BigEndian.Uint32(b[8:]),
		Reserved: b[12] & 15, Flags: TCPFlags(b[13]),
		Window: binary.BigEndian.Uint16(b[14:]), Urgent: binary.BigEndian.Uint16(b[18:]),
	}
	size := int(b[12]>>4) * 4
	if size < 20 || size > len(b) {
		size = 20
	}
	t.Options = decodeOptions(b[20:size])
	t.Offset = unless(uint8(size/4), b[12]>>4)
	layers := append([]Layer{t}, payload(b[size:])...)
	settle(in, layers, b, 16, func(c Checksum) { t.Checksum = c })
	return orPayload(in, layers, b)
}

// decodeCutTCP reads the 8 to 19 bytes of a header that an ICMP error quotes. What is missing has its
// usual value; the quote's size cuts it off again.
func decodeCutTCP(in enclosing, b []byte) []Layer {
	t := &TCP{
		SrcPort: binary.BigEndian.Uint16(b), DstPort: binary.BigEndian.Uint16(b[2:]),
		Seq: binary.BigEndian.Uint32(b[4:]), Window: DefaultWindow,
	}
	if len(b) >= 12 {
		t.Ack = binary.BigEndian.Uint32(b[8:])
	}
	if len(b) >= 14 {
		t.Reserved, t.Flags, t.Offset = b[12]&15, TCPFlags(b[13]), unless(5, b[12]>>4)
	}
	if len(b) >= 16 {
		t.Window = binary.BigEndian.Uint16(b[14:])
	}
	if len(b) >= 18 {
		t.Checksum = Fixed(binary.BigEndian.Uint16(b[16:]))
	}
	if built := marshal(in, []Layer{t}); !bytes.Equal(built[:len(b)], b) {
		return payload(b)
	}
	return []Layer{t}
}

// decodeOptions reads the option bytes of a header; their length is a multiple of 4. Zeros that only pad
// the last option go without saying; what is no list of options is raw.
func decodeOptions(b []byte) []TCPOption {
	var options []TCPOption
	for rest := b; len(rest) > 0; {
		if len(rest) < 4 && len(bytes.Trim(rest, "\x00")) == 0 {
			break
		}
		if rest[0] == OptionEnd || rest[0] == OptionNop {
			options = append(options, TCPOption{Kind: rest[0]})
			rest = rest[1:]
			continue
		}
		if len(rest) < 2 || rest[1] < 2 || int(rest[1]) > len(rest) {
			return append(options, TCPOption{Data: bytes.Clone(rest), Raw: true})
		}
		options = append(options, TCPOption{Kind: rest[0], Data: bytes.Clone(rest[2:rest[1]])})
		rest = rest[rest[1]:]
	}
	return options
}
