package simulate

import (
	"cmp"
	"slices"
	"time"
)

// ranked is the order in which a client gateway's devices are preferred.
type ranked []int

func rank(devices []Device, distance func(d int) float64) ranked {
	r := make(ranked, len(devices))
	for d := range r {
		r[d] = d
	}
	slices.SortStableFunc(r, func(a, b int) int { return cmp.Compare(distance(a), distance(b)) })
	return r
}

// pick gives the first that is usable, or any other of these where the client is one of those that are sent elsewhere; -1
// when none is usable.
func (r ranked) pick(usable func(d int) bool, client uint64, wrong float64) int {
	first, others := -1, uint64(0)
	for _, d := range r {
		switch {
		case !usable(d):
		case first < 0:
			first = d
		default:
			others++
		}
	}
	if others == 0 || !hit(client, wrong) {
		return first
	}
	n := mix(client) % others
	for _, d := range r {
		if d == first || !usable(d) {
			continue
		}
		if n == 0 {
			return d
		}
		n--
	}
	return first
}

// dns gives each client the nearest device by geography, but for those that are sent elsewhere. A name's answer is kept for
// its life, so a client hears of failures later than the probes.
type dns struct {
	order ranked
	seed  uint64
}

func (p *dns) send(g *gateway, s *scene, now time.Duration, c *connection) {
	client := mix(p.seed ^ c.client)
	life := g.settings.DNSLife
	phase := time.Duration(mix(client^1) % uint64(life))
	asked := (now-phase)/life*life + phase
	if now < phase {
		asked = 0
	}
	if d := p.order.pick(func(d int) bool { return s.knownAt(d, asked) }, client, g.settings.DNSError); d >= 0 {
		g.answer(s, now, c, d, g.direct[d])
	}
}

func (*dns) answered(*gateway, time.Duration, *connection, []answer) {}

// anycast takes each client to the nearest device by round trip, but for those that routing takes elsewhere.
type anycast struct {
	order ranked
	seed  uint64
}

func (p *anycast) send(g *gateway, s *scene, now time.Duration, c *connection) {
	client := mix(p.seed ^ c.client ^ 0xa)
	if d := p.order.pick(func(d int) bool { return s.routed[d] }, client, g.settings.AnycastError); d >= 0 {
		g.answer(s, now, c, d, g.direct[d])
	}
}

func (*anycast) answered(*gateway, time.Duration, *connection, []answer) {}
