package schema

import (
	"fmt"
	"strings"
)

// Action is an action with its parameters in the order of the program.
type Action struct {
	Object
	Params []Param
}

// Param is an action parameter, or a metadata field of a controller header, of Width bits.
type Param struct {
	ID      uint32
	Name    string
	Width   int
	Padding bool // marked @padding: a metadata field that says nothing
}

// Param returns the position of the parameter with the given id, or -1. hint is where the caller
// expects it, which saves the search for clients that send parameters in order.
func (a *Action) Param(id uint32, hint int) int {
	if hint < len(a.Params) && a.Params[hint].ID == id {
		return hint
	}
	for i := range a.Params {
		if a.Params[i].ID == id {
			return i
		}
	}
	return -1
}

func (s *Schema) addActions() error {
	seen := map[any]bool{}
	for _, pa := range s.Info.GetActions() {
		o, err := object("action", pa.GetPreamble(), seen)
		if err != nil {
			return err
		}
		a := &Action{Object: o}
		ids := map[uint32]bool{}
		for _, pp := range pa.GetParams() {
			w, err := width("parameter", o.Name, pp.GetName(), pp.GetBitwidth())
			if err != nil {
				return err
			}
			if pp.GetId() == 0 || ids[pp.GetId()] {
				return fmt.Errorf("action %q: parameter %q: id %d is zero or used twice", o.Name, pp.GetName(), pp.GetId())
			}
			ids[pp.GetId()] = true
			a.Params = append(a.Params, Param{ID: pp.GetId(), Name: pp.GetName(), Width: w})
		}
		s.Actions[o.ID] = a
		s.actionsByName[o.Name] = a
	}
	return nil
}

// roleOf reads @p4runtime_role("name"), by which a program reserves an object for a role.
func roleOf(annotations []string) string {
	for _, a := range annotations {
		rest, ok := strings.CutPrefix(a, "@p4runtime_role(")
		if !ok {
			continue
		}
		if rest, ok = strings.CutSuffix(rest, ")"); ok {
			return strings.Trim(strings.TrimSpace(rest), `"`)
		}
	}
	return ""
}
