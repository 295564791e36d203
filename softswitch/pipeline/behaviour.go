package pipeline

import (
	"fmt"
	"time"
)

// What an entry does: an action with arguments, a member or a group.

// parseCall checks a call against the table's actions.
func (t *Table) parseCall(c *Call) (*call, error) {
	for _, a := range t.def.actions {
		if a.name == c.Action {
			return a.parse(c)
		}
	}
	return nil, fmt.Errorf("%w: action %q is none of the table's", ErrInvalid, c.Action)
}

func (a *action) parse(c *Call) (*call, error) {
	if len(c.Args) != len(a.params) {
		return nil, fmt.Errorf("%w: action %s: %d arguments, want %d", ErrInvalid, a.name, len(c.Args), len(a.params))
	}
	k := &call{action: a, args: make([]uint64, a.words)}
	for i := range a.params {
		p := &a.params[i]
		if err := bytesToWords(k.args[p.off:p.off+p.words], c.Args[i], p.width); err != nil {
			return nil, fmt.Errorf("action %s: parameter %s: %w", a.name, p.name, err)
		}
	}
	return k, nil
}

// public gives a call in the control plane's form.
func (k *call) public() *Call {
	c := &Call{Action: k.action.name}
	for _, p := range k.action.params {
		c.Args = append(c.Args, wordsToBytes(k.args[p.off:p.off+p.words], p.width))
	}
	return c
}

// behaviour is what an entry does, checked and ready to be written to a record.
type behaviour struct {
	ref  uint64
	args []uint64
	set  *[]Weighted // one-shot selector, not yet made a group
}

// prepare checks everything that can fail about an entry but its key.
func (t *Table) prepare(e *Entry) (*behaviour, error) {
	b := &behaviour{}
	if e.IdleTimeout < 0 || e.IdleTimeout > 0 && !t.def.timeout {
		return nil, fmt.Errorf("%w: idle timeout %v in a table without support_timeout", ErrInvalid, e.IdleTimeout)
	}
	if err := t.checkMeter(e.Meter); err != nil {
		return nil, err
	}
	if t.def.profile < 0 {
		if e.Member != 0 || e.Group != 0 || e.Set != nil {
			return nil, fmt.Errorf("%w: member or group in a table without action profile", ErrInvalid)
		}
		k, err := t.parseCall(&e.Action)
		if err != nil {
			return nil, err
		}
		b.ref, b.args = refAction|uint64(t.def.slotOf[k.action]), k.args
		return b, nil
	}
	return b, t.prepareIndirect(e, b)
}

func (t *Table) prepareIndirect(e *Entry, b *behaviour) error {
	p := t.Profile()
	given := 0
	for _, ok := range []bool{e.Action.Action != "", e.Member != 0, e.Group != 0, e.Set != nil} {
		if ok {
			given++
		}
	}
	if given != 1 {
		return fmt.Errorf("%w: a table with an action profile wants one member, group or set", ErrInvalid)
	}
	switch {
	case e.Member != 0:
		slot, ok := p.memberSlot[e.Member]
		if !ok {
			return fmt.Errorf("member %d of %s: %w", e.Member, p.def.name, ErrNotFound)
		}
		b.ref = refMember | uint64(slot)
	case e.Group != 0:
		slot, ok := p.groupSlot[e.Group]
		if !ok {
			return fmt.Errorf("group %d of %s: %w", e.Group, p.def.name, ErrNotFound)
		}
		b.ref = refGroup | uint64(slot)
	case e.Set != nil:
		if err := p.checkSet(e.Set); err != nil {
			return err
		}
		b.set = &e.Set
	default:
		return fmt.Errorf("%w: action %q directly in a table with an action profile", ErrInvalid, e.Action.Action)
	}
	return nil
}

func (t *Table) checkMeter(c *MeterConfig) error {
	if c == nil {
		return nil
	}
	if t.def.meter == nil {
		return fmt.Errorf("%w: no direct meter", ErrInvalid)
	}
	return c.check()
}

func (t *Table) setMeter(r uint32, c *MeterConfig) {
	if c == nil {
		delete(t.meters, r)
		return
	}
	if t.meters == nil {
		t.meters = map[uint32]*meterCell{}
	}
	t.meters[r] = newMeterCell(c, t.pl.now())
}

// apply writes a behaviour to a record.
func (t *Table) apply(r uint32, e *Entry, b *behaviour) {
	rec := t.recs.at(r)
	if b.set != nil {
		b.ref = refGroup | uint64(t.Profile().addSet(*b.set))
	}
	rec[t.def.offAct] = refLive | b.ref
	if t.def.profile < 0 {
		args := rec[t.def.offArgs : t.def.offArgs+t.def.argMax]
		copyLimbs(args, b.args)
	} else {
		t.Profile().hold(b.ref, 1)
	}
	if t.def.timeout {
		rec[t.def.offHit], rec[t.def.offHit+1] = t.pl.now(), uint64(e.IdleTimeout)
	}
	if t.def.meter != nil && (e.Meter != nil || t.meters[r] == nil) {
		t.setMeter(r, e.Meter)
	}
	if len(e.Metadata) > 0 {
		if t.cookies == nil {
			t.cookies = map[uint32][]byte{}
		}
		t.cookies[r] = append([]byte(nil), e.Metadata...)
	} else {
		delete(t.cookies, r)
	}
}

// release gives back what a record refers to.
func (t *Table) release(rec []uint64) {
	if t.def.profile >= 0 {
		t.Profile().hold(rec[t.def.offAct]&^refLive, -1)
	}
}

// entry turns a record into the control plane's form.
func (t *Table) entry(mask []uint64, r uint32) *Entry {
	rec := t.recs.at(r)
	e := &Entry{Key: t.def.decode(rec[:], mask), Const: t.frozen, Metadata: t.cookies[r]}
	if !t.def.exact && t.def.lpm < 0 {
		e.Priority = int32(t.prio(rec))
	}
	ref := rec[t.def.offAct] &^ refLive
	switch ref & refKind {
	case refAction:
		a := t.def.actions[uint32(ref)]
		e.Action = *(&call{action: a, args: rec[t.def.offArgs:]}).public()
	case refMember:
		e.Member = t.Profile().members[uint32(ref)].id
	case refGroup:
		if g := t.Profile().groups[uint32(ref)]; g.id != 0 {
			e.Group = g.id
		} else {
			e.Set = t.Profile().publicSet(g)
		}
	}
	if t.def.timeout {
		e.LastHit = rec[t.def.offHit] &^ notified
		e.IdleTimeout = time.Duration(rec[t.def.offHit+1])
	}
	if t.def.counters {
		e.Packets, e.Bytes = rec[t.def.offCount], rec[t.def.offCount+1]
	}
	if m := t.meters[r]; m != nil {
		e.Meter = m.config()
	}
	return e
}
