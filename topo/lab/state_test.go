package lab

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// useStateDir notes labs in a directory of the test.
func useStateDir(t *testing.T) string {
	t.Helper()
	old := stateDir
	stateDir = filepath.Join(t.TempDir(), "labs")
	t.Cleanup(func() { stateDir = old })
	return stateDir
}

func TestStateIsKept(t *testing.T) {
	useStateDir(t)
	s := &State{
		Name: "one", Topology: "t", Switch: BMv2, Started: time.Unix(1e9, 0).UTC(), Namespaces: []string{"fsl-one-core"},
		Processes:  []Process{{Name: "core", Namespace: "fsl-one-core", Argv: []string{"firstack"}, PID: 4}},
		RoundTrips: []RoundTrip{{From: "a", To: "b", Planned: time.Second, Measured: time.Second}},
	}
	if err := s.claim(); err != nil {
		t.Fatal(err)
	}
	if err := (&State{Name: "one"}).claim(); !errors.Is(err, ErrExists) || !strings.Contains(err.Error(), "lab down --name one") {
		t.Errorf("claimed again: %v", err)
	}
	s.Ready = true
	if err := s.save(); err != nil {
		t.Fatal(err)
	}
	back, err := readState("one")
	if err != nil || !reflect.DeepEqual(s, back) {
		t.Errorf("got %+v, %v\nwant %+v", back, err, s)
	}
	if err := (&State{Name: "another"}).claim(); err != nil {
		t.Fatal(err)
	}
	if names, err := Names(); err != nil || !slices.Equal(names, []string{"another", "one"}) {
		t.Errorf("labs %v, %v", names, err)
	}
}

func TestStateIsRefused(t *testing.T) {
	dir := useStateDir(t)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, text, want string }{
		{"none", "-", "no such lab"},
		{"garbage", "{", "garbage.json"},
		{"other", `{"name": "x"}`, `is about lab "x"`},
		{"foreign", `{"name": "foreign", "namespaces": ["fsl-foreign-core", "mine"]}`, `namespace "mine" is not the lab's`},
		{"longer", `{"name": "longer", "namespaces": ["fsl-longer2-core"]}`, `"fsl-longer2-core" is not the lab's`},
		{"../x", "-", "want 1 to 20 lower-case letters"},
		{"", "-", "want 1 to 20 lower-case letters"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.text != "-" {
				if err := os.WriteFile(filepath.Join(dir, test.name+".json"), []byte(test.text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := readState(test.name); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// A crash right after the claim leaves an empty file.
func TestEmptyStateIsALabOfNothing(t *testing.T) {
	dir := useStateDir(t)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "one.json"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if s, err := readState("one"); err != nil || s.Name != "one" || len(s.Namespaces) != 0 {
		t.Errorf("got %+v, %v", s, err)
	}
}
