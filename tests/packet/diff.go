package packet

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
)

// Diff tells how a frame differs from the one that was wanted: field by field where the layers are the
// same, else layer by layer, and in bytes where the text form shows no difference. It is empty when the
// frames are equal.
func Diff(want, got []byte) string {
	if bytes.Equal(want, got) {
		return ""
	}
	var b strings.Builder
	w, g := Decode(want).Layers, Decode(got).Layers
	for i := range max(len(w), len(g)) {
		switch {
		case i >= len(g):
			fmt.Fprintf(&b, "missing: %s\n", layerText(w[i]))
		case i >= len(w):
			fmt.Fprintf(&b, "too much: %s\n", layerText(g[i]))
		case w[i].Name() != g[i].Name():
			fmt.Fprintf(&b, "layer %d: want %s\n         got  %s\n", i+1, layerText(w[i]), layerText(g[i]))
		default:
			diffFields(&b, fmt.Sprintf("layer %d %s", i+1, w[i].Name()), w[i].Fields(), g[i].Fields())
		}
	}
	if b.Len() == 0 {
		fmt.Fprintf(&b, "bytes: want %s\n       got  %s\n", hex.EncodeToString(want), hex.EncodeToString(got))
	}
	return b.String()
}

// diffFields compares fields by name; those without one, and repeated ones, by their place among their
// like.
func diffFields(b *strings.Builder, where string, want, got []Field) {
	type key struct {
		name string
		nth  int
	}
	index := func(fields []Field) (map[key]string, []key) {
		values, order, count := map[key]string{}, []key(nil), map[string]int{}
		for _, f := range fields {
			k := key{f.Name, count[f.Name]}
			count[f.Name]++
			values[k] = f.Value
			if f.Name != "" && f.Value == "" {
				values[k] = "yes"
			}
			order = append(order, k)
		}
		return values, order
	}
	w, wantOrder := index(want)
	g, gotOrder := index(got)
	differs := false
	line := func(k key, want, got string) {
		differs = true
		fmt.Fprintf(b, "%s: %s\n", strings.TrimRight(where+" "+k.name, " "), fmt.Sprintf("want %s, got %s", want, got))
	}
	for _, k := range wantOrder {
		if value, ok := g[k]; !ok {
			line(k, w[k], "the usual")
		} else if value != w[k] {
			line(k, w[k], value)
		}
	}
	for _, k := range gotOrder {
		if _, ok := w[k]; !ok {
			line(k, "the usual", g[k])
		}
	}
	if !differs && fmt.Sprint(want) != fmt.Sprint(got) {
		fmt.Fprintf(b, "%s: want the order %v, got %v\n", where, want, got)
	}
}
