package flow

import "time"

// Counts are a connection's direct counters as they were read, in packets modulo 2^32.
type Counts struct {
	Out, In           uint32
	OutFound, InFound bool // whether there is such an entry at all
}

// Tick moves the book's clock on: flows that are due are looked at, or written again.
func (b *Book) Tick(now time.Duration) {
	b.wheel.advance(now, func(f *Flow) {
		switch {
		case f.underway || f.queued:
			b.wheel.add(f, now+b.limits.Retry)
		case !f.agrees():
			b.soil(f)
		case !f.looking:
			f.looking = true
			b.looks.push(f)
		}
	})
}

// Looks gives at most limit flows whose counters are wanted. Looked has to follow for each.
func (b *Book) Looks(limit int) []*Flow {
	var flows []*Flow
	for b.looks.len() > 0 && len(flows) < limit {
		f := b.looks.pop()
		if f.gone || f.retiring {
			f.looking = false
			continue
		}
		flows = append(flows, f)
	}
	return flows
}

// InboundKey is where the inbound table has the flow.
func (f *Flow) InboundKey() Key { return inboundKey(f.key, f.winner) }

// Skipped says that the counters of a flow could not be read: it is due again.
func (b *Book) Skipped(f *Flow, now time.Duration) {
	f.looking = false
	if !f.gone && !f.retiring {
		b.wheel.add(f, now+b.limits.Retry)
	}
}

// Looked takes in a flow's counters.
func (b *Book) Looked(f *Flow, c Counts, now time.Duration) {
	f.looking = false
	if f.gone || f.retiring || f.underway || !f.agrees() {
		b.Skipped(f, now)
		return
	}
	if !c.InFound || !c.OutFound && !f.orphan {
		if !c.OutFound {
			f.out = Winner{}
		}
		if !c.InFound {
			f.in = Winner{}
		}
		b.drop(f, Vanished)
		return
	}
	answered := c.In != f.inCount
	moved := answered || c.Out != f.outCount
	f.outCount, f.inCount = c.Out, c.In
	if moved {
		f.moved = now
	}
	b.decide(f, moved, answered, now)
}

func (b *Book) decide(f *Flow, moved, answered bool, now time.Duration) {
	switch f.stage {
	case stageUnanswered:
		f.stage = stageAnswered
		b.wheel.add(f, now+b.limits.Answer)
		return
	case stageAnswered:
		f.stage, f.again = stageIdle, 0
		if !answered {
			b.drop(f, Unanswered)
			return
		}
	case stageSettling:
		f.stage = stageQuiet
		b.wheel.add(f, now+b.linger(f)/2)
		return
	case stageQuiet:
		if !moved {
			b.drop(f, Ended)
			return
		}
		// It was no end: a RST that its receiver refused, or a new connection whose SYN nobody told of.
		f.reopen()
	}
	life := b.life(f)
	if now-f.moved >= life {
		b.drop(f, IdleOut)
		return
	}
	b.wheel.add(f, min(f.moved+life, now+life/2))
}
