package gnmi

import (
	"cmp"
	"slices"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/goyang/pkg/yang"
	"github.com/openconfig/ygot/ygot"

	"github.com/firstack/firstack/controller/model"
	"github.com/firstack/firstack/controller/model/schema"
)

// leaf is a leaf of a tree with its value, as PROTO has it.
type leaf struct {
	path  *gpb.Path
	text  string // of the path: leaves are sorted by it
	value *gpb.TypedValue
}

// leavesOf lists the leaves of a tree in the order of their paths.
func leavesOf(root *schema.Root, timestamp int64) []leaf {
	notifications, err := ygot.TogNMINotifications(root, timestamp, ygot.GNMINotificationsConfig{UsePathElem: true})
	if err != nil {
		panic("leaves of a tree: " + err.Error()) // generated structs have them all
	}
	var all []leaf
	for _, n := range notifications {
		for _, u := range n.GetUpdate() {
			all = append(all, leaf{u.GetPath(), model.Text(u.GetPath()), u.GetVal()})
		}
	}
	slices.SortFunc(all, func(a, b leaf) int { return cmp.Compare(a.text, b.text) })
	return all
}

// expand gives the nodes that a pattern leads to, among those that have leaves.
func expand(leaves []leaf, pattern *gpb.Path) []*gpb.Path {
	var found []*gpb.Path
	seen := map[string]bool{}
	for _, l := range leaves {
		n := matches(pattern.GetElem(), l.path.Elem)
		if n < 0 {
			continue
		}
		p := &gpb.Path{Elem: l.path.Elem[:n]}
		if text := model.Text(p); !seen[text] {
			seen[text] = true
			found = append(found, p)
		}
	}
	return found
}

// schemaOf finds the schema node of a path without wildcards, which is known to be right.
func schemaOf(p *gpb.Path) *yang.Entry {
	e := model.Schema()
	for _, elem := range p.GetElem() {
		e = e.Dir[elem.GetName()]
	}
	return e
}

// isCounter says whether a leaf counts or measures, so that it changes all the time: such are sampled, where a
// subscription leaves the mode to us.
func isCounter(p *gpb.Path) bool {
	e := schemaOf(p)
	return e.ReadOnly() && e.Type != nil && (typeName(e.Type) == "counter64" || slices.ContainsFunc(p.Elem, func(e *gpb.PathElem) bool {
		return e.Name == "delay" || e.Name == "decisions" || e.Name == "delay-histogram"
	}))
}

// textOf gives a path's text by its elements.
func textOf(elems []*gpb.PathElem) string { return model.Text(&gpb.Path{Elem: elems}) }

func compareText(a, b *gpb.Path) int { return cmp.Compare(model.Text(a), model.Text(b)) }
