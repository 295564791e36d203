package p4rt

import (
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/softswitch/pipeline"
)

// writeDefault modifies the default entry of a table, or sets it back to the program's when no
// action is given (P4Runtime specification, chapter "Default Entry").
func (w *writer) writeDefault(op p4v1.Update_Type, t *table, e *p4v1.TableEntry) error {
	switch {
	case op != p4v1.Update_MODIFY:
		return t.invalid("the default entry can only be modified")
	case len(e.GetMatch()) > 0 || e.GetPriority() != 0:
		return t.invalid("the default entry has neither match nor priority")
	case e.GetIdleTimeoutNs() != 0:
		return t.invalid("the default entry has no idle timeout")
	case t.ConstDefault:
		return status.Errorf(codes.PermissionDenied, "table %q: its default entry is constant", t.Name)
	case t.profile != nil:
		return status.Errorf(codes.PermissionDenied, "table %q: the default entry of a table with an action profile is constant", t.Name)
	}
	if err := checkCommon(t, e); err != nil {
		return err
	}
	if e.GetCounterData() != nil || e.GetMeterConfig() != nil {
		return defaultDirect(t)
	}
	oldCall, oldCookie, oldSet := t.pt.Default(), t.defaultCookie, t.defaultSet
	if e.GetAction() == nil {
		if err := t.pt.ResetDefault(); err != nil {
			return err
		}
		t.defaultCookie, t.defaultSet = nil, false
	} else {
		a := e.GetAction().GetAction()
		if a == nil {
			return t.invalid("the default entry takes an action, and nothing else")
		}
		call, err := decodeAction(t.owner, t.Action(a.GetActionId()), a, inDefault, nil)
		if err != nil {
			return err
		}
		if err := t.pt.SetDefault(&call); err != nil {
			return err
		}
		t.defaultCookie, t.defaultSet = packCookie(e, 0, 0), true
	}
	w.undo(func() {
		if oldCall == nil {
			_ = t.pt.ResetDefault()
		} else {
			_ = t.pt.SetDefault(oldCall)
		}
		t.defaultCookie, t.defaultSet = oldCookie, oldSet
	})
	return nil
}

// defaultDirect refuses to write the direct resources of a default entry: its counter can be read,
// and a meter it has not.
func defaultDirect(t *table) error {
	return status.Errorf(codes.Unimplemented, "table %q: direct resources of the default entry cannot be written", t.Name)
}

// readDefault answers a read of a table's default entry.
func (r *reader) readDefault(t *table, q *p4v1.TableEntry) error {
	call := t.pt.Default()
	if call == nil || t.profile != nil {
		return nil
	}
	e := &pipeline.Entry{Action: *call, Metadata: t.defaultCookie}
	c := unpackCookie(e.Metadata)
	a := r.b.encodeTableAction(t, e, c)
	if a == nil {
		return nil
	}
	out := &p4v1.TableEntry{
		TableId: t.ID, IsDefaultAction: true, Action: a, IsConst: t.ConstDefault,
		Metadata: c.metadata, ControllerMetadata: c.controller,
	}
	if q.GetCounterData() != nil && t.DirectCounter != nil {
		out.CounterData = encodeCounter(r.defaultCounter(t))
	}
	r.add(&p4v1.Entity{Entity: &p4v1.Entity_TableEntry{TableEntry: out}})
	return nil
}

// defaultCounter reads the direct counter of a table's default entry.
func (r *reader) defaultCounter(t *table) (d pipeline.CounterData) {
	r.b.pl.Do(func() { d = t.pt.DefaultCounter() })
	return d
}
