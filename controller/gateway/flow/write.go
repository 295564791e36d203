package flow

import "time"

// Table is one of the two translation tables.
type Table uint8

// The tables of p4src/common/client/translation.p4.
const (
	Outbound Table = iota
	Inbound
)

// Kind is what an operation does.
type Kind uint8

// The kinds of P4Runtime updates.
const (
	Insert Kind = iota
	Modify
	Delete
)

// Op is one change of one entry.
type Op struct {
	Kind   Kind
	Table  Table
	Entry  Key    // the entry's key; in Inbound, Server is the peer
	Flow   Key    // the connection
	Winner Winner // whom it runs to; nobody in Delete

	flow  *Flow
	stray *stray
}

// Outcome is what became of an operation.
type Outcome uint8

// The outcomes, by P4Runtime's canonical codes.
const (
	OK       Outcome = iota
	Exists           // ALREADY_EXISTS
	NotFound         // NOT_FOUND
	NoRoom           // RESOURCE_EXHAUSTED
	Refused          // any other error
	Unclear          // no answer came
)

// Flush gives the operations that bring the tables nearer to what they should be, at most limit (which has to be 2
// or more), and none while a batch is under way. Done has to follow.
func (b *Book) Flush(limit int, now time.Duration) []Op {
	if b.Settled() || b.busy {
		return nil
	}
	var ops []Op
	for b.loose.len() > 0 && len(ops) < limit {
		s := b.loose.pop()
		if b.strays[s.key] == s {
			ops = append(ops, Op{Kind: Delete, Table: Inbound, Entry: s.key, stray: s})
		}
	}
	for b.dirty.len() > 0 && len(ops)+2 <= limit {
		f := b.dirty.pop()
		f.queued = false
		if f.gone {
			continue
		}
		if now > f.until && !f.retiring && !f.agrees() {
			b.drop(f, Failed) // which puts it back into the queue, for its removal
			continue
		}
		before := len(ops)
		ops = appendOp(ops, f, Outbound, f.key, f.out, f.wantOut())
		ops = appendOp(ops, f, Inbound, inboundKey(f.key, f.winner), f.in, f.wantIn())
		f.underway = len(ops) > before
		switch {
		case !f.underway:
			b.keep(f, now)
		case !f.retiring:
			b.underway++
		}
	}
	b.busy = len(ops) > 0
	return ops
}

func appendOp(ops []Op, f *Flow, t Table, entry Key, have, want Winner) []Op {
	op := Op{Table: t, Entry: entry, Flow: f.key, Winner: want, flow: f}
	switch {
	case have.alike(want):
		return ops
	case want == (Winner{}):
		op.Kind = Delete
	case have == (Winner{}):
		op.Kind = Insert
	default:
		op.Kind = Modify
	}
	return append(ops, op)
}

// Done takes in what became of the batch. outcomes has one element an operation.
func (b *Book) Done(ops []Op, outcomes []Outcome, now time.Duration) {
	b.busy, b.underway = false, 0
	for i := range ops {
		if s := ops[i].stray; s != nil {
			b.strayDone(s, outcomes[i])
		} else {
			b.opDone(&ops[i], outcomes[i])
		}
	}
	for i := range ops {
		if f := ops[i].flow; f != nil && f.underway {
			f.underway = false
			b.conclude(f, now)
		}
	}
}

func (b *Book) strayDone(s *stray, o Outcome) {
	switch {
	case b.strays[s.key] != s:
	case o == OK || o == NotFound:
		delete(b.strays, s.key)
	default:
		b.loose.push(s)
	}
}

func (b *Book) opDone(op *Op, o Outcome) {
	f := op.flow
	have := &f.out
	if op.Table == Inbound {
		if b.owner(op.Entry) != f || inboundKey(f.key, f.winner) != op.Entry {
			return // the entry is another's business now
		}
		have = &f.in
	}
	switch {
	case o == OK && op.Kind != Delete:
		*have = op.Winner
	case o == OK || o == NotFound:
		*have = Winner{}
	case o == Exists || o == Unclear:
		*have = Winner{Form: formUnknown}
	case o == NoRoom && !f.retiring:
		b.stats.Full++
		f.retiring = true
	}
	if o != OK {
		f.failures = min(f.failures+1, 250)
	}
}

func (b *Book) conclude(f *Flow, now time.Duration) {
	switch {
	case f.agrees():
		f.failures = 0
		f.settledAt, f.placed = now, !f.retiring && !f.orphan
		b.keep(f, now)
	case f.failures > 2:
		b.wheel.add(f, now+b.limits.Retry)
	default:
		b.soil(f)
	}
}

// keep sees to it that a flow with nothing to write is looked at some day, or forgotten.
func (b *Book) keep(f *Flow, now time.Duration) {
	b.sweep(f)
	if !f.gone && !f.listed && !f.looking {
		b.wheel.add(f, now+b.life(f)/2)
	}
}
