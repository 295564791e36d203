package packet

import (
	"bytes"
	"encoding/binary"
	"net/netip"
)

// decodeIPv4 reads an IPv4 packet that fills b. A quoted one may be cut short.
func decodeIPv4(in enclosing, b []byte, depth int, quoted bool) []Layer {
	if len(b) < 20 {
		return payload(b)
	}
	header := int(b[0]&15) * 4
	size := header
	if size < 20 || size > len(b) {
		size = 20
	}
	word := binary.BigEndian.Uint16(b[6:])
	ip := &IPv4{
		Src: netip.AddrFrom4([4]byte(b[12:16])), Dst: netip.AddrFrom4([4]byte(b[16:20])),
		TTL: b[8], ID: binary.BigEndian.Uint16(b[4:]),
		MF: word&0x2000 != 0, DF: word&0x4000 != 0, Evil: word&0x8000 != 0, Fragment: int(word&0x1fff) * 8,
		DSCP: b[1] >> 2, ECN: b[1] & 3, Options: bytes.Clone(b[20:size]),
		Version: unless(4, b[0]>>4), IHL: unless(uint8(size/4), b[0]&15),
	}
	body := b[size:]
	var inside []Layer
	if b[0]>>4 == 4 && header == size && ip.Fragment == 0 {
		inside = decodeProtocol(enclosing{src: ip.Src, dst: ip.Dst}, b[9], body, depth+1, quoted)
	} else {
		inside = payload(body)
	}
	layers := append([]Layer{ip}, inside...)
	var next Layer
	if len(inside) > 0 {
		next = inside[0]
	}
	ip.Protocol = unless(protocolOf(next), b[9])
	// A quoted packet that was cut says so by its length, unless what is there rebuilds it whole.
	built := len(marshal(in, layers))
	ip.Length = unless(uint16(built), binary.BigEndian.Uint16(b[2:]))
	if !quoted {
		settle(in, layers, b, 10, func(c Checksum) { ip.Checksum = c })
		return orPayload(in, layers, b)
	}
	want := append(bytes.Clone(b[:size]), marshal(in, layers)[size:]...)
	settle(in, layers, want, 10, func(c Checksum) { ip.Checksum = c })
	if got := marshal(in, layers); len(got) < len(b) || !bytes.Equal(got[:len(b)], b) {
		return payload(b)
	}
	return layers
}

// decodeICMP reads an ICMP message that fills b.
func decodeICMP(in enclosing, b []byte, depth int, quoted bool) []Layer {
	if len(b) < 8 {
		return payload(b)
	}
	i := &ICMP{Type: b[0], Code: b[1], Rest: binary.BigEndian.Uint32(b[4:])}
	layers := []Layer{i}
	body := b[8:]
	if i.isError() && !quoted && len(body) > 0 {
		layers = append(layers, &Quote{Size: len(body)})
		layers = append(layers, decodeIPv4(enclosing{}, body, depth+1, true)...)
	} else {
		layers = append(layers, payload(body)...)
	}
	settle(in, layers, b, 2, func(c Checksum) { i.Checksum = c })
	return orPayload(in, layers, b)
}

func decodeUDP(in enclosing, b []byte) []Layer {
	if len(b) < 8 {
		return payload(b)
	}
	u := &UDP{SrcPort: binary.BigEndian.Uint16(b), DstPort: binary.BigEndian.Uint16(b[2:])}
	u.Length = unless(uint16(len(b)), binary.BigEndian.Uint16(b[4:]))
	layers := append([]Layer{u}, payload(b[8:])...)
	settle(in, layers, b, 6, func(c Checksum) { u.Checksum = c })
	return orPayload(in, layers, b)
}
