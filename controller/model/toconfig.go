package model

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/internal/shape"
	"github.com/firstack/firstack/controller/model/schema"
)

// ToConfig gives the complete and valid configuration that a tree stands for, lists in the order of their keys. What is
// wrong with it comes joined, each an *Error with its path in the tree.
//
// Switches without a gateway-id get the lowest that is free, and the tree gets it too, so that they keep it.
func ToConfig(root *schema.Root) (*config.Config, error) {
	number(root)
	c, r := new(config.Config), reader{given: config.Given{"": true}}
	if root.Firstack != nil {
		r.mapping("", reflect.ValueOf(root.Firstack).Elem(), reflect.ValueOf(c).Elem())
	}
	secure(c)
	err := errors.Join(r.errors...)
	if err == nil {
		err = c.Finish(r.given)
	}
	if err != nil {
		return nil, located(c, err)
	}
	return c, nil
}

// number gives switches their gateway-id where they have none.
func number(root *schema.Root) {
	if root.Firstack == nil || root.Firstack.Switches == nil {
		return
	}
	taken := map[uint16]bool{}
	var without []*schema.Firstack_Firstack_Switches_Switch
	for _, s := range root.Firstack.Switches.Switch {
		if s.Config != nil && s.Config.GatewayId != nil {
			taken[*s.Config.GatewayId] = true
		} else {
			without = append(without, s)
		}
	}
	slices.SortFunc(without, func(a, b *schema.Firstack_Firstack_Switches_Switch) int {
		return cmp.Compare(*a.Name, *b.Name)
	})
	id := uint16(0)
	for _, s := range without {
		for id++; taken[id]; id++ {
		}
		if s.Config == nil {
			s.Config = &schema.Firstack_Firstack_Switches_Switch_Config{}
		}
		next := id
		s.Config.GatewayId = &next
	}
}

// secure makes TLS what switches are reached by that do not ask for plaintext by name.
func secure(c *config.Config) {
	for i := range c.Switches {
		s := &c.Switches[i]
		if !s.Insecure && s.TLS == nil {
			s.TLS = &config.TLS{}
		}
	}
}

// reader reads the leaves of config into a configuration.
type reader struct {
	given  config.Given
	errors []error
}

func (r *reader) mapping(path string, from, to reflect.Value) {
	for _, f := range shape.Fields(to.Type()) {
		at, field := shape.Join(path, f.Key), to.Field(f.Index)
		switch kindOf(f) {
		case leaf:
			r.leaf(at, f.Key, from, field)
		case leafList:
			r.leafList(at, f.Key, from, field)
		case list:
			r.list(at, f.Key, from, field)
		case mapping:
			node := container(from, f.Key, false)
			if !node.IsValid() {
				continue
			}
			if field.Kind() == reflect.Pointer {
				if wanted := child(node, "config", false); !wanted.IsValid() || wanted.IsZero() {
					continue
				}
				field.Set(reflect.New(field.Type().Elem()))
				field = field.Elem()
			}
			r.given[at] = true
			r.mapping(at, node, field)
		}
	}
}

// wanted gives a leaf of the container config; invalid when it is not set.
func wanted(from reflect.Value, name string) reflect.Value {
	node := child(from, "config", false)
	if !node.IsValid() {
		return node
	}
	v := node.Field(fieldOf(node.Type(), name))
	if !isSet(v) {
		return reflect.Value{}
	}
	return v
}

func (r *reader) leaf(path, name string, from, to reflect.Value) {
	if v := wanted(from, name); v.IsValid() {
		r.given[path] = true
		r.set(path, to, textOf(v))
	}
}

func (r *reader) leafList(path, name string, from, to reflect.Value) {
	v := wanted(from, name)
	if !v.IsValid() {
		return
	}
	r.given[path] = true
	to.Set(reflect.MakeSlice(to.Type(), v.Len(), v.Len()))
	for i := range v.Len() {
		r.given[position(path, i)] = true
		r.set(position(path, i), to.Index(i), textOf(v.Index(i)))
	}
}

func (r *reader) set(path string, to reflect.Value, text string) {
	if err := shape.Set(to, text); err != nil {
		r.errors = append(r.errors, &config.Error{Path: path, Message: err.Error()})
	}
}

func (r *reader) list(path, name string, from, to reflect.Value) {
	node := container(from, name, false)
	if !node.IsValid() {
		return
	}
	entries, _ := listOf(node)
	if entries.Len() == 0 {
		if name == "redirections" {
			if rule := wanted(node, defaultRule); rule.IsValid() && !rule.Elem().Bool() {
				r.given[path] = true
				to.Set(reflect.MakeSlice(to.Type(), 0, 0))
			}
		}
		return
	}
	r.given[path] = true
	key := keyOf(to.Type().Elem())
	to.Set(reflect.MakeSlice(to.Type(), entries.Len(), entries.Len()))
	for i, at := range sorted(entries) {
		element := to.Index(i)
		r.given[position(path, i)] = true
		r.given[shape.Join(position(path, i), key.Key)] = true
		r.set(shape.Join(position(path, i), key.Key), element.Field(key.Index), fmt.Sprint(at.Interface()))
		r.mapping(position(path, i), entries.MapIndex(at).Elem(), element)
	}
}

// sorted gives the keys of a list in their order.
func sorted(entries reflect.Value) []reflect.Value {
	keys := entries.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int {
		if a.CanUint() {
			return cmp.Compare(a.Uint(), b.Uint())
		}
		return cmp.Compare(a.String(), b.String())
	})
	return keys
}
