package vector

import (
	"os"
	"strings"
	"testing"
)

// TestData checks what can be checked of the data without a switch: entries encode, digests and counters
// exist, descriptions are there.
func TestData(t *testing.T) {
	shown := map[string]bool{}
	programs := map[string]*Program{}
	vectors, err := LoadAll(os.DirFS("data"))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		p := programs[v.Program]
		if p == nil {
			var err error
			if p, err = LoadProgram(v.Program); err != nil {
				t.Fatalf("%s: %v", v.Where, err)
			}
			programs[v.Program] = p
		}
		schema := NewSchema(p.Info)
		for _, what := range v.Patent {
			if !knownInPatent(what) {
				t.Errorf("%s: %s: the patent has no %q", v.Where, v.Name, what)
			}
			if v.Deviates == "" {
				shown[what] = true
			}
		}
		if v.Description == "" {
			t.Errorf("%s: %s has no description", v.Where, v.Name)
		}
		check := func(where string, entries []Entry) {
			for _, e := range entries {
				if _, err := schema.Entity(e); err != nil {
					t.Errorf("%s: %s: %v", where, v.Name, err)
				}
			}
		}
		check(v.Where, v.Entries)
		for _, s := range v.Steps {
			check(s.Where, s.Write)
			check(s.Where, s.Modify)
			check(s.Where, s.Delete)
			for name := range s.Counters {
				table, action, _ := strings.Cut(name, "/")
				if tbl, err := schema.table(table); err != nil {
					t.Errorf("%s: %s: %v", s.Where, v.Name, err)
				} else if _, err := schema.action(action, tbl); err != nil {
					t.Errorf("%s: %s: %v", s.Where, v.Name, err)
				}
			}
		}
	}
	for _, list := range [][]string{Operations, Claims, Remarks} {
		for _, what := range list {
			if !shown[what] {
				t.Errorf("no vector shows %s", what)
			}
		}
	}
}
