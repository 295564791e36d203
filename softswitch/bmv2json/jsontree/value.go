// Package jsontree reads a JSON document (RFC 8259) once into a tree.
//
// BMv2's JSON nests values whose type is said beside them, so a decoder has to look before it knows what it
// reads; with encoding/json each look scans the rest again, at every depth. Here a value is scanned once and
// can be looked at for nothing. Numbers keep their text; strings without escapes are parts of the document.
package jsontree

import (
	"errors"
	"fmt"
	"strconv"
)

// Kind is what a value is.
type Kind uint8

// The kinds of values.
const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
)

// ErrType: a value is of another kind than the one asked for.
var ErrType = errors.New("value of another kind")

// Value is one value of a document. It must not be changed.
type Value struct {
	Kind Kind
	// escapes: a string has some, so that its characters are not what stands in the document.
	escapes bool
	// Name is that of a member of an object.
	Name string
	// Raw is the value's text in the document.
	Raw string
	// Items holds an array's elements or an object's members.
	Items []Value
}

// IsNull tells whether v is absent or null.
func (v *Value) IsNull() bool { return v == nil || v.Kind == Null }

// Format implements fmt.Formatter: a value prints as its text in the document, as a string does.
func (v *Value) Format(s fmt.State, verb rune) {
	raw := ""
	if v != nil {
		raw = v.Raw
	}
	_, _ = fmt.Fprintf(s, fmt.FormatString(s, verb), raw)
}

// Member returns an object's member, the last one of that name; nil when there is none.
func (v *Value) Member(name string) *Value {
	if v == nil || v.Kind != Object {
		return nil
	}
	for i := len(v.Items) - 1; i >= 0; i-- {
		if v.Items[i].Name == name {
			return &v.Items[i]
		}
	}
	return nil
}

// Text returns a string.
func (v *Value) Text() (string, error) {
	if v == nil || v.Kind != String {
		return "", ErrType
	}
	text := v.Raw[1 : len(v.Raw)-1]
	if v.escapes {
		return unescape(text), nil
	}
	return text, nil
}

// Int returns a number without fraction or exponent.
func (v *Value) Int() (int, error) {
	if v == nil || v.Kind != Number {
		return 0, ErrType
	}
	return strconv.Atoi(v.Raw)
}

// Truth returns true or false.
func (v *Value) Truth() (bool, error) {
	if v == nil || v.Kind != Bool {
		return false, ErrType
	}
	return v.Raw == "true", nil
}

// Array returns an array's elements.
func (v *Value) Array() ([]Value, error) {
	if v == nil || v.Kind != Array {
		return nil, ErrType
	}
	return v.Items, nil
}
