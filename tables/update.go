package tables

import (
	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
)

// Entity encodes an entry as one entity, the form that controller/p4rt reconciles.
func (t *Table[K, A]) Entity(e Entry[K, A]) (*p4v1.Entity, error) {
	m, err := t.Message(e)
	if err != nil {
		return nil, err
	}
	return tableEntity(m), nil
}

// Insert makes the update that adds an entry.
func (t *Table[K, A]) Insert(e Entry[K, A]) (*p4v1.Update, error) {
	return wrap(Insert, t.Entity, e)
}

// Modify makes the update that replaces an entry's action.
func (t *Table[K, A]) Modify(e Entry[K, A]) (*p4v1.Update, error) {
	return wrap(Modify, t.Entity, e)
}

func wrap[E any](kind func(*p4v1.Entity) *p4v1.Update, encode func(E) (*p4v1.Entity, error), e E) (*p4v1.Update, error) {
	m, err := encode(e)
	if err != nil {
		return nil, err
	}
	return kind(m), nil
}

// Delete makes the update that removes the entry with this key.
func (t *Table[K, A]) Delete(k K, priority int32) (*p4v1.Update, error) {
	m, err := t.key(k, priority)
	if err != nil {
		return nil, err
	}
	return Delete(tableEntity(m)), nil
}

// DefaultEntity encodes the default entry (P4Runtime specification, "Default Entry").
func (t *Table[K, A]) DefaultEntity(call A) (*p4v1.Entity, error) {
	if t.info.GetConstDefaultActionId() != 0 {
		return nil, &Error{Object: t.object, Detail: "the default action is constant", Err: ErrAction}
	}
	a, err := t.actions.encode(call, p4configv1.ActionRef_TABLE_ONLY)
	if err != nil {
		return nil, err
	}
	return tableEntity(&p4v1.TableEntry{
		TableId:         t.ID(),
		IsDefaultAction: true,
		Action:          &p4v1.TableAction{Type: &p4v1.TableAction_Action{Action: a}},
	}), nil
}

// SetDefault makes the update that sets the default action.
func (t *Table[K, A]) SetDefault(call A) (*p4v1.Update, error) {
	return wrap(Modify, t.DefaultEntity, call)
}

// ResetDefault makes the update that gives the table its program's default action again.
func (t *Table[K, A]) ResetDefault() *p4v1.Update {
	return Modify(tableEntity(&p4v1.TableEntry{TableId: t.ID(), IsDefaultAction: true}))
}

// SetMeter makes the update that configures the direct meter of one entry; nil resets it.
func (t *Table[K, A]) SetMeter(k K, priority int32, c *MeterConfig) (*p4v1.Update, error) {
	m, err := t.key(k, priority)
	if err != nil {
		return nil, err
	}
	return Modify(&p4v1.Entity{Entity: &p4v1.Entity_DirectMeterEntry{
		DirectMeterEntry: &p4v1.DirectMeterEntry{TableEntry: m, Config: c.message()},
	}}), nil
}

// With says which volatile parts of an entry a read shall bring along.
type With struct {
	Counter bool // the direct counter
	Meter   bool // the direct meter's configuration
	IdleFor bool // time since the last hit
}

func (w With) onto(m *p4v1.TableEntry) *p4v1.Entity {
	if w.Counter {
		m.CounterData = &p4v1.CounterData{}
	}
	if w.Meter {
		m.MeterConfig = &p4v1.MeterConfig{}
	}
	if w.IdleFor {
		m.TimeSinceLastHit = &p4v1.TableEntry_IdleTimeout{}
	}
	return tableEntity(m)
}

// ReadAll asks for every entry but the default one.
func (t *Table[K, A]) ReadAll(w With) *p4v1.Entity {
	return w.onto(&p4v1.TableEntry{TableId: t.ID()})
}

// ReadDefault asks for the default entry.
func (t *Table[K, A]) ReadDefault(w With) *p4v1.Entity {
	return w.onto(&p4v1.TableEntry{TableId: t.ID(), IsDefaultAction: true})
}

// Read asks for the entry with this key. A key without any match asks for all (P4Runtime specification,
// "Wildcard Reads").
func (t *Table[K, A]) Read(k K, priority int32, w With) (*p4v1.Entity, error) {
	m, err := t.key(k, priority)
	if err != nil {
		return nil, err
	}
	return w.onto(m), nil
}

// ReadCounters asks for the direct counters of every entry, without the entries' actions.
func (t *Table[K, A]) ReadCounters() *p4v1.Entity {
	return &p4v1.Entity{Entity: &p4v1.Entity_DirectCounterEntry{
		DirectCounterEntry: &p4v1.DirectCounterEntry{TableEntry: &p4v1.TableEntry{TableId: t.ID()}},
	}}
}

// DecodeCounter reads a direct counter: whose it is and what it counted.
func (t *Table[K, A]) DecodeCounter(m *p4v1.DirectCounterEntry) (k K, priority int32, c CounterData, err error) {
	k, err = t.DecodeKey(m.GetTableEntry())
	c = CounterData{Packets: m.GetData().GetPacketCount(), Bytes: m.GetData().GetByteCount()}
	return k, m.GetTableEntry().GetPriority(), c, err
}
