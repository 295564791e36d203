package tables

import (
	"fmt"
	"time"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
)

// TableSpec is a table as a generated binding knows it.
type TableSpec[K any] struct {
	Name    string // alias
	Full    string // with all controls around it
	Fields  []FieldSpec
	Put     func(*MatchWriter, K)
	Get     func(*MatchReader) K
	Actions []*ActionSpec
}

// Table makes and reads the entries of one table of the pipeline in use.
type Table[K any, A Action] struct {
	spec     *TableSpec[K]
	object   string
	info     *p4configv1.Table
	fields   []field
	actions  *actionSet
	priority bool
}

// BindTable resolves a table's names.
func BindTable[K any, A Action](b *Binder, spec *TableSpec[K]) *Table[K, A] {
	t := &Table[K, A]{spec: spec, object: "table " + spec.Name}
	info, ok := find(b.schema.Info.GetTables(), spec.Full, spec.Name)
	if !ok {
		b.fail(&Error{Object: t.object, Err: ErrAbsent})
		return t
	}
	t.info = info
	t.fields = make([]field, len(spec.Fields))
	for i, f := range spec.Fields {
		t.fields[i], _ = place(b, t.object, f.Name, f.Bits, info.GetMatchFields())
	}
	for _, m := range info.GetMatchFields() {
		switch m.GetMatchType() {
		case KindTernary, KindRange, KindOptional:
			t.priority = true
		}
		t.checkKind(b, m)
	}
	t.actions = b.actionSet(t.object, spec.Actions, info.GetActionRefs())
	return t
}

func (t *Table[K, A]) checkKind(b *Binder, m *p4configv1.MatchField) {
	for _, f := range t.spec.Fields {
		if f.Name != m.GetName() {
			continue
		}
		if f.Kind != m.GetMatchType() {
			b.fail(&Error{Object: t.object, Field: f.Name, Detail: m.GetMatchType().String(), Err: ErrKind})
		}
		return
	}
	b.fail(&Error{Object: t.object, Field: m.GetName(), Err: ErrUnknown})
}

// ID is the table's id in the pipeline in use.
func (t *Table[K, A]) ID() uint32 { return t.info.GetPreamble().GetId() }

// Name is the table's short name.
func (t *Table[K, A]) Name() string { return t.spec.Name }

// Size is how many entries the program reserves.
func (t *Table[K, A]) Size() int64 { return t.info.GetSize() }

// Is tells whether a message is an entry of this table.
func (t *Table[K, A]) Is(e *p4v1.TableEntry) bool { return e.GetTableId() == t.ID() }

func (t *Table[K, A]) key(k K, priority int32) (*p4v1.TableEntry, error) {
	if t.priority != (priority > 0) || priority < 0 {
		detail := "exact and longest prefix tables have none"
		if t.priority {
			detail = "has to be above 0"
		}
		return nil, &Error{Object: t.object, Value: priority, Detail: detail, Err: ErrPriority}
	}
	w := MatchWriter{object: t.object, fields: t.fields, out: make([]*p4v1.FieldMatch, 0, len(t.fields))}
	t.spec.Put(&w, k)
	if w.err != nil {
		return nil, w.err
	}
	return &p4v1.TableEntry{TableId: t.ID(), Match: w.out, Priority: priority}, nil
}

// Message encodes an entry.
func (t *Table[K, A]) Message(e Entry[K, A]) (*p4v1.TableEntry, error) {
	m, err := t.key(e.Key, e.Priority)
	if err != nil {
		return nil, err
	}
	if m.Action, err = t.tableAction(e); err != nil {
		return nil, err
	}
	if e.IdleTimeout < 0 || e.IdleTimeout > 0 && t.info.GetIdleTimeoutBehavior() == p4configv1.Table_NO_TIMEOUT {
		return nil, &Error{Object: t.object, Value: e.IdleTimeout, Detail: "idle timeout", Err: ErrValue}
	}
	m.IdleTimeoutNs = e.IdleTimeout.Nanoseconds()
	m.Metadata = e.Metadata
	m.MeterConfig = e.Meter.message()
	return m, nil
}

func (t *Table[K, A]) tableAction(e Entry[K, A]) (*p4v1.TableAction, error) {
	direct, chosen := any(e.Action) != nil, 0
	for _, is := range []bool{direct, e.Member != 0, e.Group != 0, len(e.Set) != 0} {
		if is {
			chosen++
		}
	}
	indirect := t.info.GetImplementationId() != 0
	switch {
	case chosen != 1:
		return nil, &Error{Object: t.object, Detail: "an entry has one action, member, group or set", Err: ErrAction}
	case direct == indirect:
		return nil, &Error{Object: t.object, Detail: "actions of this table are chosen " + map[bool]string{true: "through its action profile", false: "directly"}[indirect], Err: ErrAction}
	case direct:
		a, err := t.actions.encode(e.Action, p4configv1.ActionRef_DEFAULT_ONLY)
		if err != nil {
			return nil, err
		}
		return &p4v1.TableAction{Type: &p4v1.TableAction_Action{Action: a}}, nil
	case e.Member != 0:
		return &p4v1.TableAction{Type: &p4v1.TableAction_ActionProfileMemberId{ActionProfileMemberId: e.Member}}, nil
	case e.Group != 0:
		return &p4v1.TableAction{Type: &p4v1.TableAction_ActionProfileGroupId{ActionProfileGroupId: e.Group}}, nil
	}
	set := &p4v1.ActionProfileActionSet{}
	for _, w := range e.Set {
		a, err := t.actions.encode(w.Action, p4configv1.ActionRef_DEFAULT_ONLY)
		if err != nil {
			return nil, err
		}
		if w.Weight <= 0 {
			return nil, &Error{Object: t.object, Field: "weight", Value: w.Weight, Detail: "has to be above 0", Err: ErrValue}
		}
		m := &p4v1.ActionProfileAction{Action: a, Weight: w.Weight}
		if len(w.WatchPort) != 0 {
			m.WatchKind = &p4v1.ActionProfileAction_WatchPort{WatchPort: Canonical(w.WatchPort)}
		}
		set.ActionProfileActions = append(set.ActionProfileActions, m)
	}
	return &p4v1.TableAction{Type: &p4v1.TableAction_ActionProfileActionSet{ActionProfileActionSet: set}}, nil
}

// Decode reads an entry of this table.
func (t *Table[K, A]) Decode(m *p4v1.TableEntry) (Entry[K, A], error) {
	e := Entry[K, A]{
		Priority:    m.GetPriority(),
		IdleTimeout: time.Duration(m.GetIdleTimeoutNs()),
		Metadata:    m.GetMetadata(),
		Meter:       meterOf(m.GetMeterConfig()),
		Counter:     counterOf(m.GetCounterData()),
		Default:     m.GetIsDefaultAction(),
		Const:       m.GetIsConst(),
	}
	if m.GetTimeSinceLastHit() != nil {
		d := time.Duration(m.GetTimeSinceLastHit().GetElapsedNs())
		e.IdleFor = &d
	}
	if !e.Default {
		k, err := t.DecodeKey(m)
		if err != nil {
			return e, err
		}
		e.Key = k
	}
	return e, t.decodeTableAction(&e, m.GetAction())
}

func (t *Table[K, A]) decodeTableAction(e *Entry[K, A], m *p4v1.TableAction) (err error) {
	switch a := m.GetType().(type) {
	case *p4v1.TableAction_Action:
		e.Action, err = decodeAction[A](t.actions, a.Action)
	case *p4v1.TableAction_ActionProfileMemberId:
		e.Member = a.ActionProfileMemberId
	case *p4v1.TableAction_ActionProfileGroupId:
		e.Group = a.ActionProfileGroupId
	case *p4v1.TableAction_ActionProfileActionSet:
		for _, w := range a.ActionProfileActionSet.GetActionProfileActions() {
			call, err := decodeAction[A](t.actions, w.GetAction())
			if err != nil {
				return err
			}
			e.Set = append(e.Set, Weighted[A]{Action: call, Weight: w.GetWeight(), WatchPort: w.GetWatchPort()})
		}
	}
	return err
}

// DecodeKey reads the key alone, all that an idle notification has to carry.
func (t *Table[K, A]) DecodeKey(m *p4v1.TableEntry) (k K, err error) {
	if !t.Is(m) {
		return k, &Error{Object: t.object, Detail: fmt.Sprintf("entry of table id %#x", m.GetTableId()), Err: ErrUnknown}
	}
	r := MatchReader{object: t.object, fields: t.fields, match: m.GetMatch()}
	for _, f := range m.GetMatch() {
		if _, ok := indexOf(t.fields, f.GetFieldId()); !ok {
			return k, &Error{Object: t.object, Detail: fmt.Sprintf("field id %d", f.GetFieldId()), Err: ErrUnknown}
		}
	}
	k = t.spec.Get(&r)
	return k, r.err
}
