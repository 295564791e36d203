package p4src_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/firstack/firstack/p4src/manifest"
)

func TestArtefactsMatchSources(t *testing.T) {
	if err := manifest.Check("."); err != nil {
		t.Fatal(err)
	}
}

func TestManifestNamesWhatChanged(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("a.p4", "one")
	write("build/a.json", "{}")
	if err := manifest.Write(dir, "p4c 1"); err != nil {
		t.Fatal(err)
	}
	if err := manifest.Check(dir); err != nil {
		t.Fatalf("fresh manifest: %v", err)
	}
	write("a.p4", "two")
	if err := manifest.Check(dir); err == nil || !strings.Contains(err.Error(), "a.p4: changed") {
		t.Fatalf("changed source: got %v", err)
	}
	write("a.p4", "one")
	if err := os.Remove(filepath.Join(dir, "build/a.json")); err != nil {
		t.Fatal(err)
	}
	if err := manifest.Check(dir); err == nil || !strings.Contains(err.Error(), "build/a.json") {
		t.Fatalf("removed artefact: got %v", err)
	}
}

// Where p4c is installed the artefacts are compiled anew and compared byte by byte.
func TestArtefactsAreWhatP4cMakes(t *testing.T) {
	if _, err := exec.LookPath("p4c-bm2-ss"); err != nil {
		t.Skip("NOT COMPARED: p4c-bm2-ss is not on PATH (install p4lang-p4c); only the hashes in build/MANIFEST were checked")
	}
	cmd := exec.Command("go", "run", "./p4src/compile", "-check")
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
