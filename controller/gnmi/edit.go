package gnmi

import (
	"errors"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/goyang/pkg/yang"
	"github.com/openconfig/ygot/ygot"
	"github.com/openconfig/ygot/ytypes"

	"github.com/firstack/firstack/controller/model"
	"github.com/firstack/firstack/controller/model/schema"
	"github.com/firstack/firstack/internal/gnmitree"
)

// editor carries out the operations of a Set on a tree of its own.
type editor struct {
	root *schema.Root
}

// locate finds the schema node of a path that is to be written.
func locate(p *gpb.Path) (*yang.Entry, error) {
	if err := check(p); err != nil {
		return nil, err
	}
	e := model.Schema()
	for i, elem := range p.GetElem() {
		e = e.Dir[elem.GetName()]
		at := &gpb.Path{Elem: p.Elem[:i+1]}
		if e.ReadOnly() {
			return nil, &model.Error{Path: at, Message: "is state, which cannot be set"}
		}
		if !e.IsList() {
			continue
		}
		key, ok := elem.GetKey()[e.Key]
		if !ok && i == len(p.Elem)-1 {
			return nil, &model.Error{Path: at, Message: "is a list; name an entry, or the container around it"}
		}
		if !ok {
			return nil, &model.Error{Path: at, Message: "has no key " + e.Key}
		}
		if err := checkKey(e, key); err != nil {
			return nil, &model.Error{Path: at, Message: err.Error()}
		}
	}
	return e, nil
}

// update merges a value into the tree; with replace, what was there goes first.
func (d *editor) update(p *gpb.Path, v *gpb.TypedValue, replace bool) error {
	if isPattern(p) && check(p) == nil && gnmitree.HasWildcard(p) {
		return &model.Error{Path: p, Message: "has wildcards, which only a delete may have"}
	}
	e, err := locate(p)
	if err != nil {
		return err
	}
	raw, err := jsonOf(v)
	if err != nil {
		return &model.Error{Path: p, Message: err.Error()}
	}
	var x exploder
	if parent := e.Parent; e.IsLeaf() && parent != nil && parent.IsList() {
		// The key beside config: it says what the path says.
		if key := p.Elem[len(p.Elem)-2].GetKey()[e.Name]; keyText(raw) != key {
			return &model.Error{Path: p, Message: short(raw) + " is not the entry's key"}
		}
		x.leaves = append(x.leaves, leafValue{path: &gpb.Path{Elem: p.Elem[:len(p.Elem)-1]}})
	} else {
		x.node(p, e, raw)
	}
	if len(x.errors) > 0 {
		return errors.Join(x.errors...)
	}
	if replace {
		if err := d.remove(p); err != nil {
			return err
		}
	}
	for _, leaf := range x.leaves {
		if err := d.set(leaf); err != nil {
			return err
		}
	}
	return nil
}

func (d *editor) set(leaf leafValue) error {
	var err error
	if leaf.value == nil {
		_, _, err = ytypes.GetOrCreateNode(model.Schema(), d.root, leaf.path)
	} else {
		value := &gpb.TypedValue{Value: &gpb.TypedValue_JsonIetfVal{JsonIetfVal: leaf.value}}
		err = ytypes.SetNode(model.Schema(), d.root, leaf.path, value, &ytypes.InitMissingElements{})
	}
	if err != nil {
		return &model.Error{Path: leaf.path, Message: err.Error()}
	}
	return nil
}

// delete removes everything that a path or pattern leads to. What is not there is gone already.
func (d *editor) delete(p *gpb.Path) error {
	if err := check(p); err != nil {
		return err
	}
	if !isPattern(p) {
		if _, err := locate(p); err != nil {
			return err
		}
		return d.remove(p)
	}
	for _, found := range gnmitree.Expand(leavesOf(d.root, 0), p) {
		if _, err := locate(found); err != nil {
			return err
		}
		if err := d.remove(found); err != nil {
			return err
		}
	}
	return nil
}

func (d *editor) remove(p *gpb.Path) error {
	if len(p.GetElem()) == 0 {
		d.root.Firstack = nil
		return nil
	}
	if err := ytypes.DeleteNode(model.Schema(), d.root, p); err != nil {
		return &model.Error{Path: p, Message: err.Error()}
	}
	return nil
}

// finish prepares the edited tree: entries of lists have their keys under config, and nothing is empty.
func (d *editor) finish() (*Intent, error) {
	if d.root.Firstack == nil {
		d.root.Firstack = &schema.Firstack_Firstack{}
	}
	if err := model.FillKeys(d.root); err != nil {
		return nil, err
	}
	ygot.PruneEmptyBranches(d.root)
	if d.root.Firstack == nil {
		d.root.Firstack = &schema.Firstack_Firstack{}
	}
	return NewIntent(d.root)
}
