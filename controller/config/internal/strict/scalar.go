package strict

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/firstack/firstack/controller/internal/shape"
)

func (d *decoder) scalar(path string, n ast.Node, v reflect.Value, rule shape.Rule) {
	if _, ok := n.(*ast.NullNode); ok {
		d.fail(n, path, "has no value; leave the key out for the default")
		return
	}
	text, ok := textOf(n)
	if !ok {
		d.fail(n, path, "%s found where %s is wanted", describe(n), wanted(v.Type()))
		return
	}
	if message := set(n, text, v, rule); message != "" {
		d.fail(n, path, "%s", message)
	}
}

// set reads text into v; the message says what is wrong, if something is.
func set(n ast.Node, text string, v reflect.Value, rule shape.Rule) string {
	switch shape.ClassOf(v.Type()) {
	case shape.Bool:
		if _, ok := n.(*ast.BoolNode); !ok {
			return fmt.Sprintf("%q is neither true nor false", text)
		}
		text = strings.ToLower(text)
	case shape.String:
		if values := shape.Values(v.Type()); values != nil && !slices.Contains(values, text) {
			return fmt.Sprintf("%q is not one of %s", text, strings.Join(values, ", "))
		}
		if _, ok := n.(*ast.StringNode); !ok && shape.Values(v.Type()) == nil {
			return fmt.Sprintf("%s found where text is wanted; put it in quotes", describe(n))
		}
	case shape.Integer:
		integer, ok := n.(*ast.IntegerNode)
		_, quoted := n.(*ast.StringNode)
		switch {
		case quoted && shape.Set(reflect.New(v.Type()).Elem(), text) == nil:
			return fmt.Sprintf("%q is text; write the number without quotes", text)
		case !ok:
			return fmt.Sprintf("%q is not a whole number", text)
		case ambiguous(text):
			return fmt.Sprintf("%s could be octal; write the number without leading zeros", text)
		}
		text = fmt.Sprint(integer.Value)
		if _, err := strconv.ParseUint(strings.TrimPrefix(text, "-"), 10, 64); err == nil && shape.Set(reflect.New(v.Type()).Elem(), text) != nil {
			return rule.Outside(v.Type(), text)
		}
	}
	if err := shape.Set(v, text); err != nil {
		return err.Error()
	}
	return ""
}

// ambiguous says whether a number has leading zeros, which mean octal in one version of YAML and nothing in another.
func ambiguous(text string) bool {
	text = strings.TrimLeft(text, "+-")
	return len(text) > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9'
}

// textOf gives a scalar as it was written, without its quotes.
func textOf(n ast.Node) (string, bool) {
	switch s := n.(type) {
	case *ast.StringNode:
		return s.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

func describe(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.LiteralNode:
		return "a block of text"
	case *ast.NullNode:
		return "nothing"
	}
	if text, ok := textOf(n); ok {
		switch n.(type) {
		case *ast.StringNode:
			return fmt.Sprintf("the text %q", text)
		case *ast.BoolNode:
			return text
		}
		return "the number " + text
	}
	return "something else"
}

func wanted(t reflect.Type) string {
	if values := shape.Values(t); values != nil {
		return "one of " + strings.Join(values, ", ")
	}
	switch shape.ClassOf(t) {
	case shape.Bool:
		return "true or false"
	case shape.Integer:
		return "a whole number"
	}
	return "a single value"
}
