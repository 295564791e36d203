package model

import (
	"reflect"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/internal/shape"
	"github.com/firstack/firstack/controller/model/schema"
)

// FromConfig gives the tree of a configuration. given says what of it was written down, and no more is taken into the
// tree but the ids of gateways, which otherwise follow the order of the list; nil: everything.
func FromConfig(c *config.Config, given config.Given) *schema.Root {
	root := &schema.Root{Firstack: &schema.Firstack_Firstack{}}
	w := writer{container: "config", given: given}
	w.mapping("", reflect.ValueOf(c).Elem(), reflect.ValueOf(root.Firstack).Elem())
	return root
}

// Effective puts a complete configuration into a tree as what is in effect, under state.
func Effective(root *schema.Root, c *config.Config) {
	w := writer{container: "state"}
	w.mapping("", reflect.ValueOf(c).Elem(), reflect.ValueOf(root.Firstack).Elem())
}

// writer writes a configuration's leaves into the containers of one name.
type writer struct {
	container string
	given     config.Given
}

// wants says whether what stands at a path goes into the tree.
func (w *writer) wants(path string) bool { return w.given == nil || w.given[path] }

func (w *writer) mapping(path string, from, to reflect.Value) {
	for _, f := range shape.Fields(from.Type()) {
		at, field := shape.Join(path, f.Key), from.Field(f.Index)
		switch kindOf(f) {
		case leaf:
			w.leaf(at, f, field, to)
		case leafList:
			w.leafList(at, f, field, to)
		case list:
			w.list(at, field, to, f.Key)
		case mapping:
			if field.Kind() == reflect.Pointer {
				if field.IsNil() {
					continue
				}
				field = field.Elem()
			}
			w.mapping(at, field, container(to, f.Key, true))
		}
	}
}

func (w *writer) leaf(path string, f shape.Field, v, to reflect.Value) {
	always := f.Rule.Key || f.Key == "gateway-id"
	if !always && !w.wants(path) || shape.Text(v) == "" || v.IsZero() && !f.Rule.Within(v) {
		return // what is not there, or a zero that stands for it
	}
	node := child(to, w.container, true)
	setText(node.Field(fieldOf(node.Type(), f.Key)), shape.Text(v))
}

func (w *writer) leafList(path string, f shape.Field, v, to reflect.Value) {
	if !w.wants(path) || v.Len() == 0 {
		return
	}
	node := child(to, w.container, true)
	field := node.Field(fieldOf(node.Type(), f.Key))
	field.Set(reflect.MakeSlice(field.Type(), v.Len(), v.Len()))
	for i := range v.Len() {
		setText(field.Index(i), shape.Text(v.Index(i)))
	}
}

func (w *writer) list(path string, v, to reflect.Value, name string) {
	if name == "redirections" && !v.IsNil() && v.Len() == 0 {
		node := child(container(to, name, true), w.container, true)
		setText(node.Field(fieldOf(node.Type(), defaultRule)), "false")
	}
	key := shape.Field{}
	for i := range v.Len() {
		if !w.wants(position(path, i)) {
			continue
		}
		if i == 0 || key.Key == "" {
			key = keyOf(v.Type().Elem())
		}
		w.mapping(position(path, i), v.Index(i), entry(container(to, name, true), key.Key, shape.Text(v.Index(i).Field(key.Index))))
	}
}

// entry finds the entry of a list by its key, or makes it.
func entry(container reflect.Value, key, text string) reflect.Value {
	entries, _ := listOf(container)
	if entries.IsNil() {
		entries.Set(reflect.MakeMap(entries.Type()))
	}
	at := reflect.New(entries.Type().Key()).Elem()
	setText(at, text)
	if one := entries.MapIndex(at); one.IsValid() {
		return one.Elem()
	}
	one := reflect.New(entries.Type().Elem().Elem())
	setText(one.Elem().Field(fieldOf(one.Elem().Type(), key)), text)
	entries.SetMapIndex(at, one)
	return one.Elem()
}

// defaultRule tells an empty list of redirections from one that is left out.
const defaultRule = "default-rule"
