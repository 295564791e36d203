package model_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/openconfig/goyang/pkg/yang"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/internal/shape"
	"github.com/firstack/firstack/controller/model"
	"github.com/firstack/firstack/controller/model/internal/doc"
)

func parse(t *testing.T) *yang.Entry {
	t.Helper()
	module, err := model.Parse()
	if err != nil {
		t.Fatal(err)
	}
	return module
}

// The modules are clean for goyang, and everything in them is described.
func TestModules(t *testing.T) {
	var walk func(path string, e *yang.Entry)
	walk = func(path string, e *yang.Entry) {
		if e.Description == "" {
			t.Errorf("%s has no description", path)
		}
		if len(e.Errors) > 0 || len(e.Extra["unknown"]) > 0 {
			t.Errorf("%s: %v, %v", path, e.Errors, e.Extra["unknown"])
		}
		for name, c := range e.Dir {
			walk(path+"/"+name, c)
		}
	}
	walk("", parse(t))
}

// The modules are clean for yanglint as well, which is stricter, and for pyang.
func TestLint(t *testing.T) {
	for tool, args := range map[string][]string{"yanglint": {"-p", "yang"}, "pyang": {"-p", "yang", "--strict"}} {
		howTo := map[string]string{"yanglint": "apt-get install libyang2-tools", "pyang": "pip install pyang"}[tool]
		t.Run(tool, func(t *testing.T) {
			if _, err := exec.LookPath(tool); err != nil {
				t.Skipf("NOT RUN: %s is not on PATH (%s); goyang has read the modules", tool, howTo)
			}
			files, err := filepath.Glob("yang/*.yang")
			if err != nil {
				t.Fatal(err)
			}
			if out, err := exec.CommandContext(t.Context(), tool, append(args, files...)...).CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// The generated structs are those of the modules.
func TestGeneratedSchema(t *testing.T) {
	var list func(path string, e *yang.Entry) []string
	list = func(path string, e *yang.Entry) []string {
		all := []string{fmt.Sprintf("%s %v %v", path, e.Kind, e.Key)}
		if e.Type != nil {
			value, _ := e.SingleDefaultValue()
			all[0] += fmt.Sprintf(" %v %v %v %q %v", e.Type.Kind, e.Type.Range, e.Type.Pattern, value, e.IsLeafList())
			if e.Type.Enum != nil {
				all[0] += fmt.Sprint(e.Type.Enum.Names())
			}
		}
		for name, c := range e.Dir {
			all = append(all, list(path+"/"+name, c)...)
		}
		slices.Sort(all)
		return all
	}
	want, got := list("", parse(t).Dir["firstack"]), list("", model.Schema().Dir["firstack"])
	if !slices.Equal(want, got) {
		t.Errorf("go generate ./controller/model: the schema has\n%s\nthe modules have\n%s", less(got, want), less(want, got))
	}
}

// less gives what a has and b has not.
func less(a, b []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) }), "\n")
}

func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/model.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(page) != doc.Page(parse(t)) {
		t.Error("docs/model.md is not that of the modules: go generate ./controller/model")
	}
}

// The containers config have the keys of the configuration, with its defaults, bounds and values, and no others; the
// containers state have all of them too.
func TestSameAsConfiguration(t *testing.T) {
	compare(t, "", reflect.TypeFor[config.Config](), parse(t).Dir["firstack"])
}

func compare(t *testing.T, path string, typ reflect.Type, e *yang.Entry) {
	t.Helper()
	leaves := map[string]bool{}
	for _, f := range shape.Fields(typ) {
		at := shape.Join(path, f.Key)
		elem := f.Type
		for elem.Kind() == reflect.Slice || elem.Kind() == reflect.Pointer && !shape.IsScalar(elem) {
			elem = elem.Elem()
		}
		if elem.Kind() == reflect.Struct && !shape.IsScalar(elem) {
			node := e.Dir[f.Key]
			if node == nil {
				node = e.Dir["policies"].Dir[f.Key]
			}
			if node == nil {
				t.Errorf("%s has no node", at)
				continue
			}
			if f.Type.Kind() == reflect.Slice {
				node = theList(node)
			}
			compare(t, at, elem, node)
			continue
		}
		leaves[f.Key] = true
		for _, container := range []string{"config", "state"} {
			c := e.Dir[container]
			if c == nil || c.Dir[f.Key] == nil {
				t.Errorf("%s has no leaf in %s", at, container)
				continue
			}
			compareLeaf(t, at, f, c.Dir[f.Key])
		}
	}
	if c := e.Dir["config"]; c != nil {
		for name := range c.Dir {
			if !leaves[name] {
				t.Errorf("%s has no key %s, but a leaf", path, name)
			}
		}
	}
}

func theList(e *yang.Entry) *yang.Entry {
	for _, c := range e.Dir {
		if c.IsList() && !c.ReadOnly() {
			return c
		}
	}
	return nil
}

func compareLeaf(t *testing.T, path string, f shape.Field, e *yang.Entry) {
	t.Helper()
	if value, _ := e.SingleDefaultValue(); value != f.Default && !(f.Default == "" && (value == "0" || value == "false")) {
		t.Errorf("%s: default %q, want %q", path, value, f.Default)
	}
	typ := f.Type
	for typ.Kind() == reflect.Slice || typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if values := shape.Values(typ); values != nil {
		if e.Type.Enum == nil || !same(values, e.Type.Enum.Names()) {
			t.Errorf("%s: type %v, want %v", path, e.Type.Name, values)
		}
	} else if shape.ClassOf(typ) == shape.Integer {
		low, high := f.Rule.Bounds(typ)
		if want := low + ".." + high; e.Type.Range.String() != want {
			t.Errorf("%s: range %v, want %s", path, e.Type.Range, want)
		}
	}
}

func same(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}
