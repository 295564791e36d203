package steer

import (
	"slices"
	"time"
)

// Observe takes in an answer.
func (s *Service) Observe(now time.Duration, a Answer) bool {
	discovered := a.Mode == Discover && a.Attempt == 0
	c := s.find(a.Replica)
	if c == nil {
		if c = s.admit(now, &a); c == nil {
			return false
		}
	}
	if !a.Late {
		s.claims++
	}
	if discovered {
		if a.Replica == Server {
			s.serverless = 0
		} else if !a.Late {
			s.discoveredWithoutServer()
			c = s.find(a.Replica)
		}
	}
	if c.out {
		return false
	}
	c.seen = now
	before := c.delay
	measures := s.measures(c, now, &a)
	if measures {
		s.take(c, now, a.Delay)
	}
	switch {
	case c.suspect:
		s.clear(c, measures)
	case measures && !a.Late && a.Mode != Race && a.Mode != Discover:
		s.compare(c, before, a.Delay)
	}
	if !a.Late && a.Mode == Race && a.Attempt == 0 {
		s.raced(c, now, a.Delay)
	}
	if measures && c.delay == before && c.now == isMeasured && s.doubt == 0 && s.claims%refreshClaims != 0 &&
		a.Mode != Race && (s.next == 0 || now < s.next) {
		return false
	}
	return s.refresh(now)
}

// admit takes up whoever answers for the first time. The server is one of those that race only when it answers a
// first SYN by itself.
func (s *Service) admit(now time.Duration, a *Answer) *candidate {
	if a.Replica == Server && (!s.policy.Origin || a.Mode != Discover || a.Attempt != 0) {
		if !a.Late {
			s.claims++
		}
		return nil
	}
	if len(s.candidates) == 0 && a.Mode == Discover && a.Attempt == 0 {
		// Triangles are nearly always flat: whoever is nearer than the first to answer does so soon after it.
		s.hold = now + a.Delay
	}
	return s.add(a.Replica, now)
}

// discoveredWithoutServer forgets the server when it no longer races: a replica has won a discovery, and the server would
// have answered it too.
func (s *Service) discoveredWithoutServer() {
	s.serverless++
	if s.serverless <= serverlessMost {
		return
	}
	s.candidates = slices.DeleteFunc(s.candidates, func(c candidate) bool { return c.addr == Server && !c.out })
}

// serverlessMost is more than are under way at once when a service is new.
const serverlessMost = 8

// measures says whether an answer's delay is a round trip. Discovered answers come by way of the server, so only the
// server's own is one; an answer from somebody who was not among the legs when the SYN went out was discovered.
func (s *Service) measures(c *candidate, now time.Duration, a *Answer) bool {
	if a.Delay <= 0 || a.Attempt != 0 {
		return false
	}
	if a.Mode == Discover {
		c.detour = a.Delay
		return a.Replica == Server
	}
	sent := now - a.Delay
	if c.joined > sent || !c.leg && c.left < sent || !c.leg && c.joined == c.left {
		return false
	}
	// The same replica may be asked by a discovery beside a race: an answer that takes as long as those do is taken for
	// one, and what is much later than it should be has to come twice in a row.
	if a.Mode == Race && a.Late && s.choice.Scout > 0 && c.delay != 0 {
		if a.Delay <= s.policy.keeps(c.delay) {
			c.slow = 0
			return true
		}
		if c.detour != 0 && a.Delay <= s.policy.keeps(c.detour) && c.detour <= s.policy.keeps(a.Delay) {
			return false
		}
		c.slow++
		return c.slow > 1
	}
	return true
}

// take makes a round trip part of the estimate.
func (s *Service) take(c *candidate, now, delay time.Duration) {
	if c.suspect {
		c.forget()
	}
	c.sample(delay)
	c.measured, c.claims = now, s.claims
	c.asked, c.silent = 0, 0
	if c.misses > 0 {
		c.misses--
	}
}

// clear ends a suspicion: the replica is alive. If its answer was no measurement, what was measured before holds.
func (s *Service) clear(c *candidate, measures bool) {
	c.suspect, c.silent, c.slow = false, 0, 0
	if best := s.best(); best == 0 || c.delay != 0 && c.delay <= s.policy.keeps(best) {
		s.doubtFor(trial(c))
	}
	if !measures && c.delay == 0 {
		c.asked = 0
	}
}

// best is the shortest delay among those that have a share, or had one before the doubt; 0: nobody has.
func (s *Service) best() (best time.Duration) {
	for i := range s.candidates {
		if c := &s.candidates[i]; c.member && !c.suspect && !c.out && (best == 0 || c.delay < best) {
			best = c.delay
		}
	}
	return best
}

// compare doubts when a direct answer took longer than another's would. One that does not turn out to be right is paid
// for by the next having to last.
func (s *Service) compare(c *candidate, before, delay time.Duration) {
	if delay <= s.policy.near(before) {
		c.slow = 0
		return
	}
	slower := false
	for i := range s.candidates {
		o := &s.candidates[i]
		if o != c && o.delay != 0 && !o.out && !o.suspect && delay > s.policy.near(o.delay) {
			slower = true
		}
	}
	if !slower {
		c.slow = 0
		return
	}
	if c.slow++; c.slow > 2 || s.claims >= s.calm {
		c.slow = 0
		s.calm = s.claims + calmClaims
		s.doubtFor(agreement)
	}
}

const (
	// Answers that are as expected change nothing but the count of connections, on which other things depend.
	refreshClaims = 8
	// After a doubt about a delay, so many connections pass before a single slow answer makes another.
	calmClaims = 256
	// Doubt that so many races do not settle is about equals.
	doubtMost = 64
)

// raced takes in that a replica won a race: who was silent in it, and whether doubt is over.
func (s *Service) raced(winner *candidate, now, delay time.Duration) {
	for i := range s.candidates {
		c := &s.candidates[i]
		if c == winner || !c.leg || c.suspect || c.out || delay <= 0 || c.joined > now-delay {
			continue
		}
		switch {
		case c.delay == 0 || s.stale(c, now):
			if c.asked++; c.asked >= mute {
				if c.asked == mute {
					c.since, c.sinceClaims = now, s.claims
				}
				c.asked = mute
			}
		case s.policy.keeps(c.delay) < delay:
			if c.silent++; c.silent >= silences {
				c.silent = 0
				s.demote(c, now)
			}
		}
	}
	if s.doubt == 0 {
		if best := s.best(); winner.now == isMeasured && !winner.member && delay > 0 && delay < best && s.policy.near(delay) < best {
			s.doubtFor(agreement)
		}
		return
	}
	if winner.member {
		s.doubt--
	} else {
		s.doubt = max(s.doubt, agreement)
	}
	if s.claims-s.doubtClaims > doubtMost+2*uint64(trial(winner)) {
		s.doubt = 0
	}
}
