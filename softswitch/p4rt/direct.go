package p4rt

import (
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/softswitch/pipeline"
)

// Direct counters and meters by themselves (P4Runtime specification, chapters "DirectCounterEntry"
// and "DirectMeterEntry").

// directEntry finds the entry whose direct resource is written.
func (w *writer) directEntry(op p4v1.Update_Type, kind string, e *p4v1.TableEntry) (*table, *pipeline.Entry, error) {
	t := w.b.tables[e.GetTableId()]
	if t == nil {
		return nil, nil, status.Errorf(codes.InvalidArgument, "table %d does not exist", e.GetTableId())
	}
	if err := modifyOnly(op, kind+" of table", t.Name); err != nil {
		return nil, nil, err
	}
	if err := w.allowed(t.Object, "table"); err != nil {
		return nil, nil, err
	}
	if e.GetIsDefaultAction() {
		return nil, nil, defaultDirect(t)
	}
	if err := w.decodeKeyOf(t, e); err != nil {
		return nil, nil, err
	}
	old, ok := t.pt.Get(pipeline.Key{Fields: w.key, Priority: e.GetPriority()})
	if !ok {
		return nil, nil, status.Errorf(codes.NotFound, "table %q: no entry with key %s", t.Name, keyText(t.Fields, e))
	}
	return t, old, nil
}

func (w *writer) writeDirectCounter(op p4v1.Update_Type, e *p4v1.DirectCounterEntry) error {
	t, old, err := w.directEntry(op, "direct counter", e.GetTableEntry())
	if err != nil {
		return err
	}
	if t.DirectCounter == nil {
		return t.invalid("it has no direct counter")
	}
	if e.GetData() == nil {
		return nil
	}
	w.undo(func() { w.restoreDirect(t, old) })
	return t.pt.SetCounter(old.KeyOf(), decodeCounter(e.GetData()))
}

func (w *writer) writeDirectMeter(op p4v1.Update_Type, e *p4v1.DirectMeterEntry) error {
	t, old, err := w.directEntry(op, "direct meter", e.GetTableEntry())
	if err != nil {
		return err
	}
	switch {
	case t.DirectMeter == nil:
		return t.invalid("it has no direct meter")
	case e.GetCounterData() != nil:
		return status.Errorf(codes.Unimplemented, "table %q: counter_data of meters is not supported", t.Name)
	}
	cfg, err := decodeMeter(t.DirectMeter, e.GetConfig())
	if err != nil {
		return err
	}
	w.undo(func() { w.restoreDirect(t, old) })
	return t.pt.SetMeter(old.KeyOf(), cfg)
}

// readDirect calls add for the entries that a read of a direct resource selects.
func (r *reader) readDirect(e *p4v1.TableEntry, has func(*table) bool, kind string, add func(t *table, e *pipeline.Entry)) error {
	if e.GetTableId() == 0 {
		for _, t := range r.b.tableList {
			if has(t) && mayUse(r.role, t.Role) {
				r.entries(t, func(e *pipeline.Entry) { add(t, e) })
			}
		}
		return nil
	}
	t := r.b.tables[e.GetTableId()]
	switch {
	case t == nil:
		return status.Errorf(codes.InvalidArgument, "table %d does not exist", e.GetTableId())
	case !has(t):
		return t.invalid("it has no %s", kind)
	case !mayUse(r.role, t.Role):
		return nil
	case len(e.GetMatch()) == 0 && e.GetPriority() == 0:
		r.entries(t, func(e *pipeline.Entry) { add(t, e) })
		return nil
	}
	w := &writer{b: r.b}
	if err := w.decodeKeyOf(t, e); err != nil {
		return err
	}
	found, ok := r.entry(t, pipeline.Key{Fields: w.key, Priority: e.GetPriority()})
	if !ok {
		return status.Errorf(codes.NotFound, "table %q: no entry with key %s", t.Name, keyText(t.Fields, e))
	}
	add(t, found)
	return nil
}

func (r *reader) readDirectCounter(q *p4v1.DirectCounterEntry) error {
	has := func(t *table) bool { return t.DirectCounter != nil }
	if t := r.b.tables[q.GetTableEntry().GetTableId()]; t != nil && has(t) && q.GetTableEntry().GetIsDefaultAction() {
		if mayUse(r.role, t.Role) {
			r.add(&p4v1.Entity{Entity: &p4v1.Entity_DirectCounterEntry{DirectCounterEntry: &p4v1.DirectCounterEntry{
				TableEntry: &p4v1.TableEntry{TableId: t.ID, IsDefaultAction: true},
				Data:       encodeCounter(r.defaultCounter(t))}}})
		}
		return nil
	}
	return r.readDirect(q.GetTableEntry(), has, "direct counter", func(t *table, e *pipeline.Entry) {
		r.add(&p4v1.Entity{Entity: &p4v1.Entity_DirectCounterEntry{DirectCounterEntry: &p4v1.DirectCounterEntry{
			TableEntry: keyEntry(t, e),
			Data:       encodeCounter(pipeline.CounterData{Packets: e.Packets, Bytes: e.Bytes})}}})
	})
}

func (r *reader) readDirectMeter(q *p4v1.DirectMeterEntry) error {
	if q.GetCounterData() != nil {
		return status.Error(codes.Unimplemented, "direct meters: counter_data is not supported")
	}
	has := func(t *table) bool { return t.DirectMeter != nil }
	return r.readDirect(q.GetTableEntry(), has, "direct meter", func(t *table, e *pipeline.Entry) {
		r.add(&p4v1.Entity{Entity: &p4v1.Entity_DirectMeterEntry{DirectMeterEntry: &p4v1.DirectMeterEntry{
			TableEntry: keyEntry(t, e), Config: encodeMeter(e.Meter)}}})
	})
}

// keyEntry names an entry.
func keyEntry(t *table, e *pipeline.Entry) *p4v1.TableEntry {
	return &p4v1.TableEntry{TableId: t.ID, Match: encodeKey(t.Fields, e.Key), Priority: e.Priority}
}
