package gateway

import "time"

// door is whether the switch lets packets pass. One that starts empty has no routes, so it passes nothing; it gets them
// last. With routes but without the translations of connections that run through it, a replica's packets would reach
// their clients in the replica's own name, and the clients' packets a server that knows nothing of them: both answer
// with resets. What is lost instead comes again, as TCP has it.
type door struct {
	closed bool
	filled bool          // but for routes and what role.restored asks for, this term has written everything
	since  time.Duration // when this term began to fill it
	whole  time.Duration // since when nothing is missing but routes; 0: something is
	passed time.Duration // until when the switch let packets pass
}

// A packet that found no translation a moment ago may still be on its way through the pipeline, and would find the routes.
// So they wait for as long as the filling took, which tells how slow the switch is, within these bounds.
const (
	passedLeast = 20 * time.Millisecond
	passedMost  = time.Second
)

// openAnyway is how long new connections wait for the old ones to be restored. Up to a million translations are
// written by then; what is still missing is lost.
const openAnyway = 30 * time.Second

// shut begins a term. A switch that an earlier term could not open is still closed.
func (d *door) shut(fresh bool, now time.Duration) {
	d.closed = d.closed || fresh
	d.filled, d.since, d.whole = false, now, 0
}

// mayOpen tells whether the routes may be written.
func (g *Gateway) mayOpen(now time.Duration) bool {
	d := &g.door
	switch {
	case !d.closed:
		return true
	case !d.filled:
		return false
	case now-d.since > openAnyway:
		return true
	case !g.role.restored():
		d.whole = 0
		return false
	}
	if d.whole == 0 {
		d.whole = now
	}
	return now-d.whole >= min(max(d.whole-d.since, passedLeast), passedMost)
}

// filled takes in that all that was planned has been written, with routes or without.
func (g *Gateway) filled(open bool, now time.Duration) {
	d := &g.door
	if d.closed && open {
		d.closed = false
		g.log.Info("switch is open", "restored", g.role.restored(), "after", now-d.since)
	}
	d.filled = true
}
