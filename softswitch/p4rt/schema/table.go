package schema

import (
	"fmt"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
)

// Kind is the match kind of a key field.
type Kind = p4configv1.MatchField_MatchType

// Field is a key field of Width bits.
type Field struct {
	ID    uint32
	Name  string
	Width int
	Kind  Kind
}

// Table is a table with its key, its actions and what is attached to it.
type Table struct {
	Object
	Fields         []Field
	Priority       bool // the key has ternary, range or optional fields, so entries need a priority
	Actions        []ActionRef
	Profile        *Profile // implementation, nil for a direct table
	DirectCounter  *Counter // nil if none; Size is 0
	DirectMeter    *Meter
	Size           int64
	IdleTimeout    bool
	Const          bool // entries are fixed by the program
	InitialEntries bool
	ConstDefault   bool // the default action is fixed by the program
}

// ActionRef is an action of a table with the places where it may stand.
type ActionRef struct {
	*Action
	Scope p4configv1.ActionRef_Scope
}

// Action returns the table's action of that id, or nil.
func (t *Table) Action(id uint32) *ActionRef {
	for i := range t.Actions {
		if t.Actions[i].ID == id {
			return &t.Actions[i]
		}
	}
	return nil
}

// Field returns the position of the field with the given id, or -1; hint as in Action.Param.
func (t *Table) Field(id uint32, hint int) int { return fieldPos(t.Fields, id, hint) }

func fieldPos(fields []Field, id uint32, hint int) int {
	if hint < len(fields) && fields[hint].ID == id {
		return hint
	}
	for i := range fields {
		if fields[i].ID == id {
			return i
		}
	}
	return -1
}

// Profile is an action profile or an action selector.
type Profile struct {
	Object
	Selector          bool
	Size              int64 // members, or the sum of weights
	MaxGroup          int32 // largest group, 0 = no limit
	SumOfMembers      bool  // MaxGroup counts members, not weights
	MaxMemberWeight   int32 // with SumOfMembers, 0 = no limit
	WeightsDisallowed bool
	Tables            []*Table // that use it; all have the same actions
}

// Action returns the action of that id if the profile's tables have it, else nil.
func (p *Profile) Action(id uint32) *ActionRef {
	if len(p.Tables) == 0 {
		return nil
	}
	return p.Tables[0].Action(id)
}

func (s *Schema) addProfiles() error {
	seen := map[any]bool{}
	for _, pp := range s.Info.GetActionProfiles() {
		o, err := object("action profile", pp.GetPreamble(), seen)
		if err != nil {
			return err
		}
		s.Profiles[o.ID] = &Profile{
			Object: o, Selector: pp.GetWithSelector(), Size: pp.GetSize(), MaxGroup: pp.GetMaxGroupSize(),
			SumOfMembers: pp.GetSumOfMembers() != nil, MaxMemberWeight: pp.GetSumOfMembers().GetMaxMemberWeight(),
			WeightsDisallowed: pp.GetWeightsDisallowed(),
		}
	}
	return nil
}

func (s *Schema) addTables() error {
	seen := map[any]bool{}
	for _, pt := range s.Info.GetTables() {
		o, err := object("table", pt.GetPreamble(), seen)
		if err != nil {
			return err
		}
		t := &Table{
			Object: o, Size: pt.GetSize(), Const: pt.GetIsConstTable(), InitialEntries: pt.GetHasInitialEntries(),
			ConstDefault: pt.GetConstDefaultActionId() != 0,
			IdleTimeout:  pt.GetIdleTimeoutBehavior() == p4configv1.Table_NOTIFY_CONTROL,
		}
		if t.Fields, err = fields("table", o.Name, pt.GetMatchFields()); err != nil {
			return err
		}
		for _, f := range t.Fields {
			switch f.Kind {
			case p4configv1.MatchField_TERNARY, p4configv1.MatchField_RANGE, p4configv1.MatchField_OPTIONAL:
				t.Priority = true
			}
		}
		for _, ref := range pt.GetActionRefs() {
			a := s.Actions[ref.GetId()]
			if a == nil {
				return fmt.Errorf("table %q: action %d does not exist", o.Name, ref.GetId())
			}
			t.Actions = append(t.Actions, ActionRef{a, ref.GetScope()})
		}
		if id := pt.GetImplementationId(); id != 0 {
			if t.Profile = s.Profiles[id]; t.Profile == nil {
				return fmt.Errorf("table %q: implementation %d is not an action profile", o.Name, id)
			}
			t.Profile.Tables = append(t.Profile.Tables, t)
		}
		s.Tables[o.ID] = t
		s.tablesByName[o.Name] = t
		s.tableOrder = append(s.tableOrder, t)
	}
	return nil
}

func fields(kind, owner string, list []*p4configv1.MatchField) ([]Field, error) {
	var out []Field
	ids := map[uint32]bool{}
	for _, mf := range list {
		w, err := width("match field", owner, mf.GetName(), mf.GetBitwidth())
		if err != nil {
			return nil, err
		}
		if mf.GetId() == 0 || ids[mf.GetId()] {
			return nil, fmt.Errorf("%s %q: match field %q: id %d is zero or used twice", kind, owner, mf.GetName(), mf.GetId())
		}
		ids[mf.GetId()] = true
		switch mf.GetMatchType() {
		case p4configv1.MatchField_EXACT, p4configv1.MatchField_LPM, p4configv1.MatchField_TERNARY,
			p4configv1.MatchField_RANGE, p4configv1.MatchField_OPTIONAL:
		default:
			return nil, fmt.Errorf("%s %q: match field %q: match kind %v %q is not supported", kind, owner, mf.GetName(), mf.GetMatchType(), mf.GetOtherMatchType())
		}
		out = append(out, Field{ID: mf.GetId(), Name: mf.GetName(), Width: w, Kind: mf.GetMatchType()})
	}
	return out, nil
}
