package lab

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/firstack/firstack/topo/host"
)

// File is what every web server of a lab has.
type File struct {
	Name string
	Size int64 // bytes
}

// Files lists the content, by size.
var Files = []File{{"1k", 1 << 10}, {"64k", 64 << 10}, {"1m", 1 << 20}, {"16m", 16 << 20}}

// Page is what web servers answer to "/".
const Page = "This page is the same on every server that has it.\n"

// sumsFile lists the SHA-256 of the others, as sha256sum prints it.
const sumsFile = "SHA256SUMS"

// writeContent fills the directory that all web servers show: replicas hold what the origin holds. The bytes
// depend on the seed and the file's place in the list only.
func writeContent(dir string, seed uint64) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("content: %w", err)
	}
	var sums strings.Builder
	for i, f := range Files {
		sum, err := writeFile(filepath.Join(dir, f.Name), host.Content(seed+uint64(i), f.Size))
		if err != nil {
			return fmt.Errorf("content: %w", err)
		}
		fmt.Fprintf(&sums, "%s  %s\n", sum, f.Name)
	}
	if _, err := writeFile(filepath.Join(dir, sumsFile), strings.NewReader(sums.String())); err != nil {
		return fmt.Errorf("content: %w", err)
	}
	_, err := writeFile(filepath.Join(dir, "index.html"), strings.NewReader(Page))
	return err
}

// writeFile writes a file that everybody may read, and returns its SHA-256 in hexadecimal.
func writeFile(path string, from io.Reader) (string, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	if _, err := io.Copy(io.MultiWriter(f, h), from); err != nil {
		_ = f.Close()
		return "", fmt.Errorf("write %s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), f.Close()
}

// Sum returns the SHA-256 of a file's right content in hexadecimal.
func Sum(seed uint64, name string) (string, error) {
	for i, f := range Files {
		if f.Name == name {
			h := sha256.New()
			_, err := io.Copy(h, host.Content(seed+uint64(i), f.Size))
			return hex.EncodeToString(h.Sum(nil)), err
		}
	}
	return "", fmt.Errorf("no file is called %s", name)
}
