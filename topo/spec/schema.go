package spec

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
)

// Schema returns the JSON schema (draft 2020-12) of a topology, made from the rules that the decoder
// checks; docs/topology.schema.json is its output.
func Schema() ([]byte, error) {
	s := schemaOf(reflect.TypeFor[Topology](), "")
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["$id"] = "https://github.com/firstack/firstack/docs/topology.schema.json"
	s["title"] = "firstack topology"
	out, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(out, '\n'), nil
}

const (
	octet       = `(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])`
	addrPattern = `(` + octet + `\.){3}` + octet
)

func schemaOf(t reflect.Type, rules reflect.StructTag) map[string]any {
	s := map[string]any{}
	if doc := rules.Get("doc"); doc != "" {
		s["description"] = doc
	}
	switch {
	case t == reflect.TypeFor[Addr]():
		s["type"], s["pattern"] = "string", "^"+addrPattern+"$"
	case t == reflect.TypeFor[Prefix]():
		s["type"], s["pattern"] = "string", "^"+addrPattern+"/(3[0-2]|[12]?[0-9])$"
	case t.Kind() == reflect.String:
		s["type"] = "string"
		if enum := rules.Get("enum"); enum != "" {
			s["enum"] = strings.Split(enum, ",")
		}
	case t.Kind() == reflect.Struct:
		schemaOfStruct(s, t)
	case t.Kind() == reflect.Map:
		elem := reflect.StructTag(strings.ReplaceAll(string(rules), "doc:", "map:"))
		s["type"], s["additionalProperties"] = "object", schemaOf(t.Elem(), elem)
	case t.Kind() == reflect.Slice:
		s["type"], s["items"] = "array", schemaOf(t.Elem(), "")
		if rules.Get("required") != "" {
			s["minItems"] = 1
		}
	default:
		s["type"] = "integer"
		if t.Kind() == reflect.Float64 {
			s["type"] = "number"
		}
		low, high := limits(t, rules)
		if !math.IsInf(low, 0) {
			s["minimum"] = low
		}
		if !math.IsInf(high, 0) && high < math.MaxUint64 {
			s["maximum"] = high
		}
	}
	return s
}

func schemaOfStruct(s map[string]any, t reflect.Type) {
	properties := map[string]any{}
	var required []string
	for _, f := range fieldsOf(t) {
		properties[f.name] = schemaOf(f.Type, f.Tag)
		if f.Tag.Get("required") != "" {
			required = append(required, f.name)
		}
	}
	s["type"], s["properties"], s["additionalProperties"] = "object", properties, false
	if len(required) > 0 {
		s["required"] = required
	}
}
