package ports

import (
	"slices"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
)

// of gives a path into an interface.
func of(name string, leaf ...string) *gpb.Path {
	p := &gpb.Path{Elem: []*gpb.PathElem{{Name: "interfaces"}, {Name: "interface", Key: map[string]string{"name": name}}}}
	for _, l := range leaf {
		p.Elem = append(p.Elem, &gpb.PathElem{Name: l})
	}
	return p
}

// leafOf takes a path apart: the interface, and the names of containers and leaf; no name when it leads elsewhere.
func leafOf(prefix, path *gpb.Path) (name string, leaf []string) {
	elems := slices.Concat(prefix.GetElem(), path.GetElem())
	if len(elems) < 2 || elems[0].GetName() != "interfaces" || elems[1].GetName() != "interface" {
		return "", nil
	}
	for _, e := range elems[2:] {
		leaf = append(leaf, e.GetName())
	}
	return elems[1].GetKey()["name"], leaf
}

// each calls f for every value in a notification that is a leaf of an interface.
func each(n *gpb.Notification, f func(name string, leaf []string, v *gpb.TypedValue)) {
	for _, u := range n.GetUpdate() {
		if name, leaf := leafOf(n.GetPrefix(), u.GetPath()); name != "" && len(leaf) > 0 {
			f(name, leaf, u.GetVal())
		}
	}
}

// number reads an unsigned value.
func number(v *gpb.TypedValue) (uint64, bool) {
	switch x := v.GetValue().(type) {
	case *gpb.TypedValue_UintVal:
		return x.UintVal, true
	case *gpb.TypedValue_IntVal:
		return uint64(x.IntVal), x.IntVal >= 0
	}
	return 0, false
}

// take takes a value into the table; news says that a port's state is another one now.
func (t table) take(name string, leaf []string, v *gpb.TypedValue) (news bool) {
	e := t[name]
	if e == nil || leaf[0] != "state" {
		return false
	}
	switch {
	case len(leaf) == 2 && leaf[1] == "oper-status":
		news, e.Oper = e.Oper != v.GetStringVal(), v.GetStringVal()
	case len(leaf) == 2 && leaf[1] == "admin-status":
		news, e.Admin = e.Admin != v.GetStringVal(), v.GetStringVal()
	case len(leaf) == 3 && leaf[1] == "counters":
		if n, ok := number(v); ok {
			e.count(leaf[2], n)
		}
	}
	return news
}
