package gnmi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/internal/gnmitree"
)

// Set implements gNMI: one transaction, all or nothing. Deletes come first, then replaces, then updates. Only
// config/enabled can be set; without it a port is enabled.
func (s *Server) Set(_ context.Context, req *gpb.SetRequest) (*gpb.SetResponse, error) {
	if len(req.GetUnionReplace()) > 0 {
		return nil, status.Error(codes.Unimplemented, "union_replace is not offered")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := newEdit(s.device.Interfaces())
	if err := d.all(req); err != nil {
		if _, ok := status.FromError(err); ok {
			return nil, err
		}
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	for _, i := range d.interfaces {
		if wanted := d.enabled[i.Name]; wanted != i.Enabled {
			if err := s.device.SetEnabled(i.ID, wanted); err != nil {
				return nil, status.Errorf(codes.Aborted, "interface %s: %v", i.Name, err)
			}
			s.log.Info("port's admin state set", "port", i.ID, "interface", i.Name, "enabled", wanted)
		}
	}
	return gnmitree.SetResponse(req), nil
}

// edit is what a Set makes of the configuration.
type edit struct {
	interfaces []Interface
	leaves     []gnmitree.Leaf
	enabled    map[string]bool // by the interface's name
}

func newEdit(list []Interface) *edit {
	d := &edit{interfaces: list, leaves: leaves(list), enabled: map[string]bool{}}
	for _, i := range list {
		d.enabled[i.Name] = i.Enabled
	}
	return d
}

func (d *edit) all(req *gpb.SetRequest) error {
	var errs []error
	each := func(path *gpb.Path, do func(*gpb.Path) error) {
		p, err := gnmitree.Join(req.GetPrefix(), path, "openconfig", modules...)
		if err == nil {
			err = check(p)
		}
		if err == nil {
			err = do(p)
		}
		errs = append(errs, err)
	}
	for _, p := range req.GetDelete() {
		each(p, func(p *gpb.Path) error { return d.reset(p, true) })
	}
	for _, u := range req.GetReplace() {
		each(u.GetPath(), func(p *gpb.Path) error {
			if err := d.update(p, u.GetVal()); err != nil {
				return err
			}
			if err := d.reset(p, false); err != nil {
				return err
			}
			return d.update(p, u.GetVal())
		})
	}
	for _, u := range req.GetUpdate() {
		each(u.GetPath(), func(p *gpb.Path) error { return d.update(p, u.GetVal()) })
	}
	return errors.Join(errs...)
}

// reset brings what a path leads to back to its defaults. alone says that nothing else is asked for: then it has to
// lead to something that can be set.
func (d *edit) reset(p *gpb.Path, alone bool) error {
	found := false
	for _, l := range d.leaves {
		if gnmitree.Matches(p.GetElem(), l.Path.Elem) < 0 {
			continue
		}
		if inner(l.Path) == enabledPath {
			name, _ := keyOf(l.Path)
			d.enabled[name], found = true, true
		}
	}
	if found || !alone || len(p.GetElem()) < 3 && isPattern(p) {
		return nil
	}
	if name, ok := keyOf(p); ok && !gnmitree.HasWildcard(p) {
		if err := d.exists(p, name); err != nil {
			return err
		}
	}
	return wrong(p, notSet)
}

const notSet = "cannot be set; of interfaces only config/enabled can"

func (d *edit) exists(p *gpb.Path, name string) error {
	if _, ok := d.enabled[name]; !ok {
		return wrong(&gpb.Path{Elem: p.Elem[:2]}, "there is no such interface")
	}
	return nil
}

// update takes the value of a node.
func (d *edit) update(p *gpb.Path, v *gpb.TypedValue) error {
	if gnmitree.HasWildcard(p) {
		return wrong(p, "has wildcards, which only a delete may have")
	}
	n := at(p)
	if n.list && len(p.Elem[len(p.Elem)-1].GetKey()) == 0 || len(p.GetElem()) > 2 && isPattern(p) {
		return wrong(&gpb.Path{Elem: p.Elem[:2]}, "has no key name")
	}
	raw, err := jsonOf(v)
	if err != nil {
		return wrong(p, "%v", err)
	}
	return d.node(p, n, raw)
}

// jsonOf gives the JSON of a value, whichever way it came.
func jsonOf(v *gpb.TypedValue) (json.RawMessage, error) {
	raw := json.RawMessage(nil)
	switch x := v.GetValue().(type) {
	case *gpb.TypedValue_JsonIetfVal:
		raw = x.JsonIetfVal
	case *gpb.TypedValue_JsonVal:
		raw = x.JsonVal
	case *gpb.TypedValue_BoolVal:
		return json.Marshal(x.BoolVal)
	case *gpb.TypedValue_StringVal:
		return json.Marshal(x.StringVal)
	case nil:
		return nil, errors.New("has no value")
	default:
		return nil, fmt.Errorf("a value of type %T is not taken; JSON_IETF, JSON, bool and string are", x)
	}
	if !json.Valid(raw) {
		return nil, fmt.Errorf("%.60q is not JSON", raw)
	}
	return bytes.TrimSpace(raw), nil
}

// node takes the JSON of a node without wildcards.
func (d *edit) node(p *gpb.Path, n *node, raw json.RawMessage) error {
	name, within := keyOf(p)
	if within {
		if err := d.exists(p, name); err != nil {
			return err
		}
	}
	switch path := inner(p); {
	case n.leaf == nil:
		return d.object(p, n, raw)
	case strings.Contains("/"+path, "/state/"):
		return wrong(p, "is state, which cannot be set")
	case path == enabledPath:
		switch text := string(raw); text {
		case "true", "false":
			d.enabled[name] = text == "true"
			return nil
		}
		return wrong(p, "%.60s is neither true nor false", raw)
	case n.leaf.kind == identity:
		if text, ok := textOf(raw); ok && (text == typeEthernet || text == typeModule+":"+typeEthernet) {
			return nil // it is so
		}
	default: // the name
		if text, ok := textOf(raw); ok && text == name {
			return nil
		}
		return wrong(p, "%.60s is not the entry's key", raw)
	}
	return wrong(p, notSet)
}

func textOf(raw json.RawMessage) (string, bool) {
	var text string
	return text, json.Unmarshal(raw, &text) == nil && len(raw) > 0 && raw[0] == '"'
}

// object takes a container, or the entry of an interface.
func (d *edit) object(p *gpb.Path, n *node, raw json.RawMessage) error {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil || members == nil {
		return wrong(p, "%.60s is not an object", raw)
	}
	var errs []error
	for _, member := range slices.Sorted(maps.Keys(members)) {
		module, name, qualified := strings.Cut(member, ":")
		if !qualified || !slices.Contains(modules, module) {
			name = member
		}
		below := &gpb.Path{Elem: append(slices.Clip(p.Elem), &gpb.PathElem{Name: name})}
		switch c := n.children[name]; {
		case c == nil:
			errs = append(errs, wrong(below, "is not in the model"))
		case c.list:
			errs = append(errs, d.entries(below, c, members[member]))
		default:
			errs = append(errs, d.node(below, c, members[member]))
		}
	}
	return errors.Join(errs...)
}

// entries takes all entries of the list.
func (d *edit) entries(p *gpb.Path, n *node, raw json.RawMessage) error {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil || list == nil {
		return wrong(p, "%.60s is not a list", raw)
	}
	var errs []error
	for _, one := range list {
		var entry struct {
			Name string `json:"name"`
		}
		if json.Unmarshal(one, &entry) != nil || entry.Name == "" {
			errs = append(errs, wrong(p, "an entry has no name"))
			continue
		}
		at := &gpb.Path{Elem: append(slices.Clip(p.Elem[:1]), &gpb.PathElem{Name: nameOfInterface, Key: map[string]string{key: entry.Name}})}
		errs = append(errs, d.node(at, n, one))
	}
	return errors.Join(errs...)
}
