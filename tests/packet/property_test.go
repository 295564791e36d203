package packet

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"net/netip"

	"pgregory.net/rapid"
)

func itoa(n int) string { return strconv.Itoa(n) }

func drawMAC(t *rapid.T) MAC {
	return MAC(rapid.SliceOfN(rapid.Byte(), 6, 6).Draw(t, "mac"))
}

func drawAddr(t *rapid.T) netip.Addr {
	return netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "addr")))
}

func drawIP(t *rapid.T) *IPv4 {
	ip := &IPv4{
		Src: drawAddr(t), Dst: drawAddr(t), TTL: rapid.Byte().Draw(t, "ttl"), ID: rapid.Uint16().Draw(t, "id"),
		DF: rapid.Bool().Draw(t, "df"), DSCP: rapid.Uint8Max(63).Draw(t, "dscp"), ECN: rapid.Uint8Max(3).Draw(t, "ecn"),
	}
	if rapid.Bool().Draw(t, "options") {
		ip.Options = bytes.Repeat([]byte{1}, 4*rapid.IntRange(1, 10).Draw(t, "words"))
	}
	return ip
}

func drawOption(t *rapid.T) TCPOption {
	switch rapid.IntRange(0, 6).Draw(t, "option") {
	case 0:
		return MSS(rapid.Uint16().Draw(t, "mss"))
	case 1:
		return WindowScale(rapid.Byte().Draw(t, "ws"))
	case 2:
		return SACKPermitted()
	case 3:
		return TCPOption{Kind: OptionNop}
	case 4:
		return Tag{
			Permitted: rapid.Bool().Draw(t, "permitted"), Answer: rapid.Bool().Draw(t, "answer"),
			Direct: rapid.Bool().Draw(t, "direct"), Attempt: rapid.Uint8Max(7).Draw(t, "attempt"),
			Epoch: rapid.Byte().Draw(t, "epoch"), Gateway: rapid.Uint16().Draw(t, "gw"), MAC: rapid.Uint32().Draw(t, "mac"),
		}.Option()
	case 5:
		return TCPOption{Kind: OptionTimestamps, Data: rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(t, "ts")}
	}
	return TCPOption{Kind: rapid.Uint8Range(9, 255).Draw(t, "kind"), Data: rapid.SliceOfN(rapid.Byte(), 0, 6).Draw(t, "data")}
}

func drawTCP(t *rapid.T) *TCP {
	tcp := &TCP{
		SrcPort: rapid.Uint16().Draw(t, "src"), DstPort: rapid.Uint16().Draw(t, "dst"),
		Flags: TCPFlags(rapid.Byte().Draw(t, "flags")), Seq: rapid.Uint32().Draw(t, "seq"), Ack: rapid.Uint32().Draw(t, "ack"),
		Window: rapid.Uint16().Draw(t, "win"), Urgent: rapid.Uint16().Draw(t, "urg"), Reserved: rapid.Uint8Max(15).Draw(t, "res"),
	}
	for size := 0; rapid.Bool().Draw(t, "more options"); {
		o := drawOption(t)
		if size += len(o.append(nil)); size > 40 {
			break
		}
		tcp.Options = append(tcp.Options, o)
	}
	return tcp
}

func drawPayload(t *rapid.T) []Layer {
	return payload(rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "payload"))
}

// drawPacket draws a well-formed packet: TCP, perhaps encapsulated, perhaps quoted by an ICMP error.
func drawPacket(t *rapid.T) *Packet {
	p := &Packet{Layers: []Layer{&Ethernet{Src: drawMAC(t), Dst: drawMAC(t)}, drawIP(t)}}
	if rapid.Bool().Draw(t, "tunnel") {
		p.Layers = append(p.Layers, drawIP(t))
	}
	inside := append([]Layer{drawTCP(t)}, drawPayload(t)...)
	if rapid.Bool().Draw(t, "icmp") {
		icmp := &ICMP{Type: 3, Code: 4, Rest: uint32(rapid.Uint16().Draw(t, "mtu"))}
		inside = append([]Layer{icmp, &Quote{Size: rapid.IntRange(1, 80).Draw(t, "quote")}, drawIP(t)}, inside...)
	}
	p.Layers = append(p.Layers, inside...)
	return p
}

func TestRandomPackets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPacket(t)
		frame := p.Build()
		if err := CheckFrame(frame); err != nil && !strings.Contains(err.Error(), "quoted") {
			t.Fatalf("%s\n%v", p, err)
		}
		decoded := Decode(frame)
		if !bytes.Equal(decoded.Build(), frame) {
			t.Fatalf("Decode of %s builds another frame: %s", p, decoded)
		}
		parsed, err := Parse(p.String())
		if err != nil || !bytes.Equal(parsed.Build(), frame) {
			t.Fatalf("Parse(%s): %v", p, err)
		}
		for _, l := range p.Layers {
			if _, ok := l.(*Quote); ok {
				return // the quote's cut loses what the text can't show
			}
		}
		if decoded.String() != p.String() {
			t.Fatalf("want %s\ngot  %s", p, decoded)
		}
	})
}

func TestAnyBytesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		frame := rapid.SliceOfN(rapid.Byte(), 0, 100).Draw(t, "frame")
		if rapid.Bool().Draw(t, "mutate") {
			frame = drawPacket(t).Build()
			for range rapid.IntRange(1, 4).Draw(t, "changes") {
				frame[rapid.IntRange(0, len(frame)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "to")
			}
			frame = frame[:rapid.IntRange(0, len(frame)).Draw(t, "cut")]
		}
		mustRoundTrip(t, frame)
	})
}

// mustRoundTrip fails unless frame survives decoding, its text and building.
func mustRoundTrip(t interface{ Fatalf(string, ...any) }, frame []byte) {
	p := Decode(frame)
	if !bytes.Equal(p.Build(), frame) {
		t.Fatalf("%x: decoded as %s, which builds %x", frame, p, p.Build())
	}
	parsed, err := Parse(p.String())
	if err != nil {
		t.Fatalf("%x: its text %s does not parse: %v", frame, p, err)
	}
	if !bytes.Equal(parsed.Build(), frame) {
		t.Fatalf("%x: its text %s builds %x", frame, p, parsed.Build())
	}
}

// TestCheckFrameCatchesBits flips every bit after the Ethernet header, one at a time: each is covered by
// some checksum, the quoted packet's by ICMP's.
func TestCheckFrameCatchesBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPacket(t)
		for _, l := range p.Layers {
			if _, ok := l.(*Quote); ok {
				t.Skip("cut quotes have faults of their own")
			}
		}
		checkEveryBit(t, p)
	})
	for _, text := range samples {
		if p := MustParse(text); strings.Contains(text, "icmp") && CheckFrame(p.Build()) == nil {
			checkEveryBit(t, p)
		}
	}
}

func checkEveryBit(t interface{ Fatalf(string, ...any) }, p *Packet) {
	frame := p.Build()
	if err := CheckFrame(frame); err != nil {
		t.Fatalf("%s: %v", p, err)
	}
	for bit := 14 * 8; bit < len(frame)*8; bit++ {
		frame[bit/8] ^= 0x80 >> (bit % 8)
		if CheckFrame(frame) == nil {
			t.Fatalf("%s: bit %d of byte %d flipped, and nothing found", p, bit%8, bit/8)
		}
		frame[bit/8] ^= 0x80 >> (bit % 8)
	}
}

// TestWrongStaysWrong: an update by difference (RFC 1624, equation 3) keeps the error that Wrong adds.
func TestWrongStaysWrong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		delta := rapid.Uint16Range(1, 0xfffe).Draw(t, "delta")
		before := MustParse("eth aa>bb / ip 10.1.0.2>198.51.100.10 / tcp 1>2 A seq=5")
		before.tcp().Checksum = Wrong(delta)
		frame := before.Build()
		port := rapid.Uint16().Draw(t, "port")
		const at, field = 14 + 20 + 2, 14 + 20 + 16
		old := uint16(frame[at])<<8 | uint16(frame[at+1])
		sum := onesAdd(onesAdd(^(uint16(frame[field])<<8|uint16(frame[field+1])), ^old), port)
		frame[at], frame[at+1] = byte(port>>8), byte(port)
		frame[field], frame[field+1] = byte(^sum>>8), byte(^sum)
		got := Decode(frame).tcp().Checksum
		if got != Wrong(delta) && got.mode != checksumFixed {
			t.Fatalf("error 0x%04x became %+v", delta, got)
		}
	})
}

func (p *Packet) tcp() *TCP {
	for _, l := range p.Layers {
		if t, ok := l.(*TCP); ok {
			return t
		}
	}
	return nil
}
