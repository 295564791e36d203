package config

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/firstack/firstack/controller/internal/shape"
)

// Change is one difference between two trees. Elements of lists go by what tells them apart, so that a path
// outlives insertions: services[web].replicas[tokyo].admin-state.
type Change struct {
	Path string
	// Text forms; "" where there is none. An element that came or went has neither, but Added or Removed.
	Old, New       string
	Added, Removed bool
}

// String gives "path: old -> new", "path: added" or "path: removed".
func (c Change) String() string {
	switch {
	case c.Added:
		return c.Path + ": added"
	case c.Removed:
		return c.Path + ": removed"
	}
	return fmt.Sprintf("%s: %s -> %s", c.Path, orNone(c.Old), orNone(c.New))
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// Diff lists what changes from one complete tree to another, in the order of the tree.
func Diff(old, new *Config) []Change {
	var d differ
	d.mapping("", reflect.ValueOf(old).Elem(), reflect.ValueOf(new).Elem())
	return d.changes
}

type differ struct{ changes []Change }

func (d *differ) mapping(path string, old, new reflect.Value) {
	for _, f := range shape.Fields(old.Type()) {
		at, a, b := shape.Join(path, f.Key), old.Field(f.Index), new.Field(f.Index)
		switch {
		case shape.IsScalar(f.Type):
			d.scalar(at, shape.Text(a), shape.Text(b))
		case a.Kind() == reflect.Struct:
			d.mapping(at, a, b)
		case a.Kind() == reflect.Pointer:
			d.pointer(at, a, b)
		case shape.IsScalar(f.Type.Elem()):
			d.scalar(at, joined(a), joined(b))
		default:
			d.list(at, a, b)
		}
	}
}

func (d *differ) scalar(path, old, new string) {
	if old != new {
		d.changes = append(d.changes, Change{Path: path, Old: old, New: new})
	}
}

func (d *differ) pointer(path string, old, new reflect.Value) {
	switch {
	case old.IsNil() && new.IsNil():
	case old.IsNil():
		d.changes = append(d.changes, Change{Path: path, Added: true})
	case new.IsNil():
		d.changes = append(d.changes, Change{Path: path, Removed: true})
	default:
		d.mapping(path, old.Elem(), new.Elem())
	}
}

func (d *differ) list(path string, old, new reflect.Value) {
	before, names := elements(old)
	after, more := elements(new)
	for _, name := range more {
		if _, had := before[name]; !had {
			names = append(names, name)
		}
	}
	for _, name := range names {
		at := path + "[" + name + "]"
		a, had := before[name]
		b, has := after[name]
		switch {
		case !had:
			d.changes = append(d.changes, Change{Path: at, Added: true})
		case !has:
			d.changes = append(d.changes, Change{Path: at, Removed: true})
		default:
			d.mapping(at, a, b)
		}
	}
}

// elements finds a list's elements by what tells them apart, and gives these names in the order of the list.
func elements(list reflect.Value) (map[string]reflect.Value, []string) {
	found, names := map[string]reflect.Value{}, make([]string, list.Len())
	for i := range list.Len() {
		_, name := shape.KeyOf(list.Index(i))
		found[name], names[i] = list.Index(i), name
	}
	return found, names
}

func joined(list reflect.Value) string {
	texts := make([]string, list.Len())
	for i := range texts {
		texts[i] = shape.Text(list.Index(i))
	}
	if list.Len() == 0 {
		return ""
	}
	return "[" + strings.Join(texts, ", ") + "]"
}
