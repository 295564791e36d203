package spec

import (
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// check compares a YAML tree with a Go type: keys, kinds and the ranges in the tags. It notes the place
// of each path on its way. The library's own strict decoding tells only the first error, without its
// path, and cuts 1.5 to 1 where an integer is due.
func (r *report) check(node ast.Node, t reflect.Type, rules reflect.StructTag, path string) {
	at := placeOf(node)
	if _, noted := r.places[path]; !noted {
		r.places[path] = at
	}
	switch n := node.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		r.addAt(at, path, "anchors, aliases and tags have no place here")
		return
	case *ast.NullNode:
		r.addAt(at, path, "has no value")
		return
	case *ast.LiteralNode:
		node = n.Value
	}
	switch {
	case t == reflect.TypeFor[Addr]():
		r.checkText(node, path, "an IPv4 address such as 10.1.0.1", func(s string) error {
			a, err := netip.ParseAddr(s)
			if err == nil && !a.Is4() {
				return fmt.Errorf("%s is not an IPv4 address", s)
			}
			return err
		})
	case t == reflect.TypeFor[Prefix]():
		r.checkText(node, path, "an IPv4 prefix such as 10.1.0.0/24", checkPrefix)
	case t.Kind() == reflect.String:
		r.checkText(node, path, "text", func(s string) error { return checkEnum(s, rules.Get("enum")) })
	case t.Kind() == reflect.Struct:
		r.checkStruct(node, t, path)
	case t.Kind() == reflect.Map:
		if m := r.mapping(node, path); m != nil {
			for _, v := range m.Values {
				r.check(v.Value, t.Elem(), rules, key(path, keyName(v)))
			}
		}
	case t.Kind() == reflect.Slice:
		seq, ok := node.(*ast.SequenceNode)
		if !ok {
			r.addAt(at, path, "want a list")
			return
		}
		if len(seq.Values) == 0 && rules.Get("required") != "" {
			r.addAt(at, path, "must not be empty")
		}
		for i, v := range seq.Values {
			r.check(v, t.Elem(), "", index(path, i))
		}
	default:
		r.checkNumber(node, t, rules, path)
	}
}

func (r *report) checkText(node ast.Node, path, want string, check func(string) error) {
	s, ok := node.(*ast.StringNode)
	if !ok {
		r.addAt(placeOf(node), path, "want %s", want)
		return
	}
	if err := check(s.Value); err != nil {
		r.addAt(placeOf(node), path, "want %s: %v", want, err)
	}
}

func checkPrefix(s string) error {
	p, err := netip.ParsePrefix(s)
	switch {
	case err != nil:
		return err
	case !p.Addr().Is4():
		return fmt.Errorf("%s is not an IPv4 prefix", s)
	case p.Masked() != p:
		return fmt.Errorf("%s has bits set behind its length; %s has not", s, p.Masked())
	}
	return nil
}

func checkEnum(s, enum string) error {
	if enum == "" || slices.Contains(strings.Split(enum, ","), s) {
		return nil
	}
	return fmt.Errorf("%q is none of %s", s, strings.ReplaceAll(enum, ",", ", "))
}

func (r *report) checkStruct(node ast.Node, t reflect.Type, path string) {
	m := r.mapping(node, path)
	if m == nil {
		return
	}
	fields := fieldsOf(t)
	seen := make(map[string]bool)
	for _, v := range m.Values {
		name := keyName(v)
		seen[name] = true
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
		if i < 0 {
			r.addAt(placeOf(v.Key), key(path, name), "unknown key%s", suggest(name, fields))
			continue
		}
		r.check(v.Value, fields[i].Type, fields[i].Tag, key(path, name))
	}
	for _, f := range fields {
		if f.Tag.Get("required") != "" && !seen[f.name] {
			r.addAt(placeOf(node), key(path, f.name), "is missing")
		}
	}
}

// mapping returns the node as a mapping with distinct plain keys, or reports that it is none.
func (r *report) mapping(node ast.Node, path string) *ast.MappingNode {
	m, ok := node.(*ast.MappingNode)
	if !ok {
		r.addAt(placeOf(node), path, "want keys with values")
		return nil
	}
	seen := make(map[string]bool)
	for _, v := range m.Values {
		if _, ok := v.Key.(*ast.StringNode); !ok {
			r.addAt(placeOf(v.Key), path, "want a key that is plain text, not %s", v.Key)
			return nil
		}
		if seen[keyName(v)] {
			r.addAt(placeOf(v.Key), key(path, keyName(v)), "is here twice")
			return nil
		}
		seen[keyName(v)] = true
	}
	return m
}

func keyName(v *ast.MappingValueNode) string {
	if s, ok := v.Key.(*ast.StringNode); ok {
		return s.Value
	}
	return v.Key.String()
}

func (r *report) checkNumber(node ast.Node, t reflect.Type, rules reflect.StructTag, path string) {
	var value float64
	switch n := node.(type) {
	case *ast.IntegerNode:
		switch v := n.Value.(type) {
		case int64:
			value = float64(v)
		case uint64:
			value = float64(v)
		}
	case *ast.FloatNode:
		if t.Kind() != reflect.Float64 {
			r.addAt(placeOf(node), path, "want a whole number")
			return
		}
		value = n.Value
	default:
		r.addAt(placeOf(node), path, "want a number")
		return
	}
	low, high := limits(t, rules)
	if !(value >= low && value <= high) {
		r.addAt(placeOf(node), path, "%v is outside %v to %v", value, low, high)
	}
}

// limits returns the range of a number by its rules and its type.
func limits(t reflect.Type, rules reflect.StructTag) (low, high float64) {
	low, high = math.Inf(-1), math.Inf(1)
	switch t.Kind() {
	case reflect.Uint64:
		low, high = 0, math.MaxUint64
	case reflect.Uint16:
		low, high = 0, math.MaxUint16
	case reflect.Int:
		low, high = math.MinInt32, math.MaxInt32
	}
	if v, err := strconv.ParseFloat(rules.Get("min"), 64); err == nil {
		low = v
	}
	if v, err := strconv.ParseFloat(rules.Get("max"), 64); err == nil {
		high = v
	}
	return low, high
}

// field is a field of a struct under its YAML name; embedded structs are laid flat.
type field struct {
	name string
	reflect.StructField
}

func fieldsOf(t reflect.Type) []field {
	var list []field
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if options == "inline" {
			list = append(list, fieldsOf(f.Type)...)
		} else {
			list = append(list, field{name, f})
		}
	}
	return list
}

// suggest names the key that was probably meant.
func suggest(name string, fields []field) string {
	for _, f := range fields {
		if distance(strings.ReplaceAll(strings.ToLower(name), "-", "_"), f.name) <= len(f.name)/3 {
			return fmt.Sprintf("; did you mean %s?", f.name)
		}
	}
	return ""
}

// distance is the number of letters to insert, delete or replace to get from one word to the other.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

func placeOf(node ast.Node) place {
	if node == nil || reflect.ValueOf(node).IsNil() {
		return place{}
	}
	token := node.GetToken()
	if m, ok := node.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
		token = m.Values[0].Key.GetToken() // a block mapping's own token is its first colon
	}
	if token == nil || token.Position == nil {
		return place{}
	}
	return place{token.Position.Line, token.Position.Column}
}
