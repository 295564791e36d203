package tables

import (
	"fmt"
	"strings"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
)

// Schema is the P4Info of the pipeline in use, indexed by id and by name.
type Schema struct {
	Info     *p4configv1.P4Info
	tables   map[uint32]*p4configv1.Table
	actions  map[uint32]*p4configv1.Action
	profiles map[uint32]*p4configv1.ActionProfile
	names    map[uint32]string // every object's short name
}

type object interface{ GetPreamble() *p4configv1.Preamble }

// NewSchema indexes a P4Info. It fails when an id is zero or used twice, or a table refers to an action that
// is not there.
func NewSchema(info *p4configv1.P4Info) (*Schema, error) {
	s := &Schema{
		Info:     info,
		tables:   map[uint32]*p4configv1.Table{},
		actions:  map[uint32]*p4configv1.Action{},
		profiles: map[uint32]*p4configv1.ActionProfile{},
		names:    map[uint32]string{},
	}
	for _, o := range objects(info) {
		p := o.GetPreamble()
		if p.GetId() == 0 {
			return nil, fmt.Errorf("P4Info: object %q has id 0", p.GetName())
		}
		if other, taken := s.names[p.GetId()]; taken {
			return nil, fmt.Errorf("P4Info: %q and %q share id %#x", other, p.GetName(), p.GetId())
		}
		s.names[p.GetId()] = shortName(p)
	}
	for _, a := range info.GetActions() {
		s.actions[a.GetPreamble().GetId()] = a
	}
	for _, p := range info.GetActionProfiles() {
		s.profiles[p.GetPreamble().GetId()] = p
	}
	for _, t := range info.GetTables() {
		s.tables[t.GetPreamble().GetId()] = t
		for _, ref := range t.GetActionRefs() {
			if s.actions[ref.GetId()] == nil {
				return nil, fmt.Errorf("P4Info: table %s refers to action %#x, which is not there", shortName(t.GetPreamble()), ref.GetId())
			}
		}
	}
	return s, nil
}

func objects(info *p4configv1.P4Info) []object {
	var out []object
	out = appendObjects(out, info.GetTables())
	out = appendObjects(out, info.GetActions())
	out = appendObjects(out, info.GetActionProfiles())
	out = appendObjects(out, info.GetCounters())
	out = appendObjects(out, info.GetDirectCounters())
	out = appendObjects(out, info.GetMeters())
	out = appendObjects(out, info.GetDirectMeters())
	out = appendObjects(out, info.GetRegisters())
	out = appendObjects(out, info.GetValueSets())
	out = appendObjects(out, info.GetDigests())
	return appendObjects(out, info.GetControllerPacketMetadata())
}

func appendObjects[T object](out []object, list []T) []object {
	for _, o := range list {
		out = append(out, o)
	}
	return out
}

func shortName(p *p4configv1.Preamble) string {
	if p.GetAlias() != "" {
		return p.GetAlias()
	}
	return p.GetName()
}

// Name is the short name of any object of the program, or its id in hexadecimal when there is none.
func (s *Schema) Name(id uint32) string {
	if n, ok := s.names[id]; ok {
		return n
	}
	return fmt.Sprintf("%#x", id)
}

// TableID gives the id of a table by its full name, its alias or the unique end of its name.
func (s *Schema) TableID(name string) (uint32, bool) {
	return idOf(s.Info.GetTables(), name)
}

// ProfileID gives the id of an action profile or selector likewise.
func (s *Schema) ProfileID(name string) (uint32, bool) {
	return idOf(s.Info.GetActionProfiles(), name)
}

// Table gives the description of a table, nil when the id is unknown.
func (s *Schema) Table(id uint32) *p4configv1.Table { return s.tables[id] }

// Profile gives the description of an action profile or selector, nil when the id is unknown.
func (s *Schema) Profile(id uint32) *p4configv1.ActionProfile { return s.profiles[id] }

// Action gives the description of an action, nil when the id is unknown.
func (s *Schema) Action(id uint32) *p4configv1.Action { return s.actions[id] }

func idOf[T object](list []T, name string) (uint32, bool) {
	o, ok := find(list, name, name)
	if !ok {
		return 0, false
	}
	return o.GetPreamble().GetId(), true
}

// find looks for the full name, then the alias, then the one object whose full name ends in the alias. Builds for
// two architectures may nest controls differently; the last part of a name stays.
func find[T object](list []T, full, alias string) (found T, ok bool) {
	for _, o := range list {
		if o.GetPreamble().GetName() == full {
			return o, true
		}
	}
	for _, o := range list {
		if o.GetPreamble().GetAlias() == alias && alias != "" {
			return o, true
		}
	}
	matches := 0
	for _, o := range list {
		if strings.HasSuffix(o.GetPreamble().GetName(), "."+alias) {
			found = o
			matches++
		}
	}
	return found, matches == 1
}

// IsDirectMeter tells whether an id is a direct meter's.
func (s *Schema) IsDirectMeter(id uint32) bool {
	for _, m := range s.Info.GetDirectMeters() {
		if m.GetPreamble().GetId() == id {
			return true
		}
	}
	return false
}
