package vector

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"testing"
)

// LoadAll returns the vectors of all files of a folder but those that are only to be included, whose name
// ends in _base.yaml. Each vector's name is preceded by its file's.
func LoadAll(fsys fs.FS) ([]*Vector, error) {
	names, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return nil, err
	}
	var all []*Vector
	seen := map[string]string{}
	for _, name := range names {
		if strings.HasSuffix(name, "_base.yaml") {
			continue
		}
		vectors, err := Load(fsys, name)
		if err != nil {
			return nil, err
		}
		for _, v := range vectors {
			v.Name = path.Join(strings.TrimSuffix(name, ".yaml"), v.Name)
			if where, ok := seen[v.Name]; ok {
				return nil, fmt.Errorf("%s: %s is at %s already", v.Where, v.Name, where)
			}
			seen[v.Name] = v.Where
		}
		all = append(all, vectors...)
	}
	return all, nil
}

// Check runs the vector on a fresh target and reports to t.
func (v *Vector) Check(t testing.TB, target Target) {
	t.Helper()
	v.Report(t, v.Run(t.Context(), target))
}

// Run runs the vector on a fresh target with the program that it is for.
func (v *Vector) Run(ctx context.Context, target Target) error {
	program, err := LoadProgram(v.Program)
	if err != nil {
		return fmt.Errorf("%s: %w", v.Where, err)
	}
	return Run(ctx, target, program, v)
}

// Report tells t what came of running the vector. One that says how its program deviates has to fail, so that
// what it says is struck out once it is not true any more.
func (v *Vector) Report(t testing.TB, err error) {
	t.Helper()
	switch {
	case v.Deviates == "" && err != nil:
		t.Errorf("%s: %s\n%v", v.Name, v.Description, err)
	case v.Deviates != "" && err == nil:
		t.Errorf("%s: %s does what it says now; strike out deviates: %s", v.Where, v.Name, v.Deviates)
	case v.Deviates != "":
		t.Logf("%s deviates: %s", v.Name, v.Deviates)
	}
}
