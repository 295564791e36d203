package pipeline

import (
	"fmt"
	"slices"

	"github.com/firstack/firstack/softswitch/bmv2json"
)

// Table is a running table. Use it inside Pipeline.Do. Its methods' errors
// wrap one of this package's sentinels and name the table and the key.
type Table struct {
	pl     *Pipeline
	def    *tableDef
	recs   records
	groups []*group
	linear []uint64 // see scan; nil when the table is exact or large

	deflt      *call // nil = none
	defltSlot  int   // position of its action
	defltCount CounterData
	frozen     bool // the entries are the program's

	meters  map[uint32]*meterCell
	cookies map[uint32][]byte
	idleAt  uint32 // where the next scan for idle entries goes on
}

// Words of a record's action: what it refers to, and how.
const (
	refAction = iota << 32 // position in the table's actions
	refMember              // slot of a profile's member
	refGroup               // slot of a profile's group
	refLive   = 1 << 63    // the record is in use
	refKind   = 3 << 32
)

// notified marks, in the word of an entry's last hit, that its timeout was
// reported since; the next hit overwrites it.
const notified = 1 << 63

func newTable(pl *Pipeline, def *tableDef) *Table {
	t := &Table{pl: pl, def: def, recs: records{stride: def.stride}}
	t.useDefault(def.defaultCall)
	if def.exact {
		t.groups = []*group{{mask: def.full}}
	} else {
		t.linear = []uint64{}
	}
	return t
}

// Name is the table's name in the JSON.
func (t *Table) Name() string { return t.def.name }

// Size is the number of entries the table was declared for.
func (t *Table) Size() int { return t.def.size }

// Len is the number of entries.
func (t *Table) Len() int { return t.recs.live }

// Keys describes the fields of the key.
func (t *Table) Keys() []KeyField {
	k := make([]KeyField, len(t.def.keys))
	for i := range t.def.keys {
		k[i] = t.def.keys[i].KeyField
	}
	return k
}

// Actions lists the names of the actions that entries may use.
func (t *Table) Actions() []string {
	var names []string
	for _, a := range t.def.actions {
		names = append(names, a.name)
	}
	return names
}

// Const tells whether the entries are the program's and cannot be changed.
func (t *Table) Const() bool { return t.frozen }

// HasCounters tells whether entries have direct counters.
func (t *Table) HasCounters() bool { return t.def.counters }

// HasTimeout tells whether entries may have an idle timeout.
func (t *Table) HasTimeout() bool { return t.def.timeout }

// MeterName is the name of the direct meter, "" when there is none.
func (t *Table) MeterName() string {
	if t.def.meter == nil {
		return ""
	}
	return t.def.meter.name
}

// Profile is the table's action profile, nil when it has none.
func (t *Table) Profile() *Profile {
	if t.def.profile < 0 {
		return nil
	}
	return t.pl.profiles[t.def.profile]
}

// fail wraps an error with the table and the key.
func (t *Table) fail(err error, k *Key) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("table %s: %s: %w", t.def.name, t.def.String(k), err)
}

// locate finds an entry by key.
func (t *Table) locate(pk *packedKey) (*group, uint32) {
	g := t.group(pk.mask, false)
	if g == nil || g.idx.used == 0 {
		return g, noRecord
	}
	r := t.probe(g, t.pl.seed.hash(pk.value), pk.value)
	if t.def.exact {
		return g, r
	}
	for r != noRecord {
		rec := t.recs.at(r)
		bounds := rec[t.def.offRange:]
		if t.prio(rec) == pk.prio && slices.Equal(bounds[:t.def.bounds], pk.low) &&
			slices.Equal(bounds[t.def.bounds:2*t.def.bounds], pk.high) {
			return g, r
		}
		r = t.chain(rec)
	}
	return g, noRecord
}

// Insert adds an entry. Errors: ErrExists, ErrFull, ErrConst, ErrInvalid.
func (t *Table) Insert(e Entry) error {
	k := e.KeyOf()
	if t.frozen {
		return t.fail(ErrConst, &k)
	}
	return t.fail(t.insert(&e, &k), &k)
}

func (t *Table) insert(e *Entry, k *Key) error {
	if len(t.def.keys) == 0 {
		return fmt.Errorf("%w: a table without key has no entries", ErrInvalid)
	}
	pk, err := t.def.encode(k)
	if err != nil {
		return err
	}
	if _, r := t.locate(pk); r != noRecord {
		return ErrExists
	}
	if t.recs.live >= t.def.size {
		return fmt.Errorf("%w: %d entries", ErrFull, t.def.size)
	}
	b, err := t.prepare(e)
	if err != nil {
		return err
	}
	r := t.recs.alloc()
	rec := t.recs.at(r)
	copy(rec, pk.value)
	if !t.def.exact {
		rec[t.def.offPrio] = uint64(pk.prio)
		copy(rec[t.def.offRange:], pk.low)
		copy(rec[t.def.offRange+t.def.bounds:], pk.high)
	}
	t.apply(r, e, b)
	if t.def.counters {
		rec[t.def.offCount], rec[t.def.offCount+1] = e.Packets, e.Bytes
	}
	t.link(t.group(pk.mask, true), r)
	return nil
}

// Modify changes what an entry does, its idle timeout, metadata and meter; it
// counts as a hit. The direct counter goes on. Errors: ErrNotFound, ErrConst,
// ErrInvalid.
func (t *Table) Modify(e Entry) error {
	k := e.KeyOf()
	if t.frozen {
		return t.fail(ErrConst, &k)
	}
	pk, err := t.def.encode(&k)
	if err != nil {
		return t.fail(err, &k)
	}
	_, r := t.locate(pk)
	if r == noRecord {
		return t.fail(ErrNotFound, &k)
	}
	b, err := t.prepare(&e)
	if err != nil {
		return t.fail(err, &k)
	}
	t.release(t.recs.at(r))
	t.apply(r, &e, b)
	return nil
}

// Delete removes an entry. Errors: ErrNotFound, ErrConst, ErrInvalid.
func (t *Table) Delete(k Key) error {
	if t.frozen {
		return t.fail(ErrConst, &k)
	}
	pk, err := t.def.encode(&k)
	if err != nil {
		return t.fail(err, &k)
	}
	g, r := t.locate(pk)
	if r == noRecord {
		return t.fail(ErrNotFound, &k)
	}
	t.unlink(g, r)
	t.drop(r)
	return nil
}

// drop frees a record that is linked no more.
func (t *Table) drop(r uint32) {
	rec := t.recs.at(r)
	t.release(rec)
	rec[t.def.offAct] = 0
	delete(t.meters, r)
	delete(t.cookies, r)
	t.recs.release(r)
}

// Clear removes all entries that are not constant.
func (t *Table) Clear() {
	if t.frozen {
		return
	}
	for r := range t.recs.high {
		if rec := t.recs.at(r); rec[t.def.offAct]&refLive != 0 {
			t.release(rec)
		}
	}
	t.recs = records{stride: t.def.stride}
	t.meters, t.cookies = nil, nil
	if t.def.exact {
		t.groups = []*group{{mask: t.def.full}}
	} else {
		t.groups, t.linear = nil, []uint64{}
	}
}

// Get finds an entry by key.
func (t *Table) Get(k Key) (*Entry, bool) {
	pk, err := t.def.encode(&k)
	if err != nil {
		return nil, false
	}
	g, r := t.locate(pk)
	if r == noRecord {
		return nil, false
	}
	return t.entry(g.mask, r), true
}

// Range calls f with every entry until it returns false. f must not change the
// table.
func (t *Table) Range(f func(*Entry) bool) {
	for _, g := range t.groups {
		for _, s := range g.idx.slots {
			if s == 0 {
				continue
			}
			for r := uint32(s) - 1; r != noRecord; {
				if !f(t.entry(g.mask, r)) {
					return
				}
				if t.def.exact {
					break
				}
				r = t.chain(t.recs.at(r))
			}
		}
	}
}

// SetCounter sets an entry's direct counter. Errors: ErrNotFound, ErrInvalid.
func (t *Table) SetCounter(k Key, d CounterData) error {
	rec, _, err := t.record(&k)
	if err == nil && !t.def.counters {
		err = fmt.Errorf("%w: no direct counter", ErrInvalid)
	}
	if err != nil {
		return t.fail(err, &k)
	}
	rec[t.def.offCount], rec[t.def.offCount+1] = d.Packets, d.Bytes
	return nil
}

// SetMeter configures an entry's direct meter; nil makes it green again.
// Errors: ErrNotFound, ErrInvalid.
func (t *Table) SetMeter(k Key, c *MeterConfig) error {
	_, r, err := t.record(&k)
	if err == nil {
		err = t.checkMeter(c)
	}
	if err != nil {
		return t.fail(err, &k)
	}
	t.setMeter(r, c)
	return nil
}

func (t *Table) record(k *Key) ([]uint64, uint32, error) {
	pk, err := t.def.encode(k)
	if err != nil {
		return nil, 0, err
	}
	_, r := t.locate(pk)
	if r == noRecord {
		return nil, 0, ErrNotFound
	}
	return t.recs.at(r), r, nil
}

// Default is the default action; nil when there is none.
func (t *Table) Default() *Call {
	if t.deflt == nil {
		return nil
	}
	return t.deflt.public()
}

// DefaultCounter counts the packets that missed, in tables with direct
// counters.
func (t *Table) DefaultCounter() CounterData { return t.defltCount }

// SetDefault replaces the default action. Errors: ErrConst, ErrInvalid.
func (t *Table) SetDefault(c *Call) error {
	if t.def.defaultConst || t.def.actionConst && (t.def.defaultCall == nil || c.Action != t.def.defaultCall.action.name) {
		return fmt.Errorf("table %s: default action: %w", t.def.name, ErrConst)
	}
	k, err := t.parseCall(c)
	if err != nil {
		return fmt.Errorf("table %s: default action: %w", t.def.name, err)
	}
	t.useDefault(k)
	return nil
}

// ResetDefault puts the program's default action back. Errors: ErrConst.
func (t *Table) ResetDefault() error {
	if t.def.defaultConst {
		return fmt.Errorf("table %s: default action: %w", t.def.name, ErrConst)
	}
	t.useDefault(t.def.defaultCall)
	return nil
}

func (t *Table) useDefault(k *call) {
	if t.deflt = k; k != nil {
		t.defltSlot = t.def.slotOf[k.action]
	}
}

// loadEntries enters the program's constant entries. Of entries that match the
// same packet the one that stands first in the source wins: P4Runtime, where
// larger priorities win, sees them counted down from the number of entries.
func (t *Table) loadEntries() error {
	worst := 0
	for i := range t.def.entries {
		worst = max(worst, t.def.entries[i].Priority)
	}
	for i := range t.def.entries {
		src := &t.def.entries[i]
		e := Entry{Key: constKey(t.def, src), Action: *constCall(src.Call)}
		if !t.def.exact && t.def.lpm < 0 {
			e.Priority = int32(worst - src.Priority + 1)
		}
		k := e.KeyOf()
		if err := t.insert(&e, &k); err != nil {
			return t.fail(err, &k)
		}
	}
	t.frozen = t.def.hasEntries
	return nil
}

func constKey(d *tableDef, src *bmv2json.Entry) []Field {
	fields := make([]Field, len(src.Key))
	for i, m := range src.Key {
		f := &fields[i]
		f.Present = true
		switch d.keys[i].Kind {
		case Exact:
			f.Value = m.Value.Bytes()
		case LPM:
			f.Value, f.PrefixLen = m.Value.Bytes(), m.Prefix
		case Ternary:
			f.Value, f.Mask = m.Value.Bytes(), m.Mask.Bytes()
			f.Present = m.Mask.Sign() != 0
		case Range:
			f.Low, f.High = m.Low.Bytes(), m.High.Bytes()
		}
	}
	return fields
}

func constCall(src *bmv2json.Call) *Call {
	c := &Call{Action: src.Action.Name}
	for _, a := range src.Args {
		c.Args = append(c.Args, a.Bytes())
	}
	return c
}
