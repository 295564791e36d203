package simulate

import (
	"time"
)

// connection that has no answer yet.
type connection struct {
	start   time.Duration
	client  uint64 // number of the client among those of the gateway
	number  int64  // of the connection at its gateway, from 0
	best    answer // so far; of nobody when device < 0
	since   int32  // connections at the gateway since the scene's last change
	copies  int32
	change  int16 // the scene's changes when it began
	attempt uint8 // SYNs sent again
	way     uint8 // strategy's own
	to      int8  // strategy's own
}

// answer of a device, with the delay since the connection's first SYN.
type answer struct {
	device int8
	delay  time.Duration
}

// retry is a SYN that has to be sent again.
type retry struct {
	timed
	c connection
}

// Linux's SYNs (tcp_syn_retries 6): after 1, 3, 7, … s since the first, and given up after the last.
const lastAttempt = 6

func timeout(attempt uint8) time.Duration { return (1<<(attempt+1) - 1) * time.Second }

// strategy says to whom SYNs go.
type strategy interface {
	// send sends a connection's SYN, gives the answers that will come to the gateway (g.answer), and counts copies.
	send(g *gateway, s *scene, now time.Duration, c *connection)
	// answered is told of a SYN's answers, the first of them first; the list may be empty.
	answered(g *gateway, now time.Duration, c *connection, answers []answer)
}

// gateway is a client gateway with its clients.
type gateway struct {
	settings   *Settings
	direct     []time.Duration // round trips, by device
	detour     []time.Duration // delays of discovered answers, by device
	population uint64
	strategy   strategy

	draw, arrivals random
	interval       float64 // mean between connections, ns; 0: exactly one a second
	left           int64
	next           time.Duration
	number         int64

	retries heap[retry]
	seq     uint64
	current connection // at hand: a strategy gets its address, so it would be allocated otherwise
	answers []answer   // of the SYN at hand

	tally   *tally
	warm    int64 // connections that are not counted
	orders  int   // moments of tally.order
	slice   time.Duration
	arrived []int64 // work, by device
	devices []Device

	version        uint32 // of the scene that the limits are of
	limited        bool   // they are of any
	limit, replica time.Duration
	change         int
	sinceChange    int32
}

// run plays everything before a time.
func (g *gateway) run(s *scene, until time.Duration) {
	if !g.limited || g.version != s.version {
		g.measure(s)
	}
	for {
		if len(g.retries) > 0 && (g.left == 0 || g.retries[0].at < g.next) {
			if g.retries[0].at >= until {
				return
			}
			r := g.retries.pop()
			g.current = r.c
			g.attempt(s, r.at, &g.current)
			continue
		}
		if g.left == 0 || g.next >= until {
			return
		}
		now := g.next
		g.left--
		g.arrive()
		if s.changes != g.change {
			g.change, g.sinceChange = s.changes, 0
		}
		g.current = connection{
			start: now, client: g.arrivals.below(g.population), number: g.number, best: answer{device: -1},
			since: g.sinceChange, change: int16(s.changes),
		}
		g.number++
		g.sinceChange++
		g.attempt(s, now, &g.current)
	}
}

// arrive settles when the next connection begins.
func (g *gateway) arrive() {
	if g.interval == 0 {
		g.next += time.Second
		return
	}
	g.next += time.Duration(g.arrivals.exponential(g.interval)) + 1
}

// done says whether nothing is left to do.
func (g *gateway) done() bool { return g.left == 0 && len(g.retries) == 0 }

// measure finds out how near anything is now.
func (g *gateway) measure(s *scene) {
	g.version, g.limited = s.version, true
	g.limit, g.replica = forever, forever
	for d := range g.direct {
		if !s.answers(d) {
			continue
		}
		rtt := g.direct[d] + s.extra(d)
		g.limit = min(g.limit, rtt)
		if d > 0 {
			g.replica = min(g.replica, rtt)
		}
	}
}

// answer notes that a device answers the SYN at hand after a delay, if it does.
func (g *gateway) answer(s *scene, now time.Duration, c *connection, d int, delay time.Duration) {
	c.copies++
	if !s.answers(d) || g.settings.Loss > 0 && g.draw.float() < g.settings.Loss {
		return
	}
	delay += now - c.start + s.extra(d) + g.draw.upTo(g.settings.Jitter)
	i := len(g.answers)
	g.answers = append(g.answers, answer{})
	for i > 0 && g.answers[i-1].delay > delay {
		g.answers[i] = g.answers[i-1]
		i--
	}
	g.answers[i] = answer{int8(d), delay}
}

// attempt sends a SYN and sees what becomes of it.
func (g *gateway) attempt(s *scene, now time.Duration, c *connection) {
	g.answers = g.answers[:0]
	g.strategy.send(g, s, now, c)
	g.strategy.answered(g, now, c, g.answers)
	if len(g.answers) > 0 && (c.best.device < 0 || g.answers[0].delay < c.best.delay) {
		c.best = g.answers[0]
	}
	again := timeout(c.attempt)
	switch {
	case c.best.device >= 0 && c.best.delay < again:
		g.settle(s, c)
	case c.attempt < lastAttempt:
		c.attempt++
		g.seq++
		g.retries.push(retry{timed{c.start + again, g.seq}, *c})
	default:
		g.settle(s, c)
	}
}
