package config_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/config/internal/schema"
	"github.com/firstack/firstack/controller/internal/shape"
)

const schemaFile = "../../docs/config.schema.json"

func TestSchemaIsWhatTheTreeSays(t *testing.T) {
	want, err := schema.Of(".")
	if err != nil {
		t.Fatal(err)
	}
	if string(read(t, schemaFile)) != string(want) {
		t.Errorf("%s is not what the tree says; run go generate ./controller/config", schemaFile)
	}
}

func TestSchemaAcceptsGoodFiles(t *testing.T) {
	s := loadSchema(t)
	for _, name := range append(files(t, "testdata/good/*.yaml"), example) {
		for _, problem := range s.check(t, read(t, name)) {
			t.Errorf("%s: %s", name, problem)
		}
	}
}

// Every error that the decoder finds by itself, and every one about a single value, is refused by the schema too.
func TestSchemaRefusesBadFiles(t *testing.T) {
	s := loadSchema(t)
	for _, name := range []string{"keys", "types", "list", "required", "values"} {
		t.Run(name, func(t *testing.T) {
			data := read(t, filepath.Join("testdata/bad", name+".yaml"))
			_, err := config.Parse(name, data)
			found := map[string]bool{}
			for _, problem := range s.check(t, data) {
				path, _, _ := strings.Cut(problem, ": ")
				found[path] = true
			}
			for _, e := range config.List(err) {
				if beyondSchema(e.Message) {
					continue
				}
				at := e.Path
				if strings.HasSuffix(e.Message, "is missing") {
					at = shape.Parent(at)
				}
				if !found[at] {
					t.Errorf("%v: not found by the schema, which finds %v", e, slices.Sorted(maps.Keys(found)))
				}
			}
		})
	}
}

// beyondSchema tells the errors that a schema cannot express, or that parsing hides from it.
func beyondSchema(message string) bool {
	for _, text := range []string{
		"second time", "octal", "empty", "no tls", "no gateway", "bits set", "reached by", "network's", "everything a neighbour",
		"nobody's", "group address", "the controller", "already", "more than", " is outside 10ms", " is outside 2ms",
		"found where a key is wanted", "has no host", "does not end in", "is outside 0s", " is outside 1s", " is outside 1ms",
	} {
		if strings.Contains(message, text) {
			return true
		}
	}
	return false
}

// jsonSchema checks the part of JSON Schema that the generator uses.
type jsonSchema struct{ root map[string]any }

func loadSchema(t *testing.T) jsonSchema {
	t.Helper()
	var s jsonSchema
	if err := json.Unmarshal(read(t, schemaFile), &s.root); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s jsonSchema) check(t *testing.T, data []byte) []string {
	t.Helper()
	var value any
	if err := yaml.UnmarshalWithOptions(data, &value, yaml.AllowDuplicateMapKey()); err != nil {
		t.Fatal(err)
	}
	return s.value("", value, s.root)
}

func (s jsonSchema) value(path string, v any, rule map[string]any) (problems []string) {
	if ref, ok := rule["$ref"].(string); ok {
		return s.value(path, v, s.root["$defs"].(map[string]any)[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any))
	}
	fail := func(format string, args ...any) { problems = append(problems, path+": "+fmt.Sprintf(format, args...)) }
	kind := kindOf(v)
	if !allows(rule["type"], kind) {
		fail("%s instead of %v", kind, rule["type"])
		return problems
	}
	switch x := v.(type) {
	case map[string]any:
		properties := rule["properties"].(map[string]any)
		for key, value := range x {
			if p, ok := properties[key].(map[string]any); ok {
				problems = append(problems, s.value(shape.Join(path, key), value, p)...)
			} else {
				fail("unknown key %s", key)
			}
		}
		required, _ := rule["required"].([]any)
		for _, key := range required {
			if _, ok := x[key.(string)]; !ok {
				fail("%v is missing", key)
			}
		}
	case []any:
		for i, element := range x {
			problems = append(problems, s.value(shape.Index(path, i), element, rule["items"].(map[string]any))...)
		}
	case string:
		if p, ok := rule["pattern"].(string); ok && !regexp.MustCompile(p).MatchString(x) {
			fail("%q is not like %s", x, p)
		}
		if values, ok := rule["enum"].([]any); ok && !slices.Contains(values, any(x)) {
			fail("%q is not one of %v", x, values)
		}
	default:
		if kind == "integer" && (number(v) < rule["minimum"].(float64) || rule["maximum"] != nil && number(v) > rule["maximum"].(float64)) {
			fail("%v is out of range", v)
		}
	}
	return problems
}

func number(v any) float64 {
	return reflect.ValueOf(v).Convert(reflect.TypeFor[float64]()).Float()
}

func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case string:
		return "string"
	case bool:
		return "boolean"
	case int64, uint64, int:
		return "integer"
	}
	return "number"
}

func allows(types any, kind string) bool {
	if list, ok := types.([]any); ok {
		return slices.Contains(list, any(kind))
	}
	return types == kind
}
