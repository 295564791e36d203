package steer

import (
	"net/netip"
	"slices"
	"time"
)

// candidate is what is known of a replica, or of the server.
type candidate struct {
	addr   netip.Addr
	weight uint16

	delay    time.Duration // estimate of the round trip; 0: never measured
	detour   time.Duration // delay of its discovered answers, lately; 0: none came
	last     [3]time.Duration
	samples  uint8         // in last
	seen     time.Duration // when it answered anything
	measured time.Duration // when it answered a SYN of the gateway's own
	claims   uint64        // the service's count then

	out     bool // by the caller's word: not to be used
	suspect bool // it owed an answer and did not give it
	member  bool // it has a share of the direct connections
	leg     bool // it is raced

	joined, left time.Duration // when it was taken into the legs, and out

	now state // as of the last refresh

	asked  uint8 // races without an answer while it was not measured
	silent uint8 // races in a row that others won though it should have
	misses uint8 // lost SYNs, weighed against answered ones
	slow   uint8 // direct answers in a row that were slower than another's would be

	since       time.Duration // when it became a suspect, or mute
	sinceClaims uint64
	relapses    uint8
}

// Candidates that do not answer so many races have not been found to answer SYNs from the gateway itself.
const mute = 3

// Races won by others over somebody who is nearer, after which he is a suspect.
const silences = 2

// A delay beyond Trust stays good for so many connections, but for those who have a share: where connections are few, most
// of them would race for nothing.
const fewClaims = 64

// state orders what may become of a candidate.
type state uint8

const (
	isOut        state = iota // not to be used
	isMute                    // does not answer the gateway's own SYNs
	isSuspect                 // silent lately
	isUnmeasured              // there, but how far is not known, or not any more
	isMeasured
)

func (s *Service) state(c *candidate, now time.Duration) state {
	switch {
	case c.out, c.addr == Server && !s.policy.Origin:
		return isOut
	case c.suspect:
		return isSuspect
	case c.delay != 0 && !s.stale(c, now):
		return isMeasured
	case c.asked >= mute:
		return isMute
	}
	return isUnmeasured
}

func (s *Service) stale(c *candidate, now time.Duration) bool {
	return now-c.measured > s.policy.Trust && (c.member || s.claims-c.claims >= fewClaims)
}

// sample takes in a measured round trip. Upwards it is half of the way to the median of the last three, so that one
// straggler moves nothing and three are most of the way; downwards the worse of two, for nothing makes a packet faster
// than its path.
func (c *candidate) sample(delay time.Duration) {
	before := c.last[0]
	c.last[2], c.last[1], c.last[0] = c.last[1], before, delay
	c.samples = min(c.samples+1, 3)
	l := &c.last
	switch {
	case c.samples == 1:
		c.delay = delay
	case max(l[0], l[1]) < c.delay:
		c.delay = max(l[0], l[1])
	case c.samples == 3:
		median := max(min(l[0], l[1]), min(max(l[0], l[1]), l[2]))
		if median > c.delay {
			c.delay += (median - c.delay + 1) / 2
		}
	}
}

// forget drops what was measured, but for the estimate, which orders the races.
func (c *candidate) forget() { c.samples = 0 }

func (s *Service) find(a netip.Addr) *candidate {
	for i := range s.candidates {
		if s.candidates[i].addr == a {
			return &s.candidates[i]
		}
	}
	return nil
}

// maxCandidates bounds how many replicas of a service are kept: addresses come from outside.
const maxCandidates = 64

// add takes up a candidate; nil when there is no room.
func (s *Service) add(a netip.Addr, now time.Duration) *candidate {
	if len(s.candidates) >= maxCandidates {
		return nil
	}
	s.candidates = append(s.candidates, candidate{addr: a, weight: s.policy.weight(a), seen: now})
	return &s.candidates[len(s.candidates)-1]
}

// expire forgets who was silent, or mute, for as long as anything is trusted.
func (s *Service) expire(now time.Duration) {
	for i := 0; i < len(s.candidates); {
		c := &s.candidates[i]
		if !c.out && (c.suspect || c.asked >= mute) && now-c.since > s.policy.Trust {
			s.candidates = slices.Delete(s.candidates, i, i+1)
			continue
		}
		i++
	}
}
