package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/firstack/firstack/tests/packet"
)

// TestReport: the report has each figure's median and says what was left out; the picture is XML.
func TestReport(t *testing.T) {
	b := &bench{
		left: []string{"BMv2: not there"},
		results: []*measured{
			{name: "firstack-switch", p4: true, rates: []float64{300000, 100000, 200000}, p99: []float64{1e-4}, median: []float64{5e-5},
				inserts: map[int][]float64{1: {8000}, 10: {1, 2, 3}}, learned: []float64{12000}},
			{name: "simple_switch_grpc", p4: true, rates: []float64{50000}, p99: []float64{2e-4}, inserts: map[int][]float64{1: {4000}}},
			{name: "relay, simple", rates: []float64{250000}},
		},
		pathResults: []*measuredPath{{name: "haproxy", speed: []float64{2.5e9}}},
	}
	out := filepath.Join(t.TempDir(), "report.md")
	if err := b.report(out, 3, "A note."); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"A note.", "**Not measured:** BMv2: not there", "| firstack-switch | 200,000 | 80 % | 50.0 µs | 100.0 µs |",
		"**4.0 times**", "0.50 times BMv2's", "| firstack-switch | 8,000 | 2 | 0 | 0 |", "| ratio | 2.0 |", "| firstack-switch | 12,000 |\n", "| haproxy |", "2.50 Gbit/s", "(report.svg)",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the report lacks %q:\n%s", want, text)
		}
	}
	picture, err := os.Open(strings.TrimSuffix(out, ".md") + ".svg")
	if err != nil {
		t.Fatal(err)
	}
	defer picture.Close()
	for d := xml.NewDecoder(picture); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// TestFrames: the generator's packets are whole, also with the time in them, and are known again.
func TestFrames(t *testing.T) {
	list := makeFrames()
	if len(list) != flows {
		t.Fatalf("%d frames", len(list))
	}
	for _, f := range list {
		put(f, 0x0123456789abcdef)
		if err := packet.CheckFrame(f); err != nil {
			t.Fatal(err)
		}
		if ours, translated := isOurs(f); !ours || translated {
			t.Fatal("a frame is not known again")
		}
	}
	if ours, _ := isOurs(list[0][:20]); ours {
		t.Error("a piece of a frame is taken for one")
	}
}

// TestProgram: a gateway's entries are there for each connection.
func TestProgram(t *testing.T) {
	p, err := loadProgram("../vector/data")
	if err != nil {
		t.Fatal(err)
	}
	if len(p.entries) < 2*flows {
		t.Errorf("%d entries for %d connections", len(p.entries), flows)
	}
}

// TestHandshake: the frames of a handshake are whole and answer each other.
func TestHandshake(t *testing.T) {
	h := newTemplates()
	syn := fill(h.syn, atSport, 4000, isn(4000), 0)
	answer := fill(h.synAck, atDport, 4000, 5000, isn(4000)+1)
	ack := fill(h.ack, atSport, 4000, isn(4000)+1, 5001)
	for name, f := range map[string][]byte{"SYN": syn, "SYN-ACK": answer, "ACK": ack} {
		if err := packet.CheckFrame(f); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := isTCP(f, flagsSyn); got != (name == "SYN") {
			t.Errorf("%s is a SYN: %v", name, got)
		}
		if got := isTCP(f, flagsSynAck); got != (name == "SYN-ACK") {
			t.Errorf("%s is a SYN-ACK: %v", name, got)
		}
	}
}
