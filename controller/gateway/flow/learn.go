package flow

import "time"

// told is how long a translation has been in the tables when being told of its slot again can't be a digest that
// was already on its way any more.
const told = time.Second

// after tells whether an event is news for a flow. Ticks wrap after 50 days (after 78 hours on Tofino), and start over
// with the switch; a flow that the tables have had for an hour hears everything.
func (b *Book) after(f *Flow, e *Event) bool {
	return !f.bornKnown || b.limits.Clock.Between(f.born, e.Tick) >= 0 || e.At-f.moved > time.Hour
}

func (f *Flow) shape(e *Event) {
	f.born, f.bornKnown = e.Tick, true
	if e.showsISN() {
		f.isn, f.isnKnown = e.ISN, true
	}
}

// Claimed takes in that a replica won a connection, or that packets of a connection still use its slot.
func (b *Book) Claimed(e Event) {
	f := b.flows[e.Key]
	late := b.lag.of(b.limits.Clock, e.Tick, e.At)
	switch {
	case e.Winner.Form < FormA || e.Winner.Form > FormC, late > b.limits.Delay:
		b.stats.Stale++
		return
	case f == nil && len(b.flows) >= b.limits.Capacity:
		b.stats.Full++
		return
	case f == nil:
		f = &Flow{key: e.Key, winner: e.Winner}
		b.flows[e.Key] = f
	case !b.after(f, &e), f.retiring && f.bornKnown && f.born == e.Tick:
		b.stats.Stale++
		return
	case !f.retiring && !f.orphan && f.winner.alike(e.Winner) && b.sameConnection(f, &e):
		f.shape(&e)
		f.winner = e.Winner
		f.until = e.At - late + b.limits.Delay
		b.repair(f, e.At)
		return
	}
	f.shape(&e)
	f.until = e.At - late + b.limits.Delay
	b.stats.Learnt++
	b.assign(f, e.Winner, e.At)
	b.repair(f, e.At)
}

func (b *Book) sameConnection(f *Flow, e *Event) bool {
	return !f.isnKnown || !e.showsISN() || f.isn == e.ISN
}

// repair writes a translation again that the switch, as its slot says, does not have.
func (b *Book) repair(f *Flow, now time.Duration) {
	if !f.agrees() || now-f.settledAt < told {
		return
	}
	b.stats.Repaired++
	f.out, f.in = Winner{Form: formUnknown}, Winner{Form: formUnknown}
	b.soil(f)
}

// Closing takes in a FIN or a RST of a translated connection.
func (b *Book) Closing(e Event) {
	f := b.flows[e.Key]
	if f == nil || f.retiring || !b.after(f, &e) {
		b.stats.Stale++
		return
	}
	before, ended := f.closing, f.ended()
	switch {
	case e.Flags&RST != 0:
		f.closing |= reset
	case e.Flags&FIN != 0 && e.FromClient:
		f.closing |= finClient
	case e.Flags&FIN != 0:
		f.closing |= finWide
	}
	switch {
	case f.closing == before:
	case f.ended() && (!ended || f.closing&reset != before&reset):
		f.stage = stageSettling
		b.wheel.add(f, e.At+b.linger(f)/2)
	case !f.ended():
		b.touch(f, e.At)
	}
}

// linger is how long an ended connection stays.
func (b *Book) linger(f *Flow) time.Duration {
	if f.closing&reset != 0 {
		return b.limits.LingerReset
	}
	return b.limits.LingerFIN
}

// Reused takes in that a SYN met the translation of an older connection, which it therefore follows. Its replica
// mostly answers, in the server's name as ever, and then this is the new connection's translation; taking it away
// under the answer would show the client two answers. A SYN that comes again shows that nobody may have answered:
// then the counters are asked, and without an answer the next SYN is raced.
func (b *Book) Reused(e Event) {
	b.stats.Reused++
	f := b.flows[e.Key]
	if f == nil || f.retiring || !b.after(f, &e) {
		b.stats.Stale++
		return
	}
	if !f.isnKnown || f.isn != e.ISN {
		f.shape(&e)
		f.reopen()
		b.touch(f, e.At)
		return
	}
	f.born, f.bornKnown = e.Tick, true
	f.again = min(f.again+1, 250)
	// In B what the replica sends passes by the translation, so an established one looks like one without an
	// answer; a copy of its SYN that strayed in the network must not end it. Such copies don't come three times.
	enough := uint8(1)
	if f.winner.Form == FormB {
		enough = 3
	}
	if f.again >= enough && f.stage != stageUnanswered && f.stage != stageAnswered {
		f.stage = stageUnanswered
		b.wheel.add(f, e.At)
	}
}
