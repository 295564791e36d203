package packet

import "testing"

// FuzzText: whatever parses has a text that parses again and builds the same bytes.
func FuzzText(f *testing.F) {
	for _, s := range samples {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(p.String())
		if err != nil {
			t.Fatalf("%q parses, its text %q does not: %v", text, p, err)
		}
		if string(again.Build()) != string(p.Build()) {
			t.Fatalf("%q builds %x, its text %q builds %x", text, p.Build(), p, again.Build())
		}
		_ = CheckFrame(p.Build())
		_ = Diff(p.Build(), nil)
	})
}

// FuzzDecode: every frame survives decoding and its text.
func FuzzDecode(f *testing.F) {
	for _, s := range samples {
		f.Add(MustParse(s).Build())
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		if len(frame) > 1500 {
			return
		}
		mustRoundTrip(t, frame)
		_ = CheckFrame(frame)
	})
}
