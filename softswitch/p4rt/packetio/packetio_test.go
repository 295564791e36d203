package packetio

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/softswitch/p4rt/schema"
)

// header makes the packet_out (and packet_in) header whose fields have the given widths; a negative
// width is padding.
func header(t *testing.T, widths ...int) *schema.PacketHeader {
	t.Helper()
	h := &p4configv1.ControllerPacketMetadata{Preamble: &p4configv1.Preamble{Id: 1, Name: "packet_out"}}
	for i, w := range widths {
		m := &p4configv1.ControllerPacketMetadata_Metadata{Id: uint32(i + 1), Name: string(rune('a' + i)), Bitwidth: int32(max(w, -w))}
		if w < 0 {
			m.Annotations = []string{"@padding"}
		}
		h.Metadata = append(h.Metadata, m)
	}
	s, err := schema.New(&p4configv1.P4Info{ControllerPacketMetadata: []*p4configv1.ControllerPacketMetadata{h}})
	if err != nil {
		t.Fatal(err)
	}
	return s.PacketOut
}

func md(values ...string) []*p4v1.PacketMetadata {
	var out []*p4v1.PacketMetadata
	for i, v := range values {
		if v != "-" {
			out = append(out, &p4v1.PacketMetadata{MetadataId: uint32(i + 1), Value: []byte(v)})
		}
	}
	return out
}

func TestOut(t *testing.T) {
	nineSeven, padded := header(t, 9, 7), header(t, 9, -6, 1)
	tests := []struct {
		name string
		h    *schema.PacketHeader
		md   []*p4v1.PacketMetadata
		want string // header, or what the error says
		ok   bool
	}{
		{"two fields share a byte", nineSeven, md("\x01\x05", "\x03"), "\x82\x83", true},
		{"in any order, leading zeros", nineSeven, []*p4v1.PacketMetadata{{MetadataId: 2, Value: []byte{0, 0, 3}}, {MetadataId: 1, Value: []byte{5}}}, "\x02\x83", true},
		{"padding left out", padded, md("\x01\xff", "-", "\x01"), "\xff\x81", true},
		{"padding given", padded, md("\x00", "\x3f", "\x00"), "\x00\x7e", true},
		{"no header", nil, nil, "", true},
		{"no header, but metadata", nil, md("\x01"), "no packet_out header", false},
		{"missing", nineSeven, md("\x01"), `"b" is missing`, false},
		{"twice", nineSeven, []*p4v1.PacketMetadata{{MetadataId: 1, Value: []byte{1}}, {MetadataId: 1, Value: []byte{1}}}, "twice", false},
		{"unknown", nineSeven, md("\x01", "\x01", "\x01"), "no metadata 3", false},
		{"too wide", nineSeven, md("\x02\x00", "\x01"), "9 bits", false},
		{"empty", nineSeven, md("", "\x01"), "empty", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Out(tt.h, []byte("frame:"), tt.md)
			if !tt.ok {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %x, %v, want an error with %q", got, err, tt.want)
				}
				return
			}
			if err != nil || string(got) != "frame:"+tt.want {
				t.Errorf("got %x, %v, want %x", got, err, tt.want)
			}
		})
	}
}

func TestIn(t *testing.T) {
	h := header(t, 9, 1, -6)
	got, payload, err := In(h, []byte("\x82\xc0payload"))
	if err != nil || string(payload) != "payload" || len(got) != 3 {
		t.Fatalf("%v %q %v", got, payload, err)
	}
	for i, want := range []string{"\x01\x05", "\x01", "\x00"} {
		if got[i].MetadataId != uint32(i+1) || string(got[i].Value) != want {
			t.Errorf("metadata %d: %v, want %x", i, got[i], want)
		}
	}
	if _, _, err := In(h, []byte("x")); err != ErrShort {
		t.Errorf("a short frame: %v", err)
	}
	if md, payload, err := In(nil, []byte("x")); md != nil || string(payload) != "x" || err != nil {
		t.Error("a program without header must give the whole frame")
	}
}

// TestRoundTrip lays out random headers and reads them back.
func TestRoundTrip(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 300 {
		var widths []int
		bits := 0
		for range 1 + rng.IntN(8) {
			w := 1 + rng.IntN(130)
			widths = append(widths, w)
			bits += w
		}
		if bits%8 != 0 {
			widths = append(widths, 8-bits%8)
		}
		h := header(t, widths...)
		frame := make([]byte, h.Bytes)
		for i := range frame {
			frame[i] = byte(rng.Uint32())
		}
		md, rest, err := In(h, frame)
		if err != nil || len(rest) != 0 {
			t.Fatal(err, rest)
		}
		back, err := Out(h, nil, md)
		if err != nil || !bytes.Equal(back, frame) {
			t.Fatalf("widths %v: %x became %x, %v", widths, frame, back, err)
		}
	}
}
