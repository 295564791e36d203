package steer

import (
	"net/netip"
	"slices"
	"time"
)

// Server stands for the server itself where a replica is asked for.
var Server netip.Addr

// Choice says how connections go out. Weights are shares of their sum. Without any, everything is discovered. It is
// valid until the Service changes it; callers do not write to it.
type Choice struct {
	// Race is the weight of connections raced to Legs.
	Race uint16
	// Scout is the weight of connections raced to Scouts with a discovery beside them.
	Scout uint16
	// Direct lists who gets connections alone, by address, and with what weight.
	Direct []Share
	// Legs are the replicas of a race, by address, the server first. SYNs for somebody whose answer is overdue are
	// raced to them as well.
	Legs []netip.Addr
	// Scouts are the replicas that are raced beside a discovery.
	Scouts []netip.Addr
}

// Share is a replica's part of the direct connections.
type Share struct {
	Replica netip.Addr
	Weight  uint16
	// Patience is the time within which an answer to a direct SYN has to come.
	Patience time.Duration
}

// Way is what one connection's SYN does.
type Way struct {
	Mode    Mode
	Scout   bool         // Race: a discovery goes along
	Legs    []netip.Addr // Race
	Replica netip.Addr   // Direct; Server with DirectServer
}

// Total is the sum of the weights; 0: everything is discovered.
func (c *Choice) Total() int {
	sum := int(c.Race) + int(c.Scout)
	for i := range c.Direct {
		sum += int(c.Direct[i].Weight)
	}
	return sum
}

// Pick gives the way of a connection whose hash is n: what the switch's selector does.
func (c *Choice) Pick(n uint32) Way {
	total := c.Total()
	if total == 0 {
		return Way{Mode: Discover}
	}
	at := int(n % uint32(total))
	for i := range c.Direct {
		if at -= int(c.Direct[i].Weight); at < 0 {
			if c.Direct[i].Replica == Server {
				return Way{Mode: DirectServer}
			}
			return Way{Mode: Direct, Replica: c.Direct[i].Replica}
		}
	}
	if at -= int(c.Race); at < 0 {
		return Way{Mode: Race, Legs: c.Legs}
	}
	return Way{Mode: Race, Scout: true, Legs: c.Scouts}
}

// Equal says whether two choices do the same.
func (c *Choice) Equal(o *Choice) bool {
	return c.Race == o.Race && c.Scout == o.Scout && slices.Equal(c.Direct, o.Direct) &&
		slices.Equal(c.Legs, o.Legs) && slices.Equal(c.Scouts, o.Scouts)
}

// set makes c a copy of o, in c's own memory.
func (c *Choice) set(o *Choice) {
	c.Race, c.Scout = o.Race, o.Scout
	c.Direct = append(c.Direct[:0], o.Direct...)
	c.Legs = append(c.Legs[:0], o.Legs...)
	c.Scouts = append(c.Scouts[:0], o.Scouts...)
}
