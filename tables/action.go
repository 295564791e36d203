package tables

import (
	"fmt"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
)

// Action is a call of an action of the program: a generated struct whose fields are the parameters.
type Action interface {
	// P4Action is the action's specification, shared by every table that has it.
	P4Action() *ActionSpec
	// PutParams writes the parameters.
	PutParams(*ValueWriter)
}

// ActionSpec is an action as a generated binding knows it.
type ActionSpec struct {
	Name   string // alias
	Full   string // with all controls around it
	Params []ValueSpec
	New    func(*ValueReader) Action
}

// boundAction is an action with its ids in the pipeline in use.
type boundAction struct {
	spec   *ActionSpec
	object string
	id     uint32
	params []field
}

func (b *Binder) action(spec *ActionSpec) *boundAction {
	if a, done := b.actions[spec]; done {
		return a
	}
	a := &boundAction{spec: spec, object: "action " + spec.Name}
	b.actions[spec] = a
	info, ok := find(b.schema.Info.GetActions(), spec.Full, spec.Name)
	if !ok {
		b.fail(&Error{Object: a.object, Err: ErrAbsent})
		return a
	}
	a.id = info.GetPreamble().GetId()
	a.params = placeValues(b, a.object, spec.Params, info.GetParams())
	return a
}

func (a *boundAction) encode(call Action) (*p4v1.Action, error) {
	w := ValueWriter{object: a.object, fields: a.params, out: make([][]byte, len(a.params))}
	call.PutParams(&w)
	if w.err != nil {
		return nil, w.err
	}
	out := &p4v1.Action{ActionId: a.id}
	for i, p := range a.params {
		out.Params = append(out.Params, &p4v1.Action_Param{ParamId: p.id, Value: w.out[i]})
	}
	return out, nil
}

func (a *boundAction) decode(m *p4v1.Action) (Action, error) {
	r := ValueReader{object: a.object, fields: a.params, in: make([][]byte, len(a.params))}
	for _, p := range m.GetParams() {
		i, ok := indexOf(a.params, p.GetParamId())
		if !ok {
			return nil, &Error{Object: a.object, Detail: fmt.Sprintf("parameter id %d", p.GetParamId()), Err: ErrUnknown}
		}
		r.in[i] = p.GetValue()
	}
	call := a.spec.New(&r)
	return call, r.err
}

func indexOf(fields []field, id uint32) (int, bool) {
	for i := range fields {
		if fields[i].id == id {
			return i, true
		}
	}
	return 0, false
}

// actionSet is the actions of one table, and in which role each of them may be called.
type actionSet struct {
	object string
	byID   map[uint32]*boundAction
	bySpec map[*ActionSpec]*boundAction
	scope  map[uint32]p4configv1.ActionRef_Scope
}

func (b *Binder) actionSet(object string, specs []*ActionSpec, refs []*p4configv1.ActionRef) *actionSet {
	set := &actionSet{
		object: object,
		byID:   map[uint32]*boundAction{},
		bySpec: map[*ActionSpec]*boundAction{},
		scope:  map[uint32]p4configv1.ActionRef_Scope{},
	}
	for _, ref := range refs {
		set.scope[ref.GetId()] = ref.GetScope()
	}
	for _, spec := range specs {
		a := b.action(spec)
		if _, has := set.scope[a.id]; !has && a.id != 0 {
			b.fail(&Error{Object: object, Detail: "action " + spec.Name, Err: ErrAbsent})
		}
		set.byID[a.id] = a
		set.bySpec[spec] = a
	}
	return set
}

// encode refuses an action that the table does not have, or not in that role.
func (s *actionSet) encode(call Action, forbidden p4configv1.ActionRef_Scope) (*p4v1.Action, error) {
	a := s.bySpec[call.P4Action()]
	if a == nil || s.scope[a.id] == forbidden {
		return nil, &Error{Object: s.object, Detail: "action " + call.P4Action().Name, Err: ErrAction}
	}
	return a.encode(call)
}

func decodeAction[A Action](s *actionSet, m *p4v1.Action) (call A, err error) {
	a := s.byID[m.GetActionId()]
	if a == nil {
		return call, &Error{Object: s.object, Detail: fmt.Sprintf("action id %#x", m.GetActionId()), Err: ErrUnknown}
	}
	decoded, err := a.decode(m)
	if err != nil {
		return call, err
	}
	call, ok := decoded.(A)
	if !ok {
		return call, &Error{Object: s.object, Detail: "action " + a.spec.Name, Err: ErrAction}
	}
	return call, nil
}
