// Package strict reads YAML into a tree of Go structs and tells everything that is wrong with it, each with line,
// column and path, instead of the first thing only.
//
// It takes less than YAML allows, on purpose: one document, no anchors, aliases, merge keys or tags, so that a
// configuration says what it says where it says it, and costs no more to read than its size.
package strict

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/firstack/firstack/controller/internal/shape"
)

// Position is a place in a file, both from 1; columns count characters.
type Position struct{ Line, Column int }

// Problem is one thing that is wrong. Path is as in services[0].replicas[1].port.
type Problem struct {
	Position
	Path, Message string
}

// Decode reads one document into the struct that into points to. It gives the position of everything that the
// document has, by path, and what is wrong; into is only to be used when nothing is.
func Decode(data []byte, into any) (map[string]Position, []Problem) {
	body, problem := parse(data)
	if problem != nil {
		return nil, []Problem{*problem}
	}
	d := &decoder{given: map[string]Position{}}
	if body != nil {
		d.given[""] = positionOf(body)
		d.value("", body, reflect.ValueOf(into).Elem(), shape.Rule{})
	}
	return d.given, d.problems
}

const refusal = "anchors, aliases, merge keys and tags are not taken here; write the value out"

type decoder struct {
	given    map[string]Position
	problems []Problem
}

func (d *decoder) fail(at ast.Node, path, format string, args ...any) {
	d.problems = append(d.problems, Problem{positionOf(at), path, fmt.Sprintf(format, args...)})
}

func (d *decoder) value(path string, n ast.Node, v reflect.Value, rule shape.Rule) {
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		d.fail(n, path, refusal)
		return
	}
	switch {
	case shape.IsScalar(v.Type()):
		d.scalar(path, n, v, rule)
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.mapping(path, n, v.Elem())
	case v.Kind() == reflect.Struct:
		d.mapping(path, n, v)
	case v.Kind() == reflect.Slice:
		d.list(path, n, v, rule)
	default:
		panic(fmt.Sprintf("%s: a tree cannot hold a %v", path, v.Type()))
	}
}

// list takes a sequence; an empty value is a list with nothing in it, as when all its elements are commented out.
func (d *decoder) list(path string, n ast.Node, v reflect.Value, rule shape.Rule) {
	if _, ok := n.(*ast.NullNode); ok {
		return
	}
	sequence, ok := n.(*ast.SequenceNode)
	if !ok {
		d.fail(n, path, "%s found where a list is wanted", describe(n))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(sequence.Values), len(sequence.Values)))
	for i, element := range sequence.Values {
		at := shape.Index(path, i)
		d.given[at] = positionOf(element)
		if _, null := element.(*ast.NullNode); null {
			d.fail(element, at, "this element of the list is empty")
			continue
		}
		d.value(at, element, v.Index(i), rule)
	}
}

func (d *decoder) mapping(path string, n ast.Node, v reflect.Value) {
	if _, ok := n.(*ast.NullNode); ok {
		return
	}
	pairs, ok := pairsOf(n)
	if !ok {
		d.fail(n, path, "%s found where keys are wanted: %s", describe(n), keys(v.Type()))
		return
	}
	fields := shape.Fields(v.Type())
	for _, pair := range pairs {
		if _, merge := pair.Key.(*ast.MergeKeyNode); merge {
			d.fail(pair.Key, path, refusal)
			continue
		}
		key, ok := pair.Key.(*ast.StringNode)
		if !ok {
			d.fail(pair.Key, path, "%s found where a key is wanted: %s", describe(pair.Key), keys(v.Type()))
			continue
		}
		at := shape.Join(path, key.Value)
		field, ok := shape.Find(fields, key.Value)
		if !ok {
			d.fail(key, path, "unknown key %q%s", key.Value, meant(key.Value, fields))
			continue
		}
		if first, twice := d.given[at]; twice {
			d.fail(key, at, "this key stands here a second time; the first is at line %d", first.Line)
			continue
		}
		d.given[at] = positionOf(key)
		if _, null := pair.Value.(*ast.NullNode); !null {
			d.given[at] = positionOf(pair.Value)
		}
		d.value(at, pair.Value, v.Field(field.Index), field.Rule)
	}
}

func pairsOf(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch m := n.(type) {
	case *ast.MappingNode:
		return m.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{m}, true
	}
	return nil, false
}

// meant names the key that was probably meant.
func meant(key string, fields []shape.Field) string {
	best, least := "", 1+max(1, len(key)/3)
	for _, f := range fields {
		if n := distance(strings.ToLower(key), f.Key); n < least {
			best, least = f.Key, n
		}
	}
	if best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Key
	}
	return "; there are " + strings.Join(names, ", ")
}

func keys(t reflect.Type) string {
	names := []string{}
	for _, f := range shape.Fields(t) {
		names = append(names, f.Key)
	}
	return strings.Join(names, ", ")
}

// distance counts the letters to add, drop, replace or swap with their neighbour to get from a to b.
func distance(a, b string) int {
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			change := row[j]
			if a[i] != b[j] {
				change++
			}
			next[j+1] = min(change, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = slices.Clone(row), next
	}
	return row[len(b)]
}
