package config

import (
	"bytes"
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/firstack/firstack/controller/internal/shape"
)

// Encode writes the tree as YAML, keys in the order of the tree, lists in their own. What Parse would fill in by
// itself with the zero value is left out; everything else is written, so that reading it gives the same tree.
func (c *Config) Encode() []byte {
	var e encoder
	e.mapping(reflect.ValueOf(c).Elem(), "")
	return e.Bytes()
}

type encoder struct{ bytes.Buffer }

// mapping writes one line or block per key, each behind indent.
func (e *encoder) mapping(v reflect.Value, indent string) {
	for _, f := range shape.Fields(v.Type()) {
		field := v.Field(f.Index)
		switch {
		case shape.IsScalar(f.Type):
			if f.Default != "" || f.Rule.Required || !field.IsZero() {
				e.WriteString(indent + f.Key + ": " + scalar(field) + "\n")
			}
		case field.Kind() == reflect.Slice:
			e.list(f.Key, field, indent)
		default:
			e.block(f, field, indent)
		}
	}
}

func (e *encoder) block(f shape.Field, v reflect.Value, indent string) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	before := e.Len()
	e.WriteString(indent + f.Key + ":\n")
	start := e.Len()
	e.mapping(v, indent+"  ")
	if e.Len() == start {
		e.Truncate(before)
		e.WriteString(indent + f.Key + ": {}\n")
	}
}

// list writes scalars on one line and mappings one below the other.
func (e *encoder) list(key string, v reflect.Value, indent string) {
	switch {
	case v.IsNil():
		return
	case v.Len() == 0 || shape.IsScalar(v.Type().Elem()):
		texts := make([]string, v.Len())
		for i := range texts {
			texts[i] = scalar(v.Index(i))
		}
		e.WriteString(indent + key + ": [" + strings.Join(texts, ", ") + "]\n")
		return
	}
	e.WriteString(indent + key + ":\n")
	for i := range v.Len() {
		var element encoder
		element.mapping(v.Index(i), indent+"    ")
		block := element.Bytes()
		block[len(indent)+2] = '-'
		e.Write(block)
	}
}

// Strings that every reader of YAML, of version 1.1 too, takes for text without quotes.
var plain = regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9._/-]*$`)

// But for these.
var notPlain = []string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}

func scalar(v reflect.Value) string {
	text := shape.Text(v)
	quote := false
	switch shape.ClassOf(v.Type()) {
	case shape.String:
		quote = !plain.MatchString(text) || slices.Contains(notPlain, strings.ToLower(text))
	case shape.TextForm: // numbers, addresses, times; colons make numbers to the base 60 in YAML 1.1
		quote = text == "" || strings.ContainsAny(text, ":,")
	}
	if !quote {
		return text
	}
	quoted, _ := json.Marshal(text) // a string cannot fail; JSON's quotes are YAML's
	return string(quoted)
}
