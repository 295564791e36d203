package jsontree

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
)

// Fill copies v into what into points to, as encoding/json does: objects into structs by their json tags, null
// leaves what is there. A field of type *Value takes the value itself. Members without a field are left out.
func Fill(v *Value, into any) error { return fill(v, reflect.ValueOf(into).Elem()) }

var (
	valueType = reflect.TypeFor[*Value]()
	fields    sync.Map // reflect.Type of a struct to map[string]int, the index of a field by its name
)

func fieldsOf(t reflect.Type) map[string]int {
	if m, ok := fields.Load(t); ok {
		return m.(map[string]int)
	}
	m := map[string]int{}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name != "" {
			m[name] = i
		}
	}
	fields.Store(t, m)
	return m
}

func fill(v *Value, into reflect.Value) error {
	if into.Type() == valueType {
		into.Set(reflect.ValueOf(v))
		return nil
	}
	if v.Kind == Null {
		return nil
	}
	var err error
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		return fill(v, into.Elem())
	case reflect.String:
		var s string
		s, err = v.Text()
		into.SetString(s)
	case reflect.Int:
		var n int
		n, err = v.Int()
		into.SetInt(int64(n))
	case reflect.Bool:
		var b bool
		b, err = v.Truth()
		into.SetBool(b)
	case reflect.Slice:
		return fillSlice(v, into)
	case reflect.Struct:
		return fillStruct(v, into)
	case reflect.Map:
		return fillMap(v, into)
	default:
		err = fmt.Errorf("type %s can't be filled", into.Type())
	}
	if err != nil {
		return fmt.Errorf("%.40s: %w", v, err)
	}
	return nil
}

func fillSlice(v *Value, into reflect.Value) error {
	if v.Kind != Array {
		return fmt.Errorf("%.40s: an array expected: %w", v, ErrType)
	}
	s := reflect.MakeSlice(into.Type(), len(v.Items), len(v.Items))
	for i := range v.Items {
		if err := fill(&v.Items[i], s.Index(i)); err != nil {
			return fmt.Errorf("[%d]: %w", i, err)
		}
	}
	into.Set(s)
	return nil
}

func fillStruct(v *Value, into reflect.Value) error {
	if v.Kind != Object {
		return fmt.Errorf("%.40s: an object expected: %w", v, ErrType)
	}
	index := fieldsOf(into.Type())
	for i := range v.Items {
		item := &v.Items[i]
		if at, ok := index[item.Name]; ok {
			if err := fill(item, into.Field(at)); err != nil {
				return fmt.Errorf("%s: %w", item.Name, err)
			}
		}
	}
	return nil
}

func fillMap(v *Value, into reflect.Value) error {
	if v.Kind != Object {
		return fmt.Errorf("%.40s: an object expected: %w", v, ErrType)
	}
	m := reflect.MakeMapWithSize(into.Type(), len(v.Items))
	for i := range v.Items {
		item := reflect.New(into.Type().Elem()).Elem()
		if err := fill(&v.Items[i], item); err != nil {
			return fmt.Errorf("%s: %w", v.Items[i].Name, err)
		}
		m.SetMapIndex(reflect.ValueOf(v.Items[i].Name), item)
	}
	into.Set(m)
	return nil
}
