package simulate

import "time"

// discover sends a SYN by way of the server gateway, as the patent application has it: to all replicas that probes know to
// be alive, and to the origin as its policy says.
func discover(g *gateway, s *scene, now time.Duration, c *connection, policy OriginPolicy) {
	alive := false
	for d := 1; d < len(g.detour); d++ {
		if s.known[d] {
			alive = true
			g.answer(s, now, c, d, g.detour[d])
		}
	}
	if !alive || policy == OriginRace || policy == OriginStandby && c.attempt > 0 {
		g.answer(s, now, c, 0, g.direct[0])
	}
}

// patent discovers every connection.
type patent struct{ policy OriginPolicy }

func (p patent) send(g *gateway, s *scene, now time.Duration, c *connection) {
	g.tally.discovered++
	discover(g, s, now, c, p.policy)
}

func (patent) answered(*gateway, time.Duration, *connection, []answer) {}

// plain is no choice at all: everything runs to the origin.
type plain struct{}

func (plain) send(g *gateway, s *scene, now time.Duration, c *connection) {
	g.answer(s, now, c, 0, g.direct[0])
}

func (plain) answered(*gateway, time.Duration, *connection, []answer) {}
