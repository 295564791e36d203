package config_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/firstack/firstack/controller/config"
)

var update = flag.Bool("update", false, "write what the errors are now beside the bad configurations")

// Beside each bad configuration is what is wrong with it, one error a line.
func TestBadFiles(t *testing.T) {
	for _, name := range files(t, "testdata/bad/*.yaml") {
		t.Run(filepath.Base(name), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			c, err := config.Parse(filepath.Base(name), data)
			if err == nil || c != nil {
				t.Fatalf("accepted: %v", c)
			}
			golden := strings.TrimSuffix(name, ".yaml") + ".errors"
			if *update {
				if err := os.WriteFile(golden, []byte(err.Error()+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err2 := os.ReadFile(golden)
			if err2 != nil {
				t.Fatal(err2)
			}
			if diff := cmp.Diff(string(want), err.Error()+"\n"); diff != "" {
				t.Error(diff)
			}
			if n := strings.Count(string(want), "\n"); len(config.List(err)) != n {
				t.Errorf("List gives %d errors, want %d", len(config.List(err)), n)
			}
		})
	}
}

func TestNotEvenYAML(t *testing.T) {
	for want, data := range map[string][]byte{
		"big: longer than 8388608 bytes": bytes.Repeat([]byte("#"), 8<<20+1),
		"big: is not UTF-8 text":         []byte("health: {path: \"/\xff\"}"),
	} {
		if _, err := config.Parse("big", data); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if _, err := config.Parse("big", bytes.Repeat([]byte("#"), 8<<20)); err != nil {
		t.Errorf("error %v on a file of 8 MiB", err)
	}
}

func files(t testing.TB, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no files %s: %v", pattern, err)
	}
	return names
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
