package gnmi

import (
	"fmt"
	"strings"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/internal/gnmitree"
)

// pathError is what is wrong, and where.
type pathError struct {
	path    *gpb.Path
	message string
}

func (e *pathError) Error() string { return gnmitree.Text(e.path) + ": " + e.message }

func wrong(p *gpb.Path, format string, args ...any) error {
	return &pathError{p, fmt.Sprintf(format, args...)}
}

// locate joins a path to its prefix and checks it; the error is a gRPC status.
func locate(prefix, path *gpb.Path) (*gpb.Path, error) {
	p, err := gnmitree.Join(prefix, path, "openconfig", modules...)
	if err != nil {
		return nil, err
	}
	if err := check(p); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	return p, nil
}

// check says what is wrong with a path by the schema.
func check(p *gpb.Path) error {
	nodes := []*node{schema}
	for i, elem := range p.GetElem() {
		var next []*node
		for _, n := range nodes {
			next = append(next, n.step(elem)...)
		}
		if len(next) == 0 {
			at := &gpb.Path{Elem: p.Elem[:i+1]}
			if len(nodes) == 1 && nodes[0].children[elem.GetName()] != nil {
				return wrong(at, "has another key: name is that of interface, and there is no other")
			}
			return wrong(at, "is not in the model")
		}
		nodes = next
	}
	return nil
}

// step gives the nodes that an element of a path leads to.
func (n *node) step(elem *gpb.PathElem) []*node {
	switch elem.GetName() {
	case gnmitree.AnyOne:
		all := make([]*node, 0, len(n.children))
		for _, c := range n.children {
			all = append(all, c)
		}
		return all
	case gnmitree.AnyPath:
		all := []*node{n}
		for _, c := range n.children {
			all = append(all, c.step(elem)...)
		}
		return all
	}
	c := n.children[elem.GetName()]
	if c == nil {
		return nil
	}
	for k := range elem.GetKey() {
		if !c.list || k != key {
			return nil
		}
	}
	return []*node{c}
}

// at finds the node of a path without wildcards that was checked.
func at(p *gpb.Path) *node {
	n := schema
	for _, elem := range p.GetElem() {
		n = n.children[elem.GetName()]
	}
	return n
}

// isPattern says whether a path may stand for several nodes: by wildcards, or by the list without a key.
func isPattern(p *gpb.Path) bool {
	if gnmitree.HasWildcard(p) {
		return true
	}
	_, ok := keyOf(p)
	return len(p.GetElem()) > 1 && !ok
}

// keyOf gives the name of the interface that a path leads into.
func keyOf(p *gpb.Path) (string, bool) {
	if len(p.GetElem()) < 2 {
		return "", false
	}
	name, ok := p.GetElem()[1].GetKey()[key]
	return name, ok
}

// inner is the part of a path behind the interface.
func inner(p *gpb.Path) string {
	var names []string
	for i, elem := range p.GetElem() {
		if i > 1 {
			names = append(names, elem.GetName())
		}
	}
	return strings.Join(names, "/")
}
