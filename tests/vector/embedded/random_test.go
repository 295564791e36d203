package embedded

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"pgregory.net/rapid"

	"github.com/firstack/firstack/tests/packet"
	"github.com/firstack/firstack/tests/vector"
)

// bench is a switch with a program and the base entries of a data file, for many packets.
type bench struct {
	target *Target
	schema *vector.Schema
}

// newBench takes the entries of the first vector of a data file.
func newBench(t *testing.T, file string) *bench {
	t.Helper()
	vectors, err := vector.Load(os.DirFS("../data"), file)
	if err != nil {
		t.Fatal(err)
	}
	program, err := vector.LoadProgram(vectors[0].Program)
	if err != nil {
		t.Fatal(err)
	}
	target, err := Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := target.Close(); err != nil {
			t.Error(err)
		}
	})
	b := &bench{target, vector.NewSchema(program.Info)}
	if err := target.Load(t.Context(), program); err != nil {
		t.Fatal(err)
	}
	for _, e := range vectors[0].Entries {
		kind := p4v1.Update_INSERT
		if e.Default != "" {
			kind = p4v1.Update_MODIFY
		}
		b.write(t, kind, e)
	}
	return b
}

// later moves on by more than a slot lives, and returns the time.
func (b *bench) later() time.Duration {
	return time.Duration(b.target.clock.Load())*time.Microsecond + 4*time.Second
}

type fataler interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

func (b *bench) write(t fataler, kind p4v1.Update_Type, entries ...vector.Entry) {
	t.Helper()
	for _, e := range entries {
		entity, err := b.schema.Entity(e)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.target.Write(noTimeout, []*p4v1.Update{{Type: kind, Entity: entity}}); err != nil {
			t.Fatal(err)
		}
	}
}

// pass sends the packet in and demands out, both as text. Nothing but the texts knows what a right checksum
// is: whatever the switch does by difference is compared with a whole computation.
func (b *bench) pass(t fataler, inPort uint32, in string, outPort uint32, out string) {
	t.Helper()
	frame := packet.MustParse(in).Build()
	if err := b.target.Send(inPort, frame); err != nil {
		t.Fatal(err)
	}
	events, err := b.target.Collect(noTimeout, vector.Count{Frames: 1})
	if err != nil {
		t.Fatal(err)
	}
	want := packet.MustParse(out).Build()
	for _, f := range events.Frames {
		if f.Port == outPort && same(want, f.Bytes) {
			return
		}
	}
	t.Fatalf("in   %s\nwant %s\ngot  %s", in, out, describe(events.Frames, want))
}

func describe(frames []vector.Frame, want []byte) string {
	var b strings.Builder
	for _, f := range frames {
		fmt.Fprintf(&b, "port %d: %s\n%s", f.Port, packet.Decode(f.Bytes), packet.Diff(want, f.Bytes))
	}
	return b.String()
}

// same tells whether two frames are equal, the two zeros of ones' complement arithmetic (0x0000 and 0xffff)
// taken for one in their checksums: where an error was added either may come out, and they mean the same.
func same(want, got []byte) bool {
	want, got = bytes.Clone(want), bytes.Clone(got)
	for _, frame := range [][]byte{want, got} {
		const ipHeader, ipChecksum, tcpChecksum, protocol = 20, 10, 16, 9
		for at := 14; at+ipHeader <= len(frame); at += ipHeader {
			oneZero(frame, at+ipChecksum)
			if frame[at+protocol] == packet.ProtoTCP {
				oneZero(frame, at+ipHeader+tcpChecksum)
				break
			}
		}
	}
	return bytes.Equal(want, got)
}

func oneZero(frame []byte, at int) {
	if at+2 <= len(frame) && frame[at] == 0xff && frame[at+1] == 0xff {
		frame[at], frame[at+1] = 0, 0
	}
}

// sample draws the parts of a packet that have to survive everything.
type sample struct {
	client, server, replica             string
	clientPort, serverPort, replicaPort uint16
	ip, tcp, payload                    string
	df                                  bool
	ttl                                 uint8
	seq                                 uint32
}

func drawSample(t *rapid.T) sample {
	octets := rapid.SliceOfN(rapid.Byte(), 5, 5).Draw(t, "octets")
	s := sample{
		client:      fmt.Sprintf("10.1.0.%d", 2+octets[0]%250),
		server:      fmt.Sprintf("198.51.%d.%d", octets[1], octets[2]),
		replica:     fmt.Sprintf("192.0.%d.%d", octets[3], octets[4]),
		clientPort:  rapid.Uint16Min(1).Draw(t, "client port"),
		serverPort:  rapid.Uint16Min(1).Draw(t, "server port"),
		replicaPort: rapid.Uint16Min(1).Draw(t, "replica port"),
		df:          rapid.Bool().Draw(t, "df"),
		seq:         rapid.Uint32().Draw(t, "seq"),
		ttl:         rapid.Uint8Min(3).Draw(t, "ttl"),
	}
	s.ip = fmt.Sprintf(" id=%d dscp=%d ecn=%d", rapid.Uint16().Draw(t, "id"), rapid.Uint8Max(63).Draw(t, "dscp"),
		rapid.Uint8Max(2).Draw(t, "ecn"))
	if s.df {
		s.ip += " df"
	}
	s.ip += drawError(t, "ip error")
	s.tcp = fmt.Sprintf(" win=%d urg=%d res=%d%s", rapid.Uint16().Draw(t, "win"),
		rapid.Uint16().Draw(t, "urg"), rapid.Uint8Max(15).Draw(t, "res"), drawError(t, "tcp error"))
	if data := rapid.SliceOfN(rapid.Byte(), 1, 64).Draw(t, "payload"); rapid.Bool().Draw(t, "has payload") {
		s.payload = " / payload hex:" + hex.EncodeToString(data)
	}
	return s
}

// drawError draws no error of a checksum, or one that has to stay.
func drawError(t *rapid.T, label string) string {
	if rapid.Bool().Draw(t, label) {
		return ""
	}
	return fmt.Sprintf(" csum=+0x%04x", rapid.Uint16Range(1, 0xfffe).Draw(t, label))
}

// outer is the header that a tunnel puts before the sample's packet.
func (s sample) outer(src, dst string) string {
	text := fmt.Sprintf("ip %s>%s", src, dst)
	for _, word := range strings.Fields(s.ip) {
		switch name, _, _ := strings.Cut(word, "="); name {
		case "dscp", "ecn", "df":
			text += " " + word
		case "id":
			if !s.df {
				text += " " + word
			}
		}
	}
	return text
}
