package gnmi

import (
	"slices"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/goyang/pkg/yang"
	"github.com/openconfig/ygot/ygot"

	"github.com/firstack/firstack/controller/model"
	"github.com/firstack/firstack/controller/model/schema"
	"github.com/firstack/firstack/internal/gnmitree"
)

type leaf = gnmitree.Leaf

// leavesOf lists the leaves of a tree in the order of their paths.
func leavesOf(root *schema.Root, timestamp int64) []leaf {
	notifications, err := ygot.TogNMINotifications(root, timestamp, ygot.GNMINotificationsConfig{UsePathElem: true})
	if err != nil {
		panic("leaves of a tree: " + err.Error()) // generated structs have them all
	}
	var all []leaf
	for _, n := range notifications {
		for _, u := range n.GetUpdate() {
			all = append(all, leaf{Path: u.GetPath(), Text: gnmitree.Text(u.GetPath()), Value: u.GetVal()})
		}
	}
	gnmitree.Sort(all)
	return all
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
		return slices.Contains(measured, e.Name)
	}))
}

// measured are nodes that hold nothing but figures that change all the time.
var measured = []string{"delay", "delay-histogram", "decisions", "round-trip", "last-measured"}
