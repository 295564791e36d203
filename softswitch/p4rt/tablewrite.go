package p4rt

import (
	"fmt"
	"slices"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/softswitch/pipeline"
)

// writeTable inserts, modifies or deletes a table entry (P4Runtime specification, chapter
// "TableEntry").
func (w *writer) writeTable(op p4v1.Update_Type, e *p4v1.TableEntry) error {
	t := w.b.tables[e.GetTableId()]
	if t == nil {
		return status.Errorf(codes.InvalidArgument, "table %d does not exist", e.GetTableId())
	}
	if err := w.allowed(t.Object, "table"); err != nil {
		return err
	}
	if e.GetIsConst() {
		return t.invalid("is_const cannot be written")
	}
	if e.GetIsDefaultAction() {
		return w.writeDefault(op, t, e)
	}
	if t.Const {
		return w.writeConst(op, t, e)
	}
	if op == p4v1.Update_DELETE {
		return w.deleteEntry(t, e)
	}
	return w.setEntry(op, t, e)
}

// invalid makes an INVALID_ARGUMENT error that names the table.
func (t *table) invalid(format string, args ...any) error {
	return status.Errorf(codes.InvalidArgument, "table %q: %s", t.Name, fmt.Sprintf(format, args...))
}

// decodeKeyOf decodes the key of an entry into scratch memory.
func (w *writer) decodeKeyOf(t *table, e *p4v1.TableEntry) error {
	if len(t.Fields) == 0 {
		return t.invalid("has no key, and so no entries but the default one")
	}
	if t.Priority && e.GetPriority() <= 0 {
		return t.invalid("priority %d: the key has ternary, range or optional fields, and needs a priority above 0", e.GetPriority())
	}
	if !t.Priority && e.GetPriority() != 0 {
		return t.invalid("priority %d: the key has neither ternary nor range nor optional fields, and takes none", e.GetPriority())
	}
	if cap(w.key) < len(t.Fields) {
		w.key = make([]pipeline.Field, len(t.Fields))
	}
	w.key = w.key[:len(t.Fields)]
	return decodeKey(t.owner, t.Fields, e.GetMatch(), w.key)
}

func (w *writer) deleteEntry(t *table, e *p4v1.TableEntry) error {
	if err := w.decodeKeyOf(t, e); err != nil {
		return err
	}
	key := pipeline.Key{Fields: w.key, Priority: e.GetPriority()}
	if w.atomic {
		if old, ok := t.pt.Get(key); ok {
			w.undo(func() { _ = t.pt.Insert(*old) })
		}
	}
	return t.pt.Delete(key)
}

// setEntry inserts or modifies an entry.
func (w *writer) setEntry(op p4v1.Update_Type, t *table, e *p4v1.TableEntry) error {
	if err := checkCommon(t, e); err != nil {
		return err
	}
	if e.GetIdleTimeoutNs() != 0 && !t.IdleTimeout {
		return t.invalid("idle_timeout_ns is set, but the table has no idle timeout")
	}
	if e.GetIdleTimeoutNs() < 0 {
		return t.invalid("idle_timeout_ns is negative")
	}
	if err := w.decodeKeyOf(t, e); err != nil {
		return err
	}
	n := pipeline.Entry{
		Key: w.key, Priority: e.GetPriority(),
		IdleTimeout: time.Duration(e.GetIdleTimeoutNs()),
		Metadata:    packCookie(e, 0, 0),
	}
	if e.GetAction() != nil {
		if err := w.decodeTableAction(t, e.GetAction(), &n); err != nil {
			return err
		}
	}
	d, err := decodeDirect(t, e)
	if err != nil {
		return err
	}
	n.Meter = d.meter
	if op == p4v1.Update_MODIFY {
		return w.modifyEntry(t, e, n, d)
	}
	if e.GetAction() == nil {
		return t.invalid("action is missing")
	}
	n.Packets, n.Bytes = d.counter.Packets, d.counter.Bytes
	if err := t.pt.Insert(n); err != nil {
		return err
	}
	if w.atomic {
		key := ownKey(n.KeyOf())
		w.undo(func() { _ = t.pt.Delete(key) })
	}
	return nil
}

// modifyEntry replaces an entry by n. An action that is left out stays.
func (w *writer) modifyEntry(t *table, e *p4v1.TableEntry, n pipeline.Entry, d direct) error {
	key := n.KeyOf()
	if e.GetAction() == nil || w.atomic {
		old, ok := t.pt.Get(key)
		if !ok {
			return status.Errorf(codes.NotFound, "table %q: no entry with key %s", t.Name, keyText(t.Fields, e))
		}
		if e.GetAction() == nil {
			c := unpackCookie(old.Metadata)
			n.Action, n.Member, n.Group, n.Set = old.Action, old.Member, old.Group, old.Set
			n.Metadata = packCookie(e, c.mode, c.size)
		}
		if w.atomic {
			w.undo(func() {
				_ = t.pt.Modify(*old)
				w.restoreDirect(t, old)
			})
		}
	}
	if err := t.pt.Modify(n); err != nil {
		return err
	}
	if t.DirectMeter != nil && d.meter == nil {
		// The specification resets what is left out.
		if err := t.pt.SetMeter(key, nil); err != nil {
			return err
		}
	}
	if d.hasCounter {
		return t.pt.SetCounter(key, d.counter)
	}
	return nil
}

// ownKey copies what is in scratch memory or in a message.
func ownKey(k pipeline.Key) pipeline.Key {
	k.Fields = slices.Clone(k.Fields)
	for i := range k.Fields {
		f := &k.Fields[i]
		f.Value, f.Mask, f.Low, f.High = slices.Clone(f.Value), slices.Clone(f.Mask), slices.Clone(f.Low), slices.Clone(f.High)
	}
	return k
}

// checkCommon checks what no write may set.
func checkCommon(t *table, e *p4v1.TableEntry) error {
	if e.GetTimeSinceLastHit() != nil {
		return t.invalid("time_since_last_hit cannot be written")
	}
	if e.GetMeterCounterData() != nil {
		return status.Errorf(codes.Unimplemented, "table %q: meter_counter_data is not supported", t.Name)
	}
	return nil
}

// direct is what an update says of an entry's direct resources.
type direct struct {
	counter    pipeline.CounterData
	hasCounter bool
	meter      *pipeline.MeterConfig
}

func decodeDirect(t *table, e *p4v1.TableEntry) (d direct, err error) {
	if c := e.GetCounterData(); c != nil {
		if t.DirectCounter == nil {
			return d, t.invalid("counter_data is set, but the table has no direct counter")
		}
		d.counter, d.hasCounter = decodeCounter(c), true
	}
	if m := e.GetMeterConfig(); m != nil {
		if t.DirectMeter == nil {
			return d, t.invalid("meter_config is set, but the table has no direct meter")
		}
		d.meter, err = decodeMeter(t.DirectMeter, m)
	}
	return d, err
}

// writeConst treats an entry that the program fixes: only its direct resources may be modified, and
// no action may be given.
func (w *writer) writeConst(op p4v1.Update_Type, t *table, e *p4v1.TableEntry) error {
	if op != p4v1.Update_MODIFY || e.GetAction() != nil || e.GetIdleTimeoutNs() != 0 {
		return status.Errorf(codes.PermissionDenied, "table %q: its entries are constant; only their direct resources may be modified", t.Name)
	}
	if err := checkCommon(t, e); err != nil {
		return err
	}
	if err := w.decodeKeyOf(t, e); err != nil {
		return err
	}
	d, err := decodeDirect(t, e)
	if err != nil {
		return err
	}
	key := pipeline.Key{Fields: w.key, Priority: e.GetPriority()}
	old, ok := t.pt.Get(key)
	if !ok {
		return status.Errorf(codes.NotFound, "table %q: no entry with key %s", t.Name, keyText(t.Fields, e))
	}
	w.undo(func() { w.restoreDirect(t, old) })
	if t.DirectMeter != nil {
		if err := t.pt.SetMeter(key, d.meter); err != nil {
			return err
		}
	}
	if d.hasCounter {
		return t.pt.SetCounter(key, d.counter)
	}
	return nil
}

// restoreDirect sets the direct resources of an entry to what they were.
func (w *writer) restoreDirect(t *table, old *pipeline.Entry) {
	if t.DirectMeter != nil {
		_ = t.pt.SetMeter(old.KeyOf(), old.Meter)
	}
	if t.DirectCounter != nil {
		_ = t.pt.SetCounter(old.KeyOf(), pipeline.CounterData{Packets: old.Packets, Bytes: old.Bytes})
	}
}
