package model

import (
	"errors"
	"fmt"
	"reflect"

	gpb "github.com/openconfig/gnmi/proto/gnmi"

	"github.com/firstack/firstack/controller/model/schema"
)

// FillKeys sets, in every entry of a list, the key under config where it is missing, and refuses another one there.
func FillKeys(root *schema.Root) error {
	if root.Firstack == nil {
		return nil
	}
	return fillKeys(&gpb.Path{Elem: []*gpb.PathElem{{Name: "firstack"}}}, reflect.ValueOf(root.Firstack).Elem())
}

func fillKeys(path *gpb.Path, node reflect.Value) error {
	var errs []error
	for i := range node.NumField() {
		field, name := node.Field(i), node.Type().Field(i).Tag.Get("path")
		switch {
		case field.Kind() == reflect.Map:
			for _, key := range field.MapKeys() {
				errs = append(errs, fillEntry(path, name, key, field.MapIndex(key).Elem()))
			}
		case field.Kind() == reflect.Pointer && !field.IsNil() && field.Elem().Kind() == reflect.Struct:
			errs = append(errs, fillKeys(with(path, &gpb.PathElem{Name: name}), field.Elem()))
		}
	}
	return errors.Join(errs...)
}

func fillEntry(path *gpb.Path, list string, key, entry reflect.Value) error {
	i := fieldOf(entry.Type(), "config")
	if i < 0 {
		return nil // state
	}
	config := child(entry, "config", true)
	name, text := keyName(entry), fmt.Sprint(key.Interface())
	path = with(path, &gpb.PathElem{Name: list, Key: map[string]string{name: text}})
	leaf := config.Field(fieldOf(config.Type(), name))
	if !isSet(leaf) {
		setText(leaf, text)
	} else if textOf(leaf) != text {
		at := with(with(path, &gpb.PathElem{Name: "config"}), &gpb.PathElem{Name: name})
		return &Error{at, fmt.Sprintf("is %s, and the entry's key is %s", textOf(leaf), text)}
	}
	return fillKeys(path, entry)
}

// keyName names the key of a list's entry: the one leaf beside config.
func keyName(entry reflect.Value) string {
	for i := range entry.NumField() {
		if t := entry.Type().Field(i); t.Type.Kind() == reflect.Pointer && t.Type.Elem().Kind() != reflect.Struct {
			return t.Tag.Get("path")
		}
	}
	panic(fmt.Sprintf("%v has no key", entry.Type()))
}

// with gives the path of a child.
func with(p *gpb.Path, e *gpb.PathElem) *gpb.Path {
	elems := make([]*gpb.PathElem, len(p.Elem), len(p.Elem)+1)
	copy(elems, p.Elem)
	return &gpb.Path{Elem: append(elems, e)}
}
