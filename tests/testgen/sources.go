package testgen

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"path"
	"strings"
)

// Sources is a digest of the programs for TNA in a folder p4src: of what the cases are derived from.
func Sources(p4src fs.FS) (string, error) {
	sum := sha256.New()
	err := fs.WalkDir(p4src, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".p4" || strings.HasPrefix(name, "arch/v1model/") {
			return err
		}
		text, err := fs.ReadFile(p4src, name)
		if err == nil {
			sum.Write([]byte(name + "\n"))
			sum.Write(text)
		}
		return err
	})
	return hex.EncodeToString(sum.Sum(nil)), err
}
