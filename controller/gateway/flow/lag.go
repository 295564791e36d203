package flow

import (
	"time"

	"github.com/firstack/firstack/controller/target"
)

// lag tells how long events were on their way, against the fastest of the last minute or two: the switch's clock
// and the controller's share neither their zero nor, quite, their speed.
type lag struct {
	best, candidate mark
	turn            time.Duration // when the candidate takes over
}

type mark struct {
	tick uint32
	at   time.Duration
	set  bool
}

const lagWindow = time.Minute

func (m mark) since(c target.Clock, tick uint32, at time.Duration) time.Duration {
	return at - m.at - time.Duration(c.Between(m.tick, tick))*c.Tick
}

func (l *lag) of(c target.Clock, tick uint32, at time.Duration) time.Duration {
	if at >= l.turn {
		l.best, l.candidate, l.turn = l.candidate, mark{}, at+lagWindow
	}
	here := mark{tick: tick, at: at, set: true}
	if !l.candidate.set || l.candidate.since(c, tick, at) < 0 {
		l.candidate = here
	}
	if !l.best.set || l.best.since(c, tick, at) < 0 {
		l.best = here
	}
	return l.best.since(c, tick, at)
}
