package bmv2json

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkParse reads each of the project's programs.
func BenchmarkParse(b *testing.B) {
	files, err := filepath.Glob("../../p4src/build/*.json")
	if err != nil || len(files) == 0 {
		b.Fatal("no programs", err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(strings.TrimSuffix(filepath.Base(f), ".json"), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := Parse(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
