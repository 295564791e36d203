package vector

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
)

// loadAll returns the vectors of all data files; files whose name ends in _base.yaml are for including.
func loadAll(t testing.TB) []*Vector {
	t.Helper()
	fsys := os.DirFS("data")
	names, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var all []*Vector
	seen := map[string]string{}
	for _, name := range names {
		if strings.HasSuffix(name, "_base.yaml") {
			continue
		}
		vectors, err := Load(fsys, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range vectors {
			full := path.Join(strings.TrimSuffix(name, ".yaml"), v.Name)
			if where, ok := seen[full]; ok {
				t.Errorf("%s: %s is at %s already", v.Where, full, where)
			}
			seen[full] = v.Where
			v.Name = full
		}
		all = append(all, vectors...)
	}
	return all
}

// TestData checks what can be checked of the data without a switch: entries encode, digests and counters
// exist, descriptions are there.
func TestData(t *testing.T) {
	programs := map[string]*Program{}
	for _, v := range loadAll(t) {
		p := programs[v.Program]
		if p == nil {
			var err error
			if p, err = LoadProgram(v.Program); err != nil {
				t.Fatalf("%s: %v", v.Where, err)
			}
			programs[v.Program] = p
		}
		schema := NewSchema(p.Info)
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
}
