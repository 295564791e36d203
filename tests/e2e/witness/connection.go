package witness

import (
	"fmt"
	"net/netip"
	"time"
)

// connectionID tells one connection from the next between the same ports.
type connectionID struct {
	client endpoint
	isn    uint32
}

// answer is a SYN-ACK that reached the client gateway.
type answer struct {
	speaker [4]byte
	isn     uint32 // of the one who answers
	at      time.Time
}

// connection is what was seen of one connection's opening.
type connection struct {
	server  endpoint
	started time.Time
	syns    int // from the client
	tagged  int // that left the client gateway with a tag
	answers []answer
	resets  map[[4]byte]int
	given   int    // answers that the client was given
	isn     uint32 // of the first of them
	winner  int    // index of that one in answers, -1: not seen
	won     time.Time
}

// Opening tells how a connection began.
type Opening struct {
	Server   netip.AddrPort
	SYNs     int  // that the client sent
	Tagged   int  // that left the client gateway with a tag
	Answered bool // the client was given an answer
	Winner   netip.Addr
	After    time.Duration // from the first SYN to the answer, unscaled
	Late     int           // answers that came after the winner's, from others
	Repeated int           // from the winner again
	Reset    []netip.Addr  // who was reset, each once
	Speakers []netip.Addr  // who answered, in the order of arrival
}

// first returns the answer that won.
func (c *connection) first() (answer, bool) {
	if c.given == 0 || c.winner < 0 {
		return answer{}, false
	}
	return c.answers[c.winner], true
}

// late counts the answers of others after the winner's, by who sent them.
func (c *connection) late() map[[4]byte]int {
	won, ok := c.first()
	if !ok {
		return nil
	}
	late := make(map[[4]byte]int)
	for _, a := range c.answers[c.winner+1:] {
		if a.speaker != won.speaker {
			late[a.speaker]++
		}
	}
	return late
}

// unreset tells of a late answer that was not reset.
func (c *connection) unreset() error {
	for speaker, n := range c.late() {
		if c.resets[speaker] < n {
			return fmt.Errorf("%d late answers from %v, but %d resets", n, netip.AddrFrom4(speaker), c.resets[speaker])
		}
	}
	return nil
}

func (c *connection) opening() Opening {
	o := Opening{Server: c.server.addrPort(), SYNs: c.syns, Tagged: c.tagged, Answered: c.given > 0}
	if won, ok := c.first(); ok {
		o.Winner, o.After = netip.AddrFrom4(won.speaker), won.at.Sub(c.started)
		for i, a := range c.answers {
			if i != c.winner && a.speaker == won.speaker {
				o.Repeated++
			}
		}
	}
	for _, n := range c.late() {
		o.Late += n
	}
	for speaker := range c.resets {
		o.Reset = append(o.Reset, netip.AddrFrom4(speaker))
	}
	for _, a := range c.answers {
		o.Speakers = append(o.Speakers, netip.AddrFrom4(a.speaker))
	}
	return o
}
