package model

import (
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/firstack/firstack/controller/internal/shape"
)

// policies are the keys of the configuration's root that stand under the container policies.
var policies = map[string]bool{"redirections": true, "steering": true, "timers": true, "health": true}

// container is where in the tree a mapping or list of the configuration goes.
func container(parent reflect.Value, key string, create bool) reflect.Value {
	if policies[key] && fieldOf(parent.Type(), key) < 0 {
		if parent = child(parent, "policies", create); !parent.IsValid() {
			return parent
		}
	}
	return child(parent, key, create)
}

// child gives the struct behind a pointer field, by the name of the YANG node. Without create it may be invalid.
func child(parent reflect.Value, name string, create bool) reflect.Value {
	i := fieldOf(parent.Type(), name)
	if i < 0 {
		panic(fmt.Sprintf("%v has no node %s", parent.Type(), name))
	}
	field := parent.Field(i)
	if field.IsNil() {
		if !create {
			return reflect.Value{}
		}
		field.Set(reflect.New(field.Type().Elem()))
	}
	return field.Elem()
}

var fieldsByPath sync.Map // reflect.Type → map[string]int

// fieldOf finds the field of a generated struct by the name of its YANG node; -1 where there is none.
func fieldOf(t reflect.Type, name string) int {
	known, ok := fieldsByPath.Load(t)
	if !ok {
		fields := map[string]int{}
		for i := range t.NumField() {
			fields[t.Field(i).Tag.Get("path")] = i
		}
		known, _ = fieldsByPath.LoadOrStore(t, fields)
	}
	if i, ok := known.(map[string]int)[name]; ok {
		return i
	}
	return -1
}

// listOf gives the list in a container such as switches: its map and the name of its YANG node.
func listOf(container reflect.Value) (list reflect.Value, name string) {
	name = singular(container.Type())
	return container.Field(fieldOf(container.Type(), name)), name
}

func singular(container reflect.Type) string {
	for i := range container.NumField() {
		if container.Field(i).Type.Kind() == reflect.Map {
			return container.Field(i).Tag.Get("path")
		}
	}
	panic(fmt.Sprintf("%v has no list", container))
}

// keyOf names the field that is the key of a list of the configuration, and its YANG node.
func keyOf(element reflect.Type) shape.Field {
	for _, f := range shape.Fields(element) {
		if f.Rule.Key {
			return f
		}
	}
	panic(fmt.Sprintf("%v has no key", element))
}

// kind tells the values of a configuration tree apart.
type kind int

const (
	leaf kind = iota
	leafList
	mapping
	list
)

func kindOf(f shape.Field) kind {
	switch {
	case shape.IsScalar(f.Type):
		return leaf
	case f.Type.Kind() == reflect.Slice && shape.IsScalar(f.Type.Elem()):
		return leafList
	case f.Type.Kind() == reflect.Slice:
		return list
	}
	return mapping
}

// position is the name of an element of a list in the paths of package config.
func position(path string, i int) string { return shape.Index(path, i) }

// cut takes the first name or position off a path of package config.
func cut(path string) (first, rest string) {
	path = strings.TrimPrefix(path, ".")
	end := strings.IndexAny(path[min(1, len(path)):], ".[") + 1
	if end == 0 {
		return path, ""
	}
	return path[:end], path[end:]
}
