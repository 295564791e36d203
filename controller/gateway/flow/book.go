package flow

import (
	"time"

	"github.com/firstack/firstack/controller/target"
)

// Limits are what the book lives by. Durations are in the book's clock.
type Limits struct {
	Clock       target.Clock  // the switch's, of events' ticks
	Capacity    int           // connections that the smaller of the two tables holds
	Idle        time.Duration // idle life of a translation (RFC 5382 REQ-5)
	Transitory  time.Duration // the same once one side ended (RFC 5382 REQ-5)
	LingerReset time.Duration // from a RST to the retirement
	LingerFIN   time.Duration // from the FINs of both sides to the retirement
	Answer      time.Duration // how long a replica may take to answer a SYN that met a translation
	Retry       time.Duration // between two attempts to write what the switch refused
	Restore     time.Duration // how long a switch that lost its tables waits for them before it lets packets pass
	Delay       time.Duration // older claims are let pass: their connection may be over, and if not, the switch tells again
}

// Reason says why a translation was given up.
type Reason uint8

// The reasons.
const (
	Ended      Reason = iota // RST or both FINs, and quiet since
	IdleOut                  // nothing moved for the whole idle life
	Unanswered               // a new SYN met it and nobody answers
	Taken                    // its inbound key belongs to another connection now
	Vanished                 // somebody else removed its entries
	Failed                   // the switch would not take it in time
	reasons
)

func (r Reason) String() string {
	return [...]string{"ended", "idle", "unanswered", "taken", "vanished", "failed"}[r]
}

// Reasons lists all of them.
func Reasons() []Reason {
	var all []Reason
	for r := range reasons {
		all = append(all, r)
	}
	return all
}

// Stats count since the book began.
type Stats struct {
	Learnt   uint64 // claims that made or changed a translation
	Adopted  uint64 // translations found in the tables
	Full     uint64 // claims that found no room
	Stale    uint64 // events older than what is known, too long on their way, or of no known connection
	Reused   uint64 // SYNs that met a translation
	Repaired uint64 // translations that the switch did not have although it should
	Retired  [reasons]uint64
}

// Book is the memory of one client gateway. It is not safe for concurrent use.
type Book struct {
	limits   Limits
	flows    map[Key]*Flow
	owners   map[Key]*Flow // inbound keys that differ from their flow's
	strays   map[Key]*stray
	dirty    queue[*Flow]
	loose    queue[*stray]
	looks    queue[*Flow]
	wheel    wheel
	lag      lag
	busy     bool // a batch is under way
	underway int  // connections in it that are not being retired
	stats    Stats
}

// New gives an empty book.
func New(limits Limits) *Book {
	return &Book{
		limits: limits,
		flows:  map[Key]*Flow{},
		owners: map[Key]*Flow{},
		strays: map[Key]*stray{},
	}
}

// SetLimits changes the limits. A look that is due already stays so.
func (b *Book) SetLimits(l Limits) { b.limits = l }

// Len is the number of connections in the book, those that are being retired included.
func (b *Book) Len() int { return len(b.flows) }

// Unwritten is how many connections wait for their translation to be written, or written again.
func (b *Book) Unwritten() int {
	n := b.underway
	for _, f := range b.dirty.items[b.dirty.head:] {
		if f != nil && !f.gone && !f.retiring && !f.agrees() {
			n++
		}
	}
	return n
}

// Stats gives the counts.
func (b *Book) Stats() Stats { return b.stats }

// Get finds a connection.
func (b *Book) Get(k Key) (*Flow, bool) {
	f, ok := b.flows[k]
	return f, ok
}

// Each visits connections in no particular order until visit says no.
func (b *Book) Each(visit func(*Flow) bool) {
	for _, f := range b.flows {
		if !visit(f) {
			return
		}
	}
}

// Settled tells whether nothing is waiting to be written.
func (b *Book) Settled() bool { return !b.busy && b.dirty.len() == 0 && b.loose.len() == 0 }

// soil puts a flow among those whose entries may differ from what they should be.
func (b *Book) soil(f *Flow) {
	if !f.queued && !f.underway && !f.gone {
		f.queued = true
		b.dirty.push(f)
	}
}

// assign makes w the flow's winner: a new connection's, or the first one's.
func (b *Book) assign(f *Flow, w Winner, now time.Duration) {
	if key := inboundKey(f.key, f.winner); key != inboundKey(f.key, w) {
		b.leave(f, key)
	}
	b.take(f, w)
	if !f.winner.alike(w) {
		f.placed = false
	}
	f.winner = w
	f.retiring, f.orphan, f.failures = false, false, 0
	f.reopen()
	b.touch(f, now)
	b.soil(f)
}

// touch starts the flow's idle life.
func (b *Book) touch(f *Flow, now time.Duration) {
	f.moved = now
	b.wheel.add(f, now+b.life(f)/2)
}

// life is how long the flow may be idle.
func (b *Book) life(f *Flow) time.Duration {
	if f.closing != 0 || f.orphan {
		return b.limits.Transitory
	}
	return b.limits.Idle
}

// drop retires a flow: its entries go, and then the flow itself.
func (b *Book) drop(f *Flow, why Reason) {
	if !f.retiring {
		b.stats.Retired[why]++
		f.retiring = true
	}
	b.wheel.remove(f)
	b.soil(f)
	b.sweep(f)
}

// sweep forgets a flow that left nothing behind.
func (b *Book) sweep(f *Flow) {
	if !f.retiring || f.underway || f.gone || f.out != (Winner{}) || f.in != (Winner{}) {
		return
	}
	f.gone = true
	b.wheel.remove(f)
	delete(b.flows, f.key)
	if k := inboundKey(f.key, f.winner); b.owners[k] == f {
		delete(b.owners, k)
	}
}
