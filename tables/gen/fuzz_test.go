package main

import (
	"os"
	"testing"
)

// FuzzGenerate makes bindings of any P4Info: they parse as Go, or the P4Info is refused.
func FuzzGenerate(f *testing.F) {
	for _, b := range bindings {
		text, err := os.ReadFile(b.p4info)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		generate(text, "program", "program")
	})
}
