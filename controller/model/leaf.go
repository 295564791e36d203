package model

import (
	"fmt"
	"reflect"

	"github.com/openconfig/ygot/ygot"

	"github.com/firstack/firstack/controller/internal/shape"
)

// textOf gives the text form of a leaf: of a pointer to a scalar or of an enumeration; "" when it is not set.
func textOf(v reflect.Value) string {
	if e, ok := v.Interface().(ygot.GoEnum); ok {
		if v.Int() == 0 {
			return ""
		}
		return e.ΛMap()[v.Type().Name()][v.Int()].Name
	}
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return ""
		}
		v = v.Elem()
	}
	return fmt.Sprint(v.Interface())
}

// isSet says whether a leaf or leaf-list is there.
func isSet(v reflect.Value) bool {
	if v.Kind() == reflect.Slice {
		return v.Len() > 0
	}
	return !v.IsZero()
}

// setText reads a text form into a leaf, or into an element of a leaf-list. Texts come from a configuration tree,
// whose values the leaves can hold all.
func setText(v reflect.Value, text string) {
	if e, ok := v.Interface().(ygot.GoEnum); ok {
		for number, value := range e.ΛMap()[v.Type().Name()] {
			if value.Name == text {
				v.SetInt(number)
			}
		}
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if err := shape.Set(v, text); err != nil {
		panic(fmt.Sprintf("%v cannot hold %q: %v", v.Type(), text, err))
	}
}
