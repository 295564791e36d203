package p4rt

import (
	"bytes"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/softswitch/pipeline"
)

// readTable answers a read of table entries (P4Runtime specification, chapters "Wildcard Reads" and
// "Direct Resources").
func (r *reader) readTable(e *p4v1.TableEntry) error {
	if e.GetTableId() == 0 {
		for _, t := range r.b.tableList {
			if !mayUse(r.role, t.Role) {
				continue
			}
			// Only the kind of entry and the wish for direct resources go with a wildcard table.
			q := &p4v1.TableEntry{
				TableId: t.ID, IsDefaultAction: e.GetIsDefaultAction(),
				MeterConfig: e.GetMeterConfig(), CounterData: e.GetCounterData(),
			}
			if t.IdleTimeout && !q.IsDefaultAction {
				q.TimeSinceLastHit = e.GetTimeSinceLastHit()
			}
			if err := r.readOneTable(t, q); err != nil {
				return err
			}
		}
		return nil
	}
	t := r.b.tables[e.GetTableId()]
	if t == nil {
		return status.Errorf(codes.InvalidArgument, "table %d does not exist", e.GetTableId())
	}
	if !mayUse(r.role, t.Role) {
		return nil
	}
	return r.readOneTable(t, e)
}

func (r *reader) readOneTable(t *table, q *p4v1.TableEntry) error {
	switch {
	case q.GetMeterCounterData() != nil:
		return status.Errorf(codes.Unimplemented, "table %q: meter_counter_data is not supported", t.Name)
	case q.GetTimeSinceLastHit() != nil && (!t.IdleTimeout || q.GetIsDefaultAction()):
		return t.invalid("time_since_last_hit is asked for, but the entry has no idle timeout")
	case q.GetIsDefaultAction():
		if len(q.GetMatch()) > 0 || q.GetPriority() != 0 {
			return t.invalid("the default entry has neither match nor priority")
		}
		return r.readDefault(t, q)
	}
	wantAction := ""
	if a := q.GetAction(); a != nil {
		ref := t.Action(a.GetAction().GetActionId())
		if a.GetAction() == nil || ref == nil || t.profile != nil {
			return t.invalid("entries can be selected by one of its actions only, and only in a table without action profile")
		}
		wantAction = ref.Name
	}
	if len(q.GetMatch()) > 0 && (!t.Priority || q.GetPriority() != 0) {
		w := &writer{b: r.b}
		if err := w.decodeKeyOf(t, q); err != nil {
			return err
		}
		if e, ok := r.entry(t, pipeline.Key{Fields: w.key, Priority: q.GetPriority()}); ok {
			r.addEntry(t, e, q, wantAction)
		}
		return nil
	}
	var match []pipeline.Field
	if len(q.GetMatch()) > 0 {
		match = make([]pipeline.Field, len(t.Fields))
		if err := decodeKey(t.owner, t.Fields, q.GetMatch(), match); err != nil {
			return err
		}
	}
	r.entries(t, func(e *pipeline.Entry) {
		if match == nil || sameKey(t, e.Key, match) {
			r.addEntry(t, e, q, wantAction)
		}
	})
	return nil
}

// sameKey compares keys in canonical form; q was written by a client.
func sameKey(t *table, key, q []pipeline.Field) bool {
	a, b := encodeKey(t.Fields, key), encodeKey(t.Fields, q)
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !equalMatch(a[i], b[i]) {
			return false
		}
	}
	return true
}

// addEntry adds an entry to the answer if the query's filters let it through.
func (r *reader) addEntry(t *table, e *pipeline.Entry, q *p4v1.TableEntry, wantAction string) {
	if q.GetPriority() != 0 && q.GetPriority() != e.Priority || wantAction != "" && wantAction != e.Action.Action {
		return
	}
	c := unpackCookie(e.Metadata)
	if len(q.GetMetadata()) > 0 && !bytes.Equal(q.GetMetadata(), c.metadata) {
		return
	}
	//nolint:staticcheck // controller_metadata is deprecated but still served
	if q.GetControllerMetadata() != 0 && q.GetControllerMetadata() != c.controller {
		return
	}
	out := r.b.encodeEntry(t, e, c)
	out.Action = r.b.encodeTableAction(t, e, c)
	if q.GetCounterData() != nil && t.DirectCounter != nil {
		out.CounterData = encodeCounter(pipeline.CounterData{Packets: e.Packets, Bytes: e.Bytes})
	}
	if q.GetMeterConfig() != nil && t.DirectMeter != nil {
		out.MeterConfig = encodeMeter(e.Meter)
	}
	if q.GetTimeSinceLastHit() != nil {
		out.TimeSinceLastHit = &p4v1.TableEntry_IdleTimeout{ElapsedNs: r.b.sinceHit(e)}
	}
	r.add(&p4v1.Entity{Entity: &p4v1.Entity_TableEntry{TableEntry: out}})
}

// encodeEntry gives an entry without its action and its direct resources.
func (b *bound) encodeEntry(t *table, e *pipeline.Entry, c cookie) *p4v1.TableEntry {
	return &p4v1.TableEntry{
		TableId: t.ID, Match: encodeKey(t.Fields, e.Key), Priority: e.Priority,
		IdleTimeoutNs: e.IdleTimeout.Nanoseconds(), IsConst: e.Const,
		Metadata: c.metadata, ControllerMetadata: c.controller,
	}
}

// idleEntry is what an idle notification says of an entry.
func (b *bound) idleEntry(t *table, e *pipeline.Entry) *p4v1.TableEntry {
	return b.encodeEntry(t, e, unpackCookie(e.Metadata))
}

// sinceHit is the time since an entry was hit, in nanoseconds.
func (b *bound) sinceHit(e *pipeline.Entry) int64 {
	now := b.now()
	if now <= e.LastHit {
		return 0
	}
	return int64(now-e.LastHit) * 1000
}
