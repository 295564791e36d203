package gnmi

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/goyang/pkg/yang"

	"github.com/firstack/firstack/controller/model"
)

// leafValue is a leaf that is to be set, its value as RFC 7951 has it. An entry of a list without leaves comes as one
// without value.
type leafValue struct {
	path  *gpb.Path
	value json.RawMessage
}

// exploder takes the JSON of a subtree apart, so that whatever is wrong is told with its own path.
type exploder struct {
	leaves []leafValue
	errors []error
}

func (x *exploder) fail(p *gpb.Path, format string, args ...any) {
	x.errors = append(x.errors, &model.Error{Path: p, Message: fmt.Sprintf(format, args...)})
}

// below gives the path of a child.
func below(p *gpb.Path, e *gpb.PathElem) *gpb.Path {
	return &gpb.Path{Elem: append(slices.Clip(p.Elem), e)}
}

// node takes the value of the schema node at a path. A list's path ends in its keys.
func (x *exploder) node(p *gpb.Path, e *yang.Entry, raw json.RawMessage) {
	switch {
	case e.ReadOnly():
		x.fail(p, "is state, which cannot be set")
	case e.IsLeaf():
		if value, err := scalar(e.Type, raw); err != nil {
			x.fail(p, "%v", err)
		} else {
			x.leaves = append(x.leaves, leafValue{p, value})
		}
	case e.IsLeafList():
		x.leafList(p, e, raw)
	default:
		x.object(p, e, raw)
	}
}

func (x *exploder) leafList(p *gpb.Path, e *yang.Entry, raw json.RawMessage) {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil || list == nil {
		x.fail(p, "%s is not a list", short(raw))
		return
	}
	failed, seen := len(x.errors), map[string]bool{}
	for i, one := range list {
		value, err := scalar(e.Type, one)
		if err != nil {
			x.fail(p, "%v", err)
			continue
		}
		if seen[string(value)] {
			x.fail(p, "%s is there twice", value)
		}
		list[i], seen[string(value)] = value, true
	}
	if len(x.errors) == failed {
		value, _ := json.Marshal(list) // valid JSON all of it
		x.leaves = append(x.leaves, leafValue{p, value})
	}
}

// object takes a container, or one entry of a list.
func (x *exploder) object(p *gpb.Path, e *yang.Entry, raw json.RawMessage) {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil || members == nil {
		x.fail(p, "%s is not an object", short(raw))
		return
	}
	if e.IsList() {
		x.leaves = append(x.leaves, leafValue{path: p})
	}
	for _, member := range slices.Sorted(maps.Keys(members)) {
		name, value := strings.TrimPrefix(member, model.Module+":"), members[member]
		at := below(p, &gpb.PathElem{Name: name})
		c := e.Dir[name]
		switch {
		case c == nil:
			x.fail(at, "is not in the model")
		case e.IsList() && name == e.Key:
			if text := keyText(value); text != p.Elem[len(p.Elem)-1].Key[name] {
				x.fail(at, "%s is not the entry's key", short(value))
			}
		case c.IsList() && !c.ReadOnly():
			x.entries(p, c, value)
		default:
			x.node(at, c, value)
		}
	}
}

// entries takes all entries of a list.
func (x *exploder) entries(parent *gpb.Path, e *yang.Entry, raw json.RawMessage) {
	p := below(parent, &gpb.PathElem{Name: e.Name})
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil || list == nil {
		x.fail(p, "%s is not a list", short(raw))
		return
	}
	seen := map[string]bool{}
	for _, one := range list {
		key := keyIn(e, one)
		if key == "" {
			x.fail(p, "an entry has no %s", e.Key)
			continue
		}
		at := below(parent, &gpb.PathElem{Name: e.Name, Key: map[string]string{e.Key: key}})
		if seen[key] {
			x.fail(at, "is there twice")
		}
		seen[key] = true
		if x.key(at, e, key) {
			x.node(at, e, one)
		}
	}
}

// key checks the key of a list's entry against its type.
func (x *exploder) key(p *gpb.Path, e *yang.Entry, text string) bool {
	if err := checkKey(e, text); err != nil {
		x.fail(p, "%v", err)
		return false
	}
	return true
}

// checkKey checks a list's key, whose type is that of the leaf in config.
func checkKey(e *yang.Entry, text string) error {
	t := e.Dir["config"].Dir[e.Key].Type
	raw, _ := json.Marshal(text)
	if t.Kind != yang.Ystring {
		raw = json.RawMessage(text)
	}
	value, err := scalar(t, raw)
	if err == nil && t.Kind != yang.Ystring && string(value) != text {
		err = fmt.Errorf("key %q is to be written %s", text, value)
	}
	return err
}

// keyIn finds the key of a list's entry, at its own place or under config.
func keyIn(e *yang.Entry, raw json.RawMessage) string {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return ""
	}
	for _, name := range []string{e.Key, model.Module + ":" + e.Key} {
		if value, ok := members[name]; ok {
			return keyText(value)
		}
	}
	for _, name := range []string{"config", model.Module + ":config"} {
		if value, ok := members[name]; ok {
			var config map[string]json.RawMessage
			if json.Unmarshal(value, &config) == nil {
				return keyText(config[e.Key])
			}
		}
	}
	return ""
}

// keyText is what a key's value looks like in a path.
func keyText(raw json.RawMessage) string {
	if text, ok := stringOf(raw); ok {
		return text
	}
	return string(raw)
}
