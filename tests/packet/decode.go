package packet

import (
	"bytes"
	"encoding/binary"
	"net/netip"
)

// maxDepth bounds how many headers Decode looks for inside each other; the rest is payload.
const maxDepth = 12

// Decode reads a frame. It accepts every sequence of bytes: what is cut short or makes no sense becomes a
// payload, and building the packet gives the same bytes again.
func Decode(frame []byte) *Packet {
	p := &Packet{}
	if len(frame) < 14 {
		p.Layers = payload(frame)
		return p
	}
	e := &Ethernet{Dst: MAC(frame[:6]), Src: MAC(frame[6:12])}
	etherType := binary.BigEndian.Uint16(frame[12:])
	body := frame[14:]
	p.Layers = []Layer{e}
	var trailer []byte
	switch etherType {
	case EtherTypeIPv4:
		if n := statedLength(body); n < len(body) {
			body, trailer = body[:n], body[n:]
		}
		p.Layers = append(p.Layers, decodeIPv4(enclosing{}, body, 1, false)...)
	case EtherTypeARP:
		p.Layers = append(p.Layers, decodeARP(body)...)
	default:
		p.Layers = append(p.Layers, payload(body)...)
	}
	if !bytes.Equal(marshal(enclosing{}, p.Layers)[:14], frame[:14]) {
		e.Type = &etherType
	}
	if len(trailer) > 0 {
		p.Layers = append(p.Layers, &Trailer{Data: bytes.Clone(trailer)})
	}
	return p
}

// statedLength is where the IPv4 packet in b says that it ends, if that makes sense, else len(b).
func statedLength(b []byte) int {
	if len(b) < 20 {
		return len(b)
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if n < 20 || n < int(b[0]&15)*4 {
		return len(b)
	}
	return min(n, len(b))
}

// decodeProtocol reads what an IPv4 header's protocol field announces.
func decodeProtocol(in enclosing, protocol uint8, b []byte, depth int, quoted bool) []Layer {
	if depth < maxDepth {
		switch protocol {
		case ProtoTCP:
			return decodeTCP(in, b, quoted)
		case ProtoUDP:
			return decodeUDP(in, b)
		case ProtoICMP:
			return decodeICMP(in, b, depth, quoted)
		case ProtoIPv4:
			return decodeIPv4(in, b, depth, quoted)
		}
	}
	return payload(b)
}

func payload(b []byte) []Layer {
	if len(b) == 0 {
		return nil
	}
	return []Layer{&Payload{Data: bytes.Clone(b)}}
}

// settle chooses what a checksum field needs to be said: nothing, an error that an update by difference
// keeps, or its value. set writes the choice into the layer.
func settle(in enclosing, layers []Layer, want []byte, field int, set func(Checksum)) {
	set(Checksum{})
	got := marshal(in, layers)
	value := binary.BigEndian.Uint16(want[field:])
	if binary.BigEndian.Uint16(got[field:]) == value {
		return
	}
	set(Wrong(onesAdd(value, ^binary.BigEndian.Uint16(got[field:]))))
	if !bytes.Equal(marshal(in, layers)[field:field+2], want[field:field+2]) {
		set(Fixed(value))
	}
}

// orPayload returns layers when they build b, else b as a payload.
func orPayload(in enclosing, layers []Layer, b []byte) []Layer {
	if !bytes.Equal(marshal(in, layers), b) {
		return payload(b)
	}
	return layers
}

// unless returns nil when the fixed value is what goes without saying.
func unless[T comparable](usual, fixed T) *T {
	if usual == fixed {
		return nil
	}
	return &fixed
}

func decodeARP(b []byte) []Layer {
	if len(b) < 28 {
		return payload(b)
	}
	a := &ARP{
		Operation: binary.BigEndian.Uint16(b[6:]),
		SenderMAC: MAC(b[8:14]), SenderIP: netip.AddrFrom4([4]byte(b[14:18])),
		TargetMAC: MAC(b[18:24]), TargetIP: netip.AddrFrom4([4]byte(b[24:28])),
	}
	layers := []Layer{a}
	if len(b) > 28 {
		layers = append(layers, &Trailer{Data: bytes.Clone(b[28:])})
	}
	return orPayload(enclosing{}, layers, b)
}
