package ports

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
)

func TestCut(t *testing.T) {
	for name, c := range map[string]struct {
		shape
		gso  uint8
		size int
	}{
		"TCPv4":         {shape{protocol: protoTCP, payload: 65000, flags: flagFIN | flagPSH | flagCWR | 0x10}, gsoTCPv4, 1448},
		"TCPv4 exact":   {shape{protocol: protoTCP, payload: 3000}, gsoTCPv4, 1000},
		"TCPv4 options": {shape{protocol: protoTCP, payload: 2001, options: 12, vlan: 1}, gsoTCPv4, 500},
		"TCPv6":         {shape{six: true, protocol: protoTCP, payload: 10000, flags: flagPSH}, gsoTCPv6, 1428},
		"TCP empty":     {shape{protocol: protoTCP}, gsoTCPv4, 1448},
		"UDP":           {shape{protocol: protoUDP, payload: 4001}, gsoUDP, 1200},
		"UDP IPv6":      {shape{six: true, protocol: protoUDP, payload: 3000, vlan: 2}, gsoUDP, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			frame, start := c.build()
			before := bytes.Clone(frame)
			n, err := parseNetwork(frame)
			if err != nil {
				t.Fatal(err)
			}
			header := start + 8
			if c.protocol == protoTCP {
				header = start + int(frame[start+12]>>4)*4
			}
			var s segmenter
			segments, err := s.cut([][]byte{nil}, frame, virtioHeader{needsChecksum: true, gso: c.gso, gsoSize: c.size, start: start, offset: c.offset()})
			if err != nil {
				t.Fatal(err)
			}
			segments = segments[1:]
			if want := max(1, (c.payload+c.size-1)/c.size); len(segments) != want || !bytes.Equal(frame, before) {
				t.Fatalf("%d segments, want %d; or the frame was changed", len(segments), want)
			}
			var payload []byte
			for i, f := range segments {
				if err := naiveCheck(f); err != nil {
					t.Fatalf("segment %d: %v", i, err)
				}
				if !c.six {
					if id := binary.BigEndian.Uint16(f[n.ip+4:]); id != 0xfffe+uint16(i) {
						t.Errorf("segment %d has identification %#04x", i, id)
					}
				}
				if c.protocol == protoTCP {
					if seq := binary.BigEndian.Uint32(f[start+4:]); seq != 1000+uint32(len(payload)) {
						t.Errorf("segment %d has sequence number %d", i, seq)
					}
					want := c.flags
					if i > 0 {
						want &^= flagCWR
					}
					if i < len(segments)-1 {
						want &^= flagFIN | flagPSH
					}
					if f[start+tcpFlags] != want {
						t.Errorf("segment %d has flags %#02x, want %#02x", i, f[start+tcpFlags], want)
					}
				}
				payload = append(payload, f[header:]...)
			}
			if !bytes.Equal(payload, frame[header:]) {
				t.Error("the segments' payloads are not the frame's")
			}
		})
	}
}

func TestCannotCut(t *testing.T) {
	tcp, start := shape{protocol: protoTCP, payload: 3000}.build()
	udp, _ := shape{protocol: protoUDP, payload: 3000}.build()
	six, _ := shape{six: true, protocol: protoTCP, payload: 3000}.build()
	arp := bytes.Clone(tcp)
	arp[13] = 6
	for name, c := range map[string]struct {
		frame []byte
		h     virtioHeader
	}{
		"UDP fragments":     {udp, virtioHeader{gso: gsoUFO, gsoSize: 1000}},
		"TCP said, UDP is":  {udp, virtioHeader{gso: gsoTCPv4, gsoSize: 1000}},
		"v4 said, v6 is":    {six, virtioHeader{gso: gsoTCPv4, gsoSize: 1000}},
		"unknown kind":      {tcp, virtioHeader{gso: 77, gsoSize: 1000}},
		"a tunnel":          {tcp, virtioHeader{gso: gsoTCPv4, gsoSize: 1000, needsChecksum: true, start: start + 20}},
		"no size":           {tcp, virtioHeader{gso: gsoTCPv4}},
		"too many segments": {tcp, virtioHeader{gso: gsoTCPv4, gsoSize: 1}},
		"no IP":             {arp, virtioHeader{gso: gsoTCPv4, gsoSize: 1000}},
		"short":             {tcp[:start+12], virtioHeader{gso: gsoTCPv4, gsoSize: 1000}},
		"no header":         {tcp[:13], virtioHeader{gso: gsoTCPv4, gsoSize: 1000}},
	} {
		var s segmenter
		if out, err := s.cut(nil, c.frame, c.h); !errors.Is(err, errSegment) || len(out) != 0 {
			t.Errorf("%s: %d segments, %v", name, len(out), err)
		}
	}
}

// FuzzFinish gives what a sender may leave to a card to whoever finishes it: it must not panic, and
// what comes out must be right where the headers were.
func FuzzFinish(f *testing.F) {
	for _, s := range []shape{
		{protocol: protoTCP, payload: 300}, {six: true, protocol: protoTCP, payload: 300, vlan: 1}, {protocol: protoUDP, payload: 300}, {protocol: protoSCTP},
	} {
		frame, start := s.build()
		for _, gso := range []uint8{gsoNone, gsoTCPv4, gsoTCPv6, gsoUDP} {
			f.Add(frame, gso, uint16(100), uint16(start), uint16(s.offset()))
		}
	}
	f.Fuzz(func(t *testing.T, frame []byte, gso uint8, size, start, offset uint16) {
		var b [virtioLen]byte
		b[0], b[1] = virtioNeedsChecksum, gso
		for i, v := range []uint16{size, start, offset} {
			binary.NativeEndian.PutUint16(b[4+2*i:], v)
		}
		h := parseVirtio(b[:])
		if h.gso == gsoNone {
			_ = h.complete(frame) // may refuse
			return
		}
		var s segmenter
		segments, err := s.cut(nil, frame, h)
		if err != nil {
			return
		}
		for i, segment := range segments {
			if err := naiveCheck(segment); err != nil {
				t.Errorf("segment %d of %s: %v", i, fmt.Sprintf("%x", frame), err)
			}
		}
	})
}
