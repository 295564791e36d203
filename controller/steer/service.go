package steer

import (
	"net/netip"
	"time"
)

// Service is what one client gateway knows of one service (server address and port), and what it does with it.
type Service struct {
	policy     Policy
	candidates []candidate
	choice     Choice
	draft      Choice // scratch
	order      []int  // scratch

	claims uint64        // connections that were answered
	hold   time.Duration // until then others may answer the first discovery
	next   time.Duration // when time alone changes something; 0: never

	doubt       int    // races that have to agree before anybody is trusted with connections alone
	doubtClaims uint64 // since when
	calm        uint64 // no doubt about mere delays before so many claims
	serverless  uint8  // discoveries in a row that the server did not answer
}

// New makes a service of which nothing is known.
func New(p Policy) *Service {
	p.Legs, p.Group = max(p.Legs, 1), max(p.Group, 4)
	return &Service{policy: p}
}

// Answer is a SYN-ACK that proved itself.
type Answer struct {
	// Replica is who answered; Server when it was the server itself.
	Replica netip.Addr
	// Delay is the time since the connection's first SYN; 0 when it is not known.
	Delay time.Duration
	// Mode is how that SYN went out. A SYN that went direct may have been raced for want of patience.
	Mode Mode
	// Attempt counts the SYN's retransmissions. With any, the delay measures nothing, for it is not known what was
	// answered.
	Attempt uint8
	// Late says that another answer had come before.
	Late bool
}

// Choice is how connections go out now. It is valid until a method says that it changed.
func (s *Service) Choice() *Choice { return &s.choice }

// Next is when Tick is to be called; 0 when time alone changes nothing. Answers may change it.
func (s *Service) Next() time.Duration { return s.next }

// Tick lets time pass. Like every method that takes the time it says whether the choice has changed.
func (s *Service) Tick(now time.Duration) bool { return s.refresh(now) }

// SetPolicy changes the policy.
func (s *Service) SetPolicy(now time.Duration, p Policy) bool {
	p.Legs, p.Group = max(p.Legs, 1), max(p.Group, 4)
	s.policy = p
	for i := range s.candidates {
		s.candidates[i].weight = p.weight(s.candidates[i].addr)
	}
	return s.refresh(now)
}

// Revive says that a replica is alive, or has come back into use: it is raced at once.
func (s *Service) Revive(now time.Duration, replica netip.Addr) bool {
	c := s.find(replica)
	if c == nil {
		if c = s.add(replica, now); c == nil {
			return false
		}
	}
	if !c.out && !c.suspect && c.delay != 0 && c.asked < mute {
		return false
	}
	c.out, c.suspect, c.asked, c.silent, c.seen = false, false, 0, 0, now
	c.measured = now - s.policy.Trust - 1 // what was measured is not trusted any more
	c.claims = s.claims - fewClaims
	c.forget()
	return s.refresh(now)
}

// Remove takes a replica out of use, whatever it answers, until it is revived.
func (s *Service) Remove(now time.Duration, replica netip.Addr) bool {
	c := s.find(replica)
	if c == nil {
		if c = s.add(replica, now); c == nil {
			return false
		}
	}
	c.out, c.suspect = true, false
	return s.refresh(now)
}

// Suspect says that a replica is not expected to answer for the moment, because it is busy for instance. It stays in the
// races, and is used again once it answers one.
func (s *Service) Suspect(now time.Duration, replica netip.Addr) bool {
	c := s.find(replica)
	if c == nil || c.out || c.suspect {
		return false
	}
	s.demote(c, now)
	return s.refresh(now)
}

// Unanswered says that a SYN which went direct to a replica is sent again. If the replica has answered others meanwhile
// the packet was lost, which happens to every replica now and then; one that loses many is a suspect all the same.
func (s *Service) Unanswered(now time.Duration, replica netip.Addr) bool {
	c := s.find(replica)
	if c == nil || c.out || c.suspect || s.lost(c, now) {
		return false
	}
	return s.Overdue(now, replica)
}

// Overdue says that a replica owes answers for longer than its patience, and has answered nobody since.
func (s *Service) Overdue(now time.Duration, replica netip.Addr) bool {
	c := s.find(replica)
	if c == nil || c.out || c.suspect {
		return false
	}
	s.demote(c, now)
	s.doubtFor(trial(c))
	return s.refresh(now)
}

// RaceUnanswered says that a SYN which was raced is sent again: none of the legs has answered it.
func (s *Service) RaceUnanswered(now time.Duration) bool {
	for i := range s.candidates {
		if c := &s.candidates[i]; c.leg && !c.out && !c.suspect && !s.lost(c, now) {
			s.demote(c, now)
		}
	}
	return s.refresh(now)
}

// lost says whether a SYN that is sent again was lost on its way to a replica that is there.
func (s *Service) lost(c *candidate, now time.Duration) bool {
	if now-c.seen > retransmission {
		return false
	}
	c.misses += missWeight
	return c.misses <= missesMost
}

const (
	// A SYN is sent again after a second (RFC 6298, section 2.1), at this distance or a little more.
	retransmission = 900 * time.Millisecond
	// A replica that loses more than one of so many SYNs becomes a suspect,
	missWeight = 8
	// once it has lost so many more than that.
	missesMost = 3 * missWeight
)

// demote makes a candidate a suspect.
func (s *Service) demote(c *candidate, now time.Duration) {
	if c.relapses < maxRelapses && s.claims-c.sinceClaims < relapseClaims+2*uint64(trial(c)) && c.sinceClaims != 0 {
		c.relapses++
	} else if c.relapses > 0 {
		c.relapses--
	}
	c.suspect, c.since, c.sinceClaims, c.misses = true, now, s.claims+1, 0
}

// Who is silent again soon after he came back is trusted less each time: when he comes back, more races have to agree
// before connections depend on him alone. A replica at the limit of what it takes is silent now and then.
const (
	agreement     = 3
	maxRelapses   = 6
	relapseClaims = 32
)

func trial(c *candidate) int {
	if c.relapses == 0 {
		return 1
	}
	return agreement << (c.relapses - 1)
}

// doubtFor has everyone race until so many races agree.
func (s *Service) doubtFor(races int) {
	if s.doubt == 0 {
		s.doubtClaims = s.claims
	}
	s.doubt = max(s.doubt, races)
}
