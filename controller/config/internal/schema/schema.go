// Package schema describes a configuration tree as JSON Schema, draft 2020-12, for editors that check and complete
// YAML. It says what the decoder and the rules of single fields say; what fields demand of each other is left to
// the validator.
package schema

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"strconv"
	"time"

	"github.com/firstack/firstack/controller/internal/shape"
)

// Generate gives the schema of a struct type. Comments are those of its fields, as Comments finds them.
func Generate(title, id string, root reflect.Type, comments map[string]string) ([]byte, error) {
	g := generator{comments: comments, defs: map[string]any{}}
	top := g.object(root)
	top["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	top["$id"] = id
	top["title"] = title
	top["$defs"] = g.defs
	text, err := json.MarshalIndent(top, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode schema: %w", err)
	}
	return append(text, '\n'), nil
}

type generator struct {
	comments map[string]string
	defs     map[string]any
}

func (g *generator) object(t reflect.Type) map[string]any {
	properties, required := map[string]any{}, []string{}
	for _, f := range shape.Fields(t) {
		property := g.of(f.Type, f)
		if text := g.comments[t.Name()+"."+f.Go]; text != "" {
			property["description"] = text
		}
		properties[f.Key] = property
		if f.Rule.Required {
			required = append(required, f.Key)
		}
	}
	object := map[string]any{"type": []string{"object", "null"}, "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		object["type"] = "object"
		object["required"] = required
	}
	return object
}

func (g *generator) of(t reflect.Type, f shape.Field) map[string]any {
	switch {
	case shape.IsScalar(t):
		return scalar(t, f)
	case t.Kind() == reflect.Pointer:
		return g.of(t.Elem(), f)
	case t.Kind() == reflect.Slice:
		return map[string]any{"type": []string{"array", "null"}, "items": g.of(t.Elem(), shape.Field{Rule: f.Rule})}
	}
	if _, known := g.defs[t.Name()]; !known {
		g.defs[t.Name()] = g.object(t)
	}
	return map[string]any{"$ref": "#/$defs/" + t.Name()}
}

// The text forms, as regular expressions; the decoder knows more about each.
const (
	patternAddr     = `^[0-9]{1,3}(\.[0-9]{1,3}){3}$`
	patternPrefix   = `^[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}$`
	patternDuration = `^([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))+$`
	patternMAC      = `^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$`
	patternElection = `^[0-9]+(, ?[0-9]+)?$`
)

func scalar(t reflect.Type, f shape.Field) map[string]any {
	s := map[string]any{}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if f.Default != "" {
		s["default"] = f.Default
	}
	switch shape.ClassOf(t) {
	case shape.Bool:
		s["type"] = "boolean"
		if f.Default != "" {
			s["default"] = f.Default == "true"
		}
	case shape.Integer:
		s["type"] = "integer"
		low, high := f.Rule.Bounds(t)
		s["minimum"], s["maximum"] = json.Number(low), json.Number(high)
		if n, err := strconv.ParseInt(f.Default, 10, 64); err == nil {
			s["default"] = n
		}
	case shape.String:
		s["type"] = "string"
		if values := shape.Values(t); values != nil {
			s["enum"] = values
		} else if f.Rule.Format == "path" {
			s["pattern"] = "^(" + shape.Patterns["path"] + ")?$"
		} else if f.Rule.Format != "" {
			s["pattern"] = "^" + shape.Patterns[f.Rule.Format] + "$"
		}
	case shape.TextForm:
		s["type"], s["pattern"] = "string", textPattern(t)
		if textPattern(t) == patternElection {
			s["type"] = []string{"string", "integer"}
			s["minimum"] = 1
		}
	}
	return s
}

func textPattern(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[netip.Addr]():
		return patternAddr
	case reflect.TypeFor[netip.Prefix]():
		return patternPrefix
	case reflect.TypeFor[time.Duration]():
		return patternDuration
	}
	switch t.Name() {
	case "MAC":
		return patternMAC
	case "ElectionID":
		return patternElection
	}
	panic(fmt.Sprintf("no pattern for %v", t))
}
