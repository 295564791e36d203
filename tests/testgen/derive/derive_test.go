package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The changes made for p4testgen go with the programs as they are.
func TestChangesApply(t *testing.T) {
	if err := copySources("../../../p4src", filepath.Join(t.TempDir(), "p4src")); err != nil {
		t.Error(err)
	}
}

// The words that batches name are there.
func TestFocuses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "p4src")
	if err := copySources("../../../p4src", dir); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for program, runs := range batches {
		if !slices.Contains(programs, program) {
			t.Errorf("%s is no program", program)
		}
		for _, b := range runs {
			for _, focus := range b.focus {
				if !strings.Contains(all.String(), "#ifdef FOCUS_"+focus+"\n") {
					t.Errorf("%s: nothing asks for FOCUS_%s", program, focus)
				}
			}
		}
	}
}

const stf = `# p4testgen seed: 1
# Traces
# [State] start
# [ExtractSuccess] hdr.ethernet@0 | Condition: |*packetLen_bits(bit<32>)| >= 112; | hdr.ethernet.src_addr = 0x0
# [Table Branch: ServerGateway.routes.routes | Key(s): |pktvar_6(bit<32>)|| Chosen action: ServerGateway.routes.forward]
# [If Statement]: meta.io.punt == 1 Condition: 0 == 1; Result: false

# Table ServerGateway.routes.routes
add ServerGateway.routes.routes 1 dst_addr:0b01** ServerGateway.routes.forward(port:0x005,next_hop:0x0001)

# Table ServerGatewayEgress.legs.legs
add ServerGatewayEgress.legs.legs instance:0x0007 ServerGatewayEgress.legs.to_origin()

packet 3 00112233
expect 5 00*1223*$
`

func TestReadTest(t *testing.T) {
	got, err := readTest(strings.NewReader(stf))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := got.Write(&text); err != nil {
		t.Fatal(err)
	}
	want := `case
add routes.routes dst_addr=0x4&&&0xc : forward port=0x005 next_hop=0x0001
add legs.legs instance=0x0007 : to_origin
group 7 7
in 3 00112233
out 5 00*1223*
`
	if text.String() != want {
		t.Errorf("got\n%swant\n%s", text.String(), want)
	}
	path := "start\nServerGateway.routes.routesServerGateway.routes.forward]\nmeta.io.punt == 1false\n"
	if got.path != path {
		t.Errorf("path %q, want %q", got.path, path)
	}
	if _, err := readTest(strings.NewReader("expect 5 00$\n")); err == nil {
		t.Error("a test without a packet is none")
	}
}
