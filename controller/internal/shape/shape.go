// Package shape reads a configuration tree's Go types the way its YAML form sees them: which keys a mapping has,
// what each accepts and what it is when left out.
package shape

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
)

// Field is one key of a mapping.
type Field struct {
	Index   int    // in the Go struct
	Go      string // its Go name
	Key     string
	Type    reflect.Type
	Default string // text form of the value when left out; "" is the zero value
	Rule    Rule
}

// Rule is what a field accepts beyond its type. It holds for the elements of a list of scalars.
type Rule struct {
	Required bool
	Key      bool   // tells the elements of a list apart
	Host     bool   // a prefix that is an address with its length, not masked
	Format   string // of a string
	Min, Max string // text forms; "" is no bound
}

var known sync.Map // reflect.Type → []Field

// Fields lists the keys of a struct type in the order of the source. It panics on a rule it does not know.
func Fields(t reflect.Type) []Field {
	if cached, ok := known.Load(t); ok {
		return cached.([]Field)
	}
	fields := make([]Field, t.NumField())
	for i := range fields {
		f := t.Field(i)
		fields[i] = Field{
			Index: i, Go: f.Name, Key: f.Tag.Get("yaml"), Type: f.Type,
			Default: f.Tag.Get("default"), Rule: parseRule(t, f),
		}
	}
	known.Store(t, fields)
	return fields
}

func parseRule(t reflect.Type, f reflect.StructField) (r Rule) {
	text := f.Tag.Get("rule")
	if text == "" {
		return r
	}
	for word := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "required":
			r.Required = true
		case "key":
			r.Key = true
		case "host":
			r.Host = true
		case "format":
			r.Format = value
		case "min":
			r.Min = value
		case "max":
			r.Max = value
		default:
			panic(fmt.Sprintf("%v.%s: unknown rule %q", t, f.Name, word))
		}
	}
	return r
}

// Find gives the field of a key.
func Find(fields []Field, key string) (Field, bool) {
	for _, f := range fields {
		if f.Key == key {
			return f, true
		}
	}
	return Field{}, false
}

// KeyOf gives the field that tells a list's elements apart and its text; "" where their type has none.
func KeyOf(element reflect.Value) (field, text string) {
	if element.Kind() != reflect.Struct || IsScalar(element.Type()) {
		return "", ""
	}
	for _, f := range Fields(element.Type()) {
		if f.Rule.Key {
			return f.Key, Text(element.Field(f.Index))
		}
	}
	return "", ""
}

// Join appends a key to a path.
func Join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// Index appends a list's position to a path.
func Index(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// Parent cuts the last key or position off a path.
func Parent(path string) string { return path[:max(strings.LastIndexAny(path, ".["), 0)] }
