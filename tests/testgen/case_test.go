package testgen

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/firstack/firstack/tests/vector"
)

// What Write writes, Read reads.
func TestWriteRead(t *testing.T) {
	c := &Case{
		Line: 1, InPort: 3, In: []byte{0x11, 0x22, 0x33, 0x44}, OutPort: 5,
		Entries: []Entry{
			{"routes.routes", false, []string{"dst_addr=0x1&&&0x3"}, "forward", []string{"port=0x5", "next_hop=0x1"}},
			{"settings", true, []string{}, "set_settings", []string{}},
		},
		Groups: []Group{{7, 1}},
		Out:    []byte{0x99, 0xa0, 0x00, 0x33, 0x44}, Mask: []byte{0xff, 0xf0, 0x00, 0xff, 0xff},
	}
	var text bytes.Buffer
	if err := c.Write(&text); err != nil {
		t.Fatal(err)
	}
	if want := "out 5 99a***=2\n"; !strings.HasSuffix(text.String(), want) {
		t.Errorf("%s\nshould end in %s", text.String(), want)
	}
	got, err := Read(&text)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || !reflect.DeepEqual(got[0], c) {
		t.Errorf("got %+v\nwant %+v", got[0], c)
	}
}

func TestReadFaults(t *testing.T) {
	for text, want := range map[string]string{
		"in 3 00":                   "line 1: in before the first case",
		"case\nin x 00":             "line 2: ",
		"case\nin 3 0":              "line 2: ",
		"case\nout 3 0*=1":          "line 2: out: =1 of a packet of 0 bytes",
		"case\nadd t k=1 forward":   "line 2: add: want TABLE KEY=VALUE... : ACTION ARGUMENT=VALUE...",
		"case\ngroup 1":             "line 2: group: ",
		"case\nin 3 00\nforward 12": `line 3: unknown word "forward"`,
	} {
		if _, err := Read(strings.NewReader(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("case\nadd t k=1 : a x=2\ngroup 1 2\nin 3 0011\ntruncated\nout 5 *1=1\n")
	f.Fuzz(func(t *testing.T, text string) {
		cases, err := Read(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, c := range cases {
			var again bytes.Buffer
			if err := c.Write(&again); err != nil {
				t.Fatal(err)
			}
			if _, err := Read(&again); err != nil {
				t.Fatalf("%q, written again: %v", text, err)
			}
		}
	})
}

// A bit that matters is compared, and a bit that does not is not.
func TestCompare(t *testing.T) {
	c := &Case{OutPort: 5, Out: []byte{0x12, 0x34}, Mask: []byte{0xff, 0xf0}}
	same := frames(5, 0x12, 0x3f)
	for name, test := range map[string]struct {
		differs bool
		c       *Case
		got     []vector.Frame
	}{
		"same":        {false, c, same},
		"byte":        {true, c, frames(5, 0x12, 0x44)},
		"port":        {true, c, frames(4, 0x12, 0x34)},
		"length":      {true, c, frames(5, 0x12)},
		"nothing":     {true, c, nil},
		"two":         {true, c, append(frames(5, 0x12, 0x34), same...)},
		"dropped":     {false, &Case{}, nil},
		"not dropped": {true, &Case{}, same},
	} {
		if err := test.c.Compare(test.got); (err != nil) != test.differs {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func frames(port uint32, bytes ...byte) []vector.Frame {
	return []vector.Frame{{Port: port, Bytes: bytes}}
}
