package gnmi

import (
	"slices"
	"strings"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/goyang/pkg/yang"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/controller/model"
)

// Names in paths that stand for more than one node (gNMI specification, section 2.4.1 and its path conventions).
const (
	anyOne  = "*"
	anyPath = "..."
)

// join gives a path with its prefix before it, without target and origin.
func join(prefix, path *gpb.Path) (*gpb.Path, error) {
	for _, p := range []*gpb.Path{prefix, path} {
		if o := p.GetOrigin(); o != "" && o != model.Module {
			return nil, status.Errorf(codes.InvalidArgument, "origin %q is unknown; there is %q, and none", o, model.Module)
		}
		if len(p.GetElement()) > 0 {
			return nil, status.Error(codes.InvalidArgument, "paths of plain strings (before gNMI 0.4) are not taken")
		}
	}
	joined := &gpb.Path{Elem: slices.Concat(prefix.GetElem(), path.GetElem())}
	for i, e := range joined.Elem {
		// Modules may stand before names, as in RFC 7951; there is only one.
		if name, ours := strings.CutPrefix(e.GetName(), model.Module+":"); ours {
			joined.Elem[i] = &gpb.PathElem{Name: name, Key: e.GetKey()}
		}
	}
	return joined, nil
}

// answerPrefix is the prefix of answers: full paths follow it.
func answerPrefix(asked *gpb.Path) *gpb.Path {
	if asked.GetTarget() == "" && asked.GetOrigin() == "" {
		return nil
	}
	return &gpb.Path{Target: asked.GetTarget(), Origin: asked.GetOrigin()}
}

// isPattern says whether a path may stand for several nodes: by wildcards, or by lists without keys.
func isPattern(p *gpb.Path) bool {
	e := model.Schema()
	for _, elem := range p.GetElem() {
		if elem.GetName() == anyOne || elem.GetName() == anyPath {
			return true
		}
		if e = e.Dir[elem.GetName()]; e == nil {
			return false
		}
		if e.IsList() && len(elem.GetKey()) == 0 {
			return true
		}
		for _, value := range elem.GetKey() {
			if value == anyOne {
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
	case anyOne:
		return slices.Collect(values(e.Dir))
	case anyPath:
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

// matches says how many elements of a path a pattern covers, from the first on; -1: it does not match.
func matches(pattern, path []*gpb.PathElem) int {
	if len(pattern) == 0 {
		return 0
	}
	if pattern[0].GetName() == anyPath {
		for skip := 0; skip <= len(path); skip++ {
			if n := matches(pattern[1:], path[skip:]); n >= 0 {
				return skip + n
			}
		}
		return -1
	}
	if len(path) == 0 || pattern[0].GetName() != anyOne && pattern[0].GetName() != path[0].GetName() {
		return -1
	}
	for key, value := range pattern[0].GetKey() {
		if value != anyOne && value != path[0].GetKey()[key] {
			return -1
		}
	}
	if n := matches(pattern[1:], path[1:]); n >= 0 {
		return n + 1
	}
	return -1
}
