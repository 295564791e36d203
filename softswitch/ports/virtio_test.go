package ports

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"
)

// shape is an IP frame to be built: unfinished, as its sender leaves it to a card.
type shape struct {
	six      bool
	vlan     int // tags
	protocol uint8
	options  int // bytes of IPv4 and of TCP options
	payload  int
	flags    byte
}

// build gives the frame and where its transport header begins.
func (s shape) build() (frame []byte, transport int) {
	f := []byte("\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01")
	for i := range s.vlan {
		f = append(f, []byte{0x88, 0xa8, 0x81, 0x00}[2*(i&1):2*(i&1)+2]...)
		f = append(f, 0x20, byte(i+1))
	}
	var tp []byte
	field := tcpChecksum
	switch s.protocol {
	case protoTCP:
		tp = append([]byte("\x9c\x40\x00\x50\x00\x00\x03\xe8\x00\x00\x13\x89\x50\x18\x02\x00\x00\x00\x00\x00"), make([]byte, s.options)...)
		tp[12] = byte(20+s.options) / 4 << 4
		tp[tcpFlags] = s.flags
		for i := range s.options {
			tp[20+i] = 1
		}
	case protoUDP:
		tp, field = []byte("\x9c\x40\x00\x50\x00\x00\x00\x00"), udpChecksum
		binary.BigEndian.PutUint16(tp[4:], uint16(8+s.payload))
	case protoSCTP:
		tp = []byte("\x9c\x40\x00\x50\x01\x02\x03\x04\x00\x00\x00\x00")
	}
	for i := range s.payload {
		tp = append(tp, byte(i*7+i>>8))
	}
	var addresses []byte
	if s.six {
		ip := make([]byte, 40)
		ip[0], ip[6], ip[7], ip[23], ip[39] = 0x60, s.protocol, 64, 1, 2
		binary.BigEndian.PutUint16(ip[4:], uint16(len(tp)))
		f, addresses = append(append(f, 0x86, 0xdd), ip...), ip[8:40]
	} else {
		ip := make([]byte, 20+s.options)
		ip[0], ip[8], ip[9] = byte(0x40+len(ip)/4), 64, s.protocol
		copy(ip[12:], []byte{10, 0, 0, 1, 10, 0, 0, 2})
		for i := range s.options {
			ip[20+i] = 1
		}
		binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)+len(tp)))
		binary.BigEndian.PutUint16(ip[4:], 0xfffe)
		binary.BigEndian.PutUint16(ip[10:], ^naiveSum(ip))
		f, addresses = append(append(f, 0x08, 0x00), ip...), ip[12:20]
	}
	if s.protocol != protoSCTP {
		length := []byte{0, s.protocol, 0, 0}
		binary.BigEndian.PutUint16(length[2:], uint16(len(tp)))
		binary.BigEndian.PutUint16(tp[field:], naiveSum(addresses, length))
	}
	return append(f, tp...), len(f)
}

func (s shape) offset() int {
	return map[uint8]int{protoTCP: tcpChecksum, protoUDP: udpChecksum, protoSCTP: sctpChecksum}[s.protocol]
}

func TestComplete(t *testing.T) {
	for name, s := range map[string]shape{
		"TCP":         {protocol: protoTCP, payload: 101, flags: 0x18},
		"TCP options": {protocol: protoTCP, payload: 7, options: 12},
		"TCP VLAN":    {protocol: protoTCP, payload: 8, vlan: 2},
		"TCP IPv6":    {six: true, protocol: protoTCP, payload: 1400},
		"UDP":         {protocol: protoUDP, payload: 1},
		"UDP IPv6":    {six: true, vlan: 1, protocol: protoUDP},
		"SCTP":        {protocol: protoSCTP, payload: 33},
	} {
		t.Run(name, func(t *testing.T) {
			frame, start := s.build()
			before := bytes.Clone(frame)
			if err := (virtioHeader{start: start, offset: s.offset()}).complete(frame); err != nil || !bytes.Equal(frame, before) {
				t.Errorf("a frame that is finished was changed: %v", err)
			}
			if err := (virtioHeader{needsChecksum: true, start: start, offset: s.offset()}).complete(frame); err != nil {
				t.Fatal(err)
			}
			if err := naiveCheck(frame); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestZeroChecksum: UDP has no checksum 0, for that means none.
func TestZeroChecksum(t *testing.T) {
	frame, start := shape{protocol: protoUDP, payload: 2}.build()
	covered := frame[start:]
	covered[8], covered[9] = 0, 0
	binary.BigEndian.PutUint16(covered[8:], ^naiveSum(covered))
	if err := (virtioHeader{needsChecksum: true, start: start, offset: udpChecksum}).complete(frame); err != nil {
		t.Fatal(err)
	}
	if got := binary.BigEndian.Uint16(covered[udpChecksum:]); got != 0xffff {
		t.Errorf("checksum %#04x, want 0xffff", got)
	}
}

func TestOutsideChecksum(t *testing.T) {
	frame, start := shape{protocol: protoTCP}.build()
	for _, h := range []virtioHeader{
		{needsChecksum: true, start: len(frame) + 1}, {needsChecksum: true, start: start, offset: len(frame)},
		{needsChecksum: true, start: len(frame) - 1},
	} {
		if err := h.complete(frame); !errors.Is(err, errChecksum) {
			t.Errorf("%+v: %v", h, err)
		}
	}
}

func TestSum(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	for n := range 300 {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		if n%3 == 0 {
			for i := range b {
				b[i] = 0xff
			}
		}
		if got, want := sum(b), naiveSum(b); got != want {
			t.Fatalf("%d bytes %x: %#04x, want %#04x", n, b, got, want)
		}
	}
	if got := add(0xffff, 0xffff, 0xffff, 2); got != 2 {
		t.Errorf("add: %#04x", got)
	}
}
