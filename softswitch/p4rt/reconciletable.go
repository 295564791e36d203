package p4rt

import (
	"slices"

	"github.com/firstack/firstack/softswitch/p4rt/schema"
	"github.com/firstack/firstack/softswitch/pipeline"
)

func sameActions(a, b *schema.Action) bool {
	return a.Name == b.Name && slices.EqualFunc(a.Params, b.Params, func(x, y schema.Param) bool {
		return x.Name == y.Name && x.Width == y.Width
	})
}

// sameTables says whether entries of one table mean the same in the other.
func sameTables(a, b *schema.Table) bool {
	sameField := func(x, y schema.Field) bool { return x.Name == y.Name && x.Width == y.Width && x.Kind == y.Kind }
	sameRef := func(x, y schema.ActionRef) bool { return x.Scope == y.Scope && sameActions(x.Action, y.Action) }
	sameProfile := a.Profile == nil && b.Profile == nil ||
		a.Profile != nil && b.Profile != nil && a.Profile.Name == b.Profile.Name && a.Profile.Selector == b.Profile.Selector
	return a.Const == b.Const && a.IdleTimeout == b.IdleTimeout && sameProfile &&
		(a.DirectCounter == nil) == (b.DirectCounter == nil) && (a.DirectMeter == nil) == (b.DirectMeter == nil) &&
		slices.EqualFunc(a.Fields, b.Fields, sameField) && slices.EqualFunc(a.Actions, b.Actions, sameRef)
}

func (t *takeover) tables() error {
	for _, ot := range t.from.tableList {
		nt := t.to.tableByName[ot.Name]
		if nt != nil && sameTables(ot.Table, nt.Table) {
			if err := t.table(ot, nt); err != nil {
				return lost("table", ot.Name, textOf(err))
			}
			continue
		}
		hasState := ot.defaultSet
		if !ot.Const {
			hasState = hasState || ot.pt.Len() > 0
		}
		switch {
		case hasState && nt == nil:
			return lost("table", ot.Name, isGone)
		case hasState:
			return lost("table", ot.Name, isChanged)
		}
	}
	return nil
}

// table copies the entries of a table to one with the same definition.
func (t *takeover) table(ot, nt *table) (err error) {
	if ot.defaultSet && !nt.ConstDefault {
		if call := ot.pt.Default(); call != nil {
			t.to.pl.Do(func() { err = nt.pt.SetDefault(call) })
			if err != nil {
				return err
			}
			nt.defaultCookie, nt.defaultSet = ot.defaultCookie, true
		}
	}
	if ot.Const {
		return nil
	}
	// Entries that the new program brings, and that may be changed, give way to those of the old.
	t.to.pl.Do(nt.pt.Clear)
	t.read.entries(ot, func(e *pipeline.Entry) {
		if err == nil {
			t.to.pl.Do(func() { err = nt.pt.Insert(*e) })
		}
	})
	return err
}
