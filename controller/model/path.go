package model

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/ygot/ygot"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/internal/shape"
	"github.com/firstack/firstack/controller/model/schema"
	"github.com/firstack/firstack/internal/gnmitree"
)

// Error is one thing that is wrong with a tree, and where.
type Error struct {
	Path    *gpb.Path
	Message string
}

// Error gives "path: message", the path as gNMI writes it.
func (e *Error) Error() string { return gnmitree.Text(e.Path) + ": " + e.Message }

// elsewhere finds paths of package config in messages.
var elsewhere = regexp.MustCompile(`\b(?:switches|services|redirections)\[\d+\](?:\.[a-z-]+(?:\[\d+\])?)*`)

// located gives errors of package config their paths in the tree.
func located(c *config.Config, err error) error {
	var all []error
	for _, e := range config.List(err) {
		message := elsewhere.ReplaceAllStringFunc(e.Message, func(path string) string { return gnmitree.Text(Path(c, path)) })
		all = append(all, &Error{Path(c, e.Path), message})
	}
	return errors.Join(all...)
}

// Path gives the place in the tree of a path as in services[0].replicas[1].address. What the path leads to need not be
// there; the elements of lists on its way have to be.
func Path(c *config.Config, path string) *gpb.Path {
	p := &gpb.Path{Elem: []*gpb.PathElem{{Name: "firstack"}}}
	add := func(name string) *gpb.PathElem {
		e := &gpb.PathElem{Name: name}
		p.Elem = append(p.Elem, e)
		return e
	}
	v, node := reflect.ValueOf(c).Elem(), reflect.TypeFor[schema.Firstack_Firstack]()
	for path != "" {
		var key string
		key, path = cut(path)
		f, ok := shape.Find(shape.Fields(v.Type()), key)
		if !ok {
			panic(fmt.Sprintf("%v has no key %q", v.Type(), key))
		}
		v = v.Field(f.Index)
		if k := kindOf(f); k == leaf || k == leafList {
			add("config")
			add(key)
			return p
		}
		if policies[key] && fieldOf(node, key) < 0 {
			add("policies")
			node = below(node, "policies")
		}
		add(key)
		node = below(node, key)
		if kindOf(f) == mapping {
			if v.Kind() == reflect.Pointer {
				if v.IsNil() {
					return p
				}
				v = v.Elem()
			}
			continue
		}
		if path == "" {
			return p
		}
		var at string
		at, path = cut(path)
		i, _ := strconv.Atoi(strings.Trim(at, "[]"))
		v = v.Index(i)
		name := singular(node)
		by, text := shape.KeyOf(v)
		add(name).Key = map[string]string{by: text}
		node = node.Field(fieldOf(node, name)).Type.Elem().Elem()
	}
	return p
}

func below(node reflect.Type, name string) reflect.Type {
	return node.Field(fieldOf(node, name)).Type.Elem()
}

// ParsePath reads what gnmitree.Text gives.
func ParsePath(text string) (*gpb.Path, error) { return ygot.StringToStructuredPath(text) }
