package steer

import (
	"cmp"
	"net/netip"
	"slices"
	"time"
)

// refresh makes the choice anew and says whether it differs. It allocates nothing once the service has its size.
func (s *Service) refresh(now time.Duration) bool {
	s.expire(now)
	s.members(now)
	s.compose(now)
	s.schedule(now)
	if s.draft.Equal(&s.choice) {
		return false
	}
	s.choice.set(&s.draft)
	return true
}

// members settles who would share the direct connections: the nearest, those within the margin of it, and those that
// had a share and are not much beyond.
func (s *Service) members(now time.Duration) {
	var best time.Duration
	for i := range s.candidates {
		c := &s.candidates[i]
		c.now = s.state(c, now)
		if c.now == isMeasured && (best == 0 || c.delay < best) {
			best = c.delay
		}
	}
	near, keeps := s.policy.near(best), s.policy.keeps(best)
	for i := range s.candidates {
		c := &s.candidates[i]
		c.member = c.now == isMeasured && (c.delay <= near || c.member && c.delay <= keeps)
	}
}

// compose writes the draft.
func (s *Service) compose(now time.Duration) {
	d := &s.draft
	d.Race, d.Scout = 0, 0
	d.Direct, d.Legs, d.Scouts = d.Direct[:0], d.Legs[:0], d.Scouts[:0]
	alive, unmeasured, every := s.line(now)
	s.enlist(now)
	replicas := 0
	for _, a := range d.Legs {
		if a != Server {
			replicas++
		}
	}
	switch {
	case replicas == 0, alive == 0, s.policy.Furthest == Discover, len(s.candidates) == 1 && now < s.hold:
		d.Legs = d.Legs[:0]
		return
	case unmeasured > 0, s.doubt > 0 && len(d.Legs) > 1:
		d.Race = 1
		return
	}
	group := s.policy.Group
	scout := share(group, s.policy.ScoutEvery)
	race := 0
	switch {
	case len(d.Legs) == 1:
	case every > 0:
		race = max(share(group, every), share(group, s.policy.RaceEvery))
	default:
		race = share(group, s.policy.RaceEvery)
	}
	d.Scout = uint16(scout)
	s.scouts()
	if s.policy.Furthest == Race {
		d.Race = uint16(group - scout)
		return
	}
	d.Race = uint16(race)
	s.divide(group - race - scout)
}

func share(group, every int) int {
	if every <= 0 {
		return 0
	}
	return min(max(group/every, 1), group/2)
}

// line puts those who may be raced in the order of who is to be: first who has a share, then who is to be measured,
// then suspects that would have a share, then the others by delay. It says how many of them are no suspects, how many are to be
// measured, and of how many connections one is to race for the suspects' sake; 0: there are none.
func (s *Service) line(now time.Duration) (alive, unmeasured, every int) {
	best := s.best()
	s.order = s.order[:0]
	for i := range s.candidates {
		c := &s.candidates[i]
		switch c.now {
		case isUnmeasured:
			alive++
			unmeasured++
		case isSuspect:
			if c.delay == 0 || best != 0 && c.delay > s.policy.near(best) {
				continue
			}
			every = oftener(every, s.suspicion(c))
		case isMute:
			if now-c.since < s.gone() {
				continue // the answer may be on its way
			}
			every = oftener(every, s.curiosity(c))
		case isMeasured:
			alive++
		default:
			continue
		}
		s.order = append(s.order, i)
	}
	slices.SortFunc(s.order, func(i, j int) int {
		a, b := &s.candidates[i], &s.candidates[j]
		ra, rb := a.rank(), b.rank()
		if ra != rb || ra != rankUnmeasured {
			return cmp.Or(cmp.Compare(ra, rb), cmp.Compare(s.distance(a), s.distance(b)), a.addr.Compare(b.addr))
		}
		return cmp.Or(cmp.Compare(a.asked, b.asked), cmp.Compare(a.delay, b.delay), a.addr.Compare(b.addr))
	})
	return alive, unmeasured, every
}

// Suspects are raced with often at first, and less the longer they are silent.
func (s *Service) suspicion(c *candidate) int {
	switch silent := s.claims + 1 - c.sinceClaims; {
	case silent < 256:
		return 2
	case silent < 1024:
		return 4
	}
	return 16
}

// Whoever never answered a race may be dead, or out of reach of this gateway. How near he would be is not known.
func (s *Service) curiosity(c *candidate) int {
	if s.claims+1-c.sinceClaims < 64 {
		return 4
	}
	return 32
}

// gone is the time after which an answer does not come any more.
func (s *Service) gone() time.Duration { return 20 * s.policy.Patience }

func oftener(every, n int) int {
	if every == 0 {
		return n
	}
	return min(every, n)
}

const (
	rankMember = iota
	rankUnmeasured
	rankSuspect
	rankOther
)

func (c *candidate) rank() int {
	switch c.now {
	case isUnmeasured:
		return rankUnmeasured
	case isSuspect, isMute:
		return rankSuspect
	}
	if c.member {
		return rankMember
	}
	return rankOther
}

// distance orders the legs: whoever is one already stays it unless another is much nearer.
func (s *Service) distance(c *candidate) time.Duration {
	if c.leg {
		return c.delay
	}
	return s.policy.keeps(c.delay)
}

// enlist takes the legs from the line: one with a share at least, and as many others as there is room for; the server
// beside them.
func (s *Service) enlist(now time.Duration) {
	d := &s.draft
	d.Legs = d.Legs[:0]
	room := s.policy.Legs
	others := 0 // who is in line for a reason of his own
	for _, i := range s.order {
		if r := s.candidates[i].rank(); s.candidates[i].addr != Server && (r == rankUnmeasured || r == rankSuspect) {
			others++
		}
	}
	members := max(1, room-others)
	for _, i := range s.order {
		c := &s.candidates[i]
		switch {
		case c.addr == Server:
			d.Legs = append(d.Legs, c.addr)
			continue
		case room == 0:
			continue
		case c.rank() == rankMember:
			if members == 0 {
				continue
			}
			members--
		}
		room--
		d.Legs = append(d.Legs, c.addr)
	}
	slices.SortFunc(d.Legs, netip.Addr.Compare)
	for i := range s.candidates {
		c := &s.candidates[i]
		leg := slices.Contains(d.Legs, c.addr)
		if leg && !c.leg {
			c.joined = now
		} else if !leg && c.leg {
			c.left = now
		}
		c.leg = leg
	}
}

// scouts gives a discovery company that answers well.
func (s *Service) scouts() {
	d := &s.draft
	if s.policy.Furthest == Race {
		d.Scouts = append(d.Scouts, d.Legs...)
		return
	}
	for _, i := range s.order {
		if c := &s.candidates[i]; c.member {
			d.Scouts = append(d.Scouts, c.addr)
			break
		}
	}
	if old := s.choice.Scouts; len(old) == 1 { // whoever has it keeps it
		if c := s.find(old[0]); c != nil && c.member {
			d.Scouts[0] = old[0]
		}
	}
}

// divide gives the members their shares of a weight.
func (s *Service) divide(total int) {
	d := &s.draft
	sum := 0
	for _, i := range s.order {
		if c := &s.candidates[i]; c.member && c.leg && len(d.Direct) < min(maxShares, total) {
			d.Direct = append(d.Direct, Share{Replica: c.addr, Weight: c.weight, Patience: s.patience(c)})
			sum += int(c.weight)
		}
	}
	slices.SortFunc(d.Direct, func(a, b Share) int { return a.Replica.Compare(b.Replica) })
	given, before := 0, 0
	for i := range d.Direct {
		// Up to here, rounded; and 1 at least to everybody.
		before += int(d.Direct[i].Weight)
		upto := max((total*before+sum/2)/sum, given+1)
		upto = min(upto, total-(len(d.Direct)-1-i))
		d.Direct[i].Weight = uint16(upto - given)
		given = upto
	}
}

// maxShares is the most replicas among which connections are shared.
const maxShares = 16

// patience stays what it was while that is not far off: it is part of a table entry.
func (s *Service) patience(c *candidate) time.Duration {
	want := s.policy.patience(c.delay)
	for i := range s.choice.Direct {
		if o := &s.choice.Direct[i]; o.Replica == c.addr && o.Patience >= want-want/4 && o.Patience <= want+want/2 {
			return o.Patience
		}
	}
	return want
}

// schedule settles when time alone changes something.
func (s *Service) schedule(now time.Duration) {
	s.next = 0
	at := func(t time.Duration) {
		if t > now && (s.next == 0 || t < s.next) {
			s.next = t
		}
	}
	if len(s.candidates) == 1 {
		at(s.hold)
	}
	for i := range s.candidates {
		c := &s.candidates[i]
		switch {
		case c.out:
		case c.suspect || c.asked >= mute:
			at(c.since + s.gone())
			at(c.since + s.policy.Trust + 1)
		case c.delay != 0:
			at(c.measured + s.policy.Trust + 1)
		}
	}
}
