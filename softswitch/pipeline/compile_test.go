package pipeline

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/firstack/firstack/softswitch/bmv2json"
)

// TestCompileRefuses: what this target cannot carry out is refused by name and
// place.
func TestCompileRefuses(t *testing.T) {
	data, err := os.ReadFile("testdata/tiny.json")
	if err != nil {
		t.Fatal(err)
	}
	sound := string(data)
	for _, c := range []struct{ name, old, new, text string }{
		{"primitive", `"op":"mark_to_drop"`, `"op":"mark_to_keep"`, `action: jumps: primitive mark_to_keep`},
		{"primitive in a parser", `"op":"primitive","parameters":[{"op":"add_header"`, `"op":"primitive","parameters":[{"op":"sub_header"`, `parser state var`},
		{"parameters", `{"op":"exit","parameters":[]}`, `{"op":"exit","parameters":[{"type":"hexstr","value":"0x1"}]}`, "1 parameters, want 0"},
		{"hash", `"algo":"csum16"`, `"algo":"md5"`, `checksum ck: calculation c: algorithm "md5"`},
		{"selector hash", `"algo":"crc16"`, `"algo":"md5"`, `ingress: action profile prof`},
		{"jump", `{"type":"hexstr","value":"0x3"}]},{"op":"push"`, `{"type":"hexstr","value":"0x33"}]},{"op":"push"`, "jump to 51"},
		{"digest", `{"op":"generate_digest","parameters":[{"type":"hexstr","value":"0x0"},{"type":"hexstr","value":"0x1"}]}`, `{"op":"generate_digest","parameters":[{"type":"hexstr","value":"0x0"},{"type":"hexstr","value":"0x9"}]}`, "learn list 9"},
		{"field list", `{"op":"resubmit","parameters":[{"type":"hexstr","value":"0x1"}]}`, `{"op":"resubmit","parameters":[{"type":"hexstr","value":"0x9"}]}`, "field list 9"},
		{"headers of different types", `{"type":"header","value":"s[1]"},{"type":"header","value":"h"}`, `{"type":"header","value":"s[1]"},{"type":"header","value":"w"}`, "different types"},
		{"standard metadata", `["egress_spec",32,false]`, `["egress_speck",32,false]`, "egress_spec"},
		{"no egress", `"name":"egress"`, `"name":"digress"`, `"egress"`},
		{"no parser", `"parsers":[{"name":"parser"`, `"parsers":[{"name":"a"},{"name":"b"`, `"parser"`},
		{"entries that are the same", `"priority":1}]`, `"priority":1},{"match_key":[{"match_type":"ternary","key":"0x01","mask":"0x0f"},{"match_type":"exact","key":"0x01"}],"action_entry":{"action_id":1,"action_data":[]},"priority":1}]`, "table t: constant entries"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(sound, c.old) {
				t.Fatalf("the sound program has no %s", c.old)
			}
			src, err := bmv2json.Parse([]byte(strings.Replace(sound, c.old, c.new, 1)))
			if err != nil {
				t.Fatal(err)
			}
			_, err = Compile(src)
			if err == nil || !strings.Contains(err.Error(), c.text) {
				t.Fatalf("got %v, want %q in it", err, c.text)
			}
			if !errors.Is(err, ErrUnsupported) && !errors.Is(err, ErrExists) {
				t.Errorf("%v is of no known kind", err)
			}
		})
	}
}

// TestProgramsAreCurrent compiles testdata/*.p4 again where p4c is installed.
func TestProgramsAreCurrent(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT CHECKED: test programs against p4c, which takes seconds; run without -short")
	}
	p4c, err := exec.LookPath("p4c-bm2-ss")
	if err != nil {
		t.Skip("NOT CHECKED: test programs against p4c: p4c-bm2-ss is not on PATH (package p4lang-p4c, https://github.com/p4lang/p4c#getting-started)")
	}
	files, _ := filepath.Glob("testdata/*.p4")
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".p4")
		out := filepath.Join(t.TempDir(), name+".json")
		cmd := exec.Command(p4c, "--arch", "v1model", "-o", out, name+".p4")
		cmd.Dir = "testdata"
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", f, err, text)
		}
		if !reflect.DeepEqual(document(t, out), document(t, "testdata/"+name+".json")) {
			t.Errorf("testdata/%s.json is not what %s compiles to: p4c-bm2-ss --arch v1model -o %s.json %s.p4", name, f, name, name)
		}
	}
}

// document reads a compiled program without what names the compiler.
func document(t *testing.T, file string) map[string]any {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	delete(doc, "__meta__")
	delete(doc, "program")
	return doc
}
