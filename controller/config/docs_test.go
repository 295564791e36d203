package config_test

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/internal/shape"
)

const manual = "../../docs/configuration.md"

// The manual has a section for each mapping of the tree, in it a row for each key, and in the row its default.
func TestManualHasEveryKey(t *testing.T) {
	sections := map[string]string{}
	for _, part := range regexp.MustCompile(`(?m)^##+ `).Split(string(read(t, manual)), -1)[1:] {
		heading, body, _ := strings.Cut(part, "\n")
		sections[heading] = body
	}
	checkSection(t, sections, "", reflect.TypeFor[config.Config]())
}

func checkSection(t *testing.T, sections map[string]string, path string, typ reflect.Type) {
	t.Helper()
	fields := shape.Fields(typ)
	rows := regexp.MustCompile("(?m)^\\| `([a-z0-9-]+)` \\| ([^|]*) \\|").FindAllStringSubmatch(sections[path], -1)
	if path != "" && len(rows) != len(fields) {
		t.Errorf("section %q has %d keys, the tree %d", path, len(rows), len(fields))
	}
	for i, f := range fields {
		at := shape.Join(path, f.Key)
		if path != "" && i < len(rows) {
			key, given := rows[i][1], rows[i][2]
			if key != f.Key {
				t.Errorf("key %d of section %q is %q, in the tree %q", i+1, path, key, f.Key)
			}
			if want := defaultInManual(f); want != "" && given != want {
				t.Errorf("%s has the default %s in the manual, want %s", at, given, want)
			}
		}
		elem := f.Type
		for elem.Kind() == reflect.Slice || elem.Kind() == reflect.Pointer {
			if elem.Kind() == reflect.Slice {
				at += "[]"
			}
			elem = elem.Elem()
		}
		if elem.Kind() == reflect.Struct && !shape.IsScalar(elem) {
			checkSection(t, sections, at, elem)
		}
	}
}

// defaultInManual is "" where the default depends on other keys.
func defaultInManual(f shape.Field) string {
	switch {
	case f.Rule.Required:
		return "*required*"
	case f.Default != "":
		return "`" + f.Default + "`"
	case f.Type.Kind() == reflect.Bool:
		return "`false`"
	}
	return ""
}

// What the manual shows of YAML is right.
func TestManualsYAML(t *testing.T) {
	for _, name := range []string{manual, "../../docs/tofino.md"} {
		blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(read(t, name), -1)
		if len(blocks) == 0 {
			t.Fatalf("no YAML in %s", name)
		}
		for _, block := range blocks {
			if _, err := config.Parse(name, block[1]); err != nil {
				t.Error(err)
			}
		}
	}
}
