package gnmitree

import (
	"cmp"
	"slices"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
)

// Leaf is a leaf of a tree with its value, as PROTO has it.
type Leaf struct {
	Path  *gpb.Path
	Text  string // of the path: leaves are sorted by it
	Value *gpb.TypedValue
}

// Sort puts leaves in the order of their paths.
func Sort(leaves []Leaf) {
	slices.SortFunc(leaves, func(a, b Leaf) int { return cmp.Compare(a.Text, b.Text) })
}

// Expand gives the nodes that a pattern leads to, among those that have leaves.
func Expand(leaves []Leaf, pattern *gpb.Path) []*gpb.Path {
	var found []*gpb.Path
	seen := map[string]bool{}
	for _, l := range leaves {
		n := Matches(pattern.GetElem(), l.Path.Elem)
		if n < 0 {
			continue
		}
		p := &gpb.Path{Elem: l.Path.Elem[:n]}
		if text := Text(p); !seen[text] {
			seen[text] = true
			found = append(found, p)
		}
	}
	return found
}
