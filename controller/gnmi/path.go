package gnmi

import (
	"slices"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/goyang/pkg/yang"

	"github.com/firstack/firstack/controller/model"
	"github.com/firstack/firstack/internal/gnmitree"
)

// join gives a path with its prefix before it, without target and origin.
func join(prefix, path *gpb.Path) (*gpb.Path, error) {
	return gnmitree.Join(prefix, path, model.Module, model.Module)
}

// isPattern says whether a path may stand for several nodes: by wildcards, or by lists without keys.
func isPattern(p *gpb.Path) bool {
	e := model.Schema()
	for _, elem := range p.GetElem() {
		if elem.GetName() == gnmitree.AnyOne || elem.GetName() == gnmitree.AnyPath {
			return true
		}
		if e = e.Dir[elem.GetName()]; e == nil {
			return false
		}
		if e.IsList() && len(elem.GetKey()) == 0 {
			return true
		}
		for _, value := range elem.GetKey() {
			if value == gnmitree.AnyOne {
				return true
			}
		}
	}
	return false
}

// check says what is wrong with a path by the schema.
func check(p *gpb.Path) error {
	entries := []*yang.Entry{model.Schema()}
	for i, elem := range p.GetElem() {
		var next []*yang.Entry
		for _, e := range entries {
			next = append(next, step(e, elem)...)
		}
		if len(next) == 0 {
			at := &gpb.Path{Elem: p.Elem[:i+1]}
			if len(entries) == 1 && len(elem.GetKey()) > 0 && entries[0].Dir[elem.GetName()] != nil {
				return &model.Error{Path: at, Message: "has other keys: " + keysOf(entries[0].Dir[elem.GetName()])}
			}
			return &model.Error{Path: at, Message: "is not in the model"}
		}
		entries = next
	}
	return nil
}

func keysOf(e *yang.Entry) string {
	if e.Key == "" {
		return "none"
	}
	return e.Key
}

// step gives the schema nodes that an element of a path leads to.
func step(e *yang.Entry, elem *gpb.PathElem) []*yang.Entry {
	switch elem.GetName() {
	case gnmitree.AnyOne:
		return slices.Collect(values(e.Dir))
	case gnmitree.AnyPath:
		all := []*yang.Entry{e}
		for _, c := range e.Dir {
			all = append(all, step(c, elem)...)
		}
		return all
	}
	c := e.Dir[elem.GetName()]
	if c == nil {
		return nil
	}
	for key := range elem.GetKey() {
		if key != c.Key {
			return nil
		}
	}
	return []*yang.Entry{c}
}

func values(m map[string]*yang.Entry) func(func(*yang.Entry) bool) {
	return func(yield func(*yang.Entry) bool) {
		for _, v := range m {
			if !yield(v) {
				return
			}
		}
	}
}
