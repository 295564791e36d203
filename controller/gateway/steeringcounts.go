package gateway

import (
	"net/netip"

	"github.com/firstack/firstack/controller/steer"
)

// SteeringCounts count a service's connections by how their SYN went out, as answers told, and what went unanswered.
type SteeringCounts struct {
	Discovered uint64 // by the server gateway
	Raced      uint64 // by the client gateway, with a discovery beside or without
	Direct     uint64 // meant for one replica, or for the server alone; raced for want of patience or not
	Unanswered uint64 // raced or direct SYNs that came a second time
	Overdue    uint64 // direct SYNs that found their replica owing an answer beyond patience
}

// Answered is how many connections were answered.
func (c *SteeringCounts) Answered() uint64 { return c.Discovered + c.Raced + c.Direct }

func (c *SteeringCounts) answered(m steer.Mode) {
	switch m {
	case steer.Discover:
		c.Discovered++
	case steer.Race:
		c.Raced++
	default:
		c.Direct++
	}
}

// counts gives a service's counts; nil where the service is neither listed nor steered, for addresses come from outside.
func (s *steering) countsOf(server netip.AddrPort) *SteeringCounts {
	one := s.counts[server]
	if one == nil && (s.listed[server] != nil || s.services[server] != nil) {
		one = &SteeringCounts{}
		s.counts[server] = one
	}
	return one
}

// forgetCounts drops those of services that are neither listed nor steered any more.
func (s *steering) forgetCounts() {
	for server := range s.counts {
		if s.listed[server] == nil && s.services[server] == nil {
			delete(s.counts, server)
		}
	}
}
