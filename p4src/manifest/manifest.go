// Package manifest ties the committed P4 artefacts to their sources: compiler version and SHA-256 of each file.
package manifest

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
)

// Name is the manifest's path below the folder of the P4 sources.
const Name = "build/MANIFEST"

const compilerKey = "compiler "

// Version asks a compiler of p4c's for its version: "p4c-bm2-ss\nVersion 1.2.5.16 (SHA: …)".
func Version(compiler string) (string, error) {
	text, err := exec.Command(compiler, "--version").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s --version: %w", compiler, err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.TrimSpace(lines[len(lines)-1]), nil
}

// Write hashes all sources and artefacts below dir and writes the manifest.
func Write(dir, compiler string) error {
	sums, err := hash(dir)
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(compilerKey + compiler + "\n")
	for _, line := range sums {
		b.WriteString(line + "\n")
	}
	return os.WriteFile(filepath.Join(dir, Name), []byte(b.String()), 0o644)
}

// Check recomputes the hashes below dir. The error names every file that was changed, added or removed since
// the programs were compiled.
func Check(dir string) error {
	f, err := os.Open(filepath.Join(dir, Name))
	if err != nil {
		return err
	}
	defer f.Close()
	recorded := map[string]bool{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if line := lines.Text(); !strings.HasPrefix(line, compilerKey) {
			recorded[line] = true
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	sums, err := hash(dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, line := range sums {
		if !recorded[line] {
			errs = append(errs, fmt.Errorf("%s: changed since the programs were compiled; run make p4", path(line)))
		}
		delete(recorded, line)
	}
	for line := range recorded {
		if _, err := os.Stat(filepath.Join(dir, path(line))); errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("%s: in %s, but gone; run make p4", path(line), Name))
		}
	}
	return errors.Join(errs...)
}

func path(line string) string {
	_, name, _ := strings.Cut(line, "  ")
	return name
}

// hash returns "sha256  path" for every .p4 file and artefact, sorted by path.
func hash(dir string) ([]string, error) {
	var paths []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		switch {
		case strings.HasSuffix(p, ".p4"), strings.HasSuffix(p, ".json"), strings.HasSuffix(p, ".p4info.txtpb"):
			paths = append(paths, p)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	sort.Strings(paths)
	var out []string
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return nil, err
		}
		out = append(out, fmt.Sprintf("%x  %s", sha256.Sum256(data), filepath.ToSlash(rel)))
	}
	return out, nil
}
