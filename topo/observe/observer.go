// Package observe reads races off the wire: it watches the frames of a network and says, for each connection of
// the clients, which answers came, when, and what became of them. It knows nothing of the switches' state; what
// it tells is what a capture at the client gateway would show.
package observe

import (
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Fate is what became of an answer.
type Fate string

// Won: it went to the client. Late: it met a winner and its sender got a reset. Repeated: the winner again.
const (
	Won      Fate = "won"
	Late     Fate = "late"
	Repeated Fate = "repeated"
)

// Answer is one SYN-ACK that reached the client gateway.
type Answer struct {
	From netip.Addr
	At   time.Duration // since the client sent its SYN
	Fate Fate
}

// Race is one connection's handshake.
type Race struct {
	Client, Server netip.AddrPort
	Start          time.Time
	SYNs           int                          // that the client sent
	Copies         []Copy                       // of them, that its gateway sent
	Legs           map[netip.Addr]time.Duration // arrival of the SYN at a replica's gateway, since Start
	Answers        []Answer
	Resets         []netip.Addr // receivers of the gateway's resets
}

// Winner returns the sender of the answer that won, if one did.
func (r *Race) Winner() (netip.Addr, bool) {
	for _, a := range r.Answers {
		if a.Fate == Won {
			return a.From, true
		}
	}
	return netip.Addr{}, false
}

// Observer keeps the races seen.
type Observer struct {
	gateways map[string]bool // client gateways
	replicas map[string]bool // replica gateways

	mu    sync.Mutex
	races map[netip.AddrPort]*Race
}

// New watches the named client gateways and replica gateways.
func New(clientGateways, replicaGateways []string) *Observer {
	o := &Observer{gateways: map[string]bool{}, replicas: map[string]bool{}, races: map[netip.AddrPort]*Race{}}
	for _, name := range clientGateways {
		o.gateways[name] = true
	}
	for _, name := range replicaGateways {
		o.replicas[name] = true
	}
	return o
}

// Frame is one frame between two nodes, at the moment it was sent or arrived.
type Frame struct {
	At        time.Time
	From, To  string
	Delivered bool
	Data      []byte
}

// See takes a frame into account. Safe for concurrent use; Data is not kept.
func (o *Observer) See(f Frame) {
	intoGateway, fromGateway := o.gateways[f.To] && f.Delivered, o.gateways[f.From] && !f.Delivered
	intoReplica := o.replicas[f.To] && f.Delivered
	if !intoGateway && !fromGateway && !intoReplica {
		return
	}
	seg, ok := Decode(f.Data)
	if !ok {
		return
	}
	syn, ack, rst := seg.TCP.SYN, seg.TCP.ACK, seg.TCP.RST
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case intoGateway && syn && !ack && seg.Outer == nil:
		o.start(seg, f.At)
	case intoGateway && syn && ack:
		o.answer(seg, f.At)
	case intoReplica && syn && !ack && seg.Outer != nil:
		if race := o.races[seg.Src]; race != nil {
			if _, seen := race.Legs[seg.Outer.Dst]; !seen {
				race.Legs[seg.Outer.Dst] = f.At.Sub(race.Start)
			}
		}
	case fromGateway && syn && !ack:
		o.copied(seg, f.At)
	case fromGateway && rst && !ack:
		if race := o.races[seg.Src]; race != nil {
			to := seg.Dst.Addr()
			if seg.Outer != nil {
				to = seg.Outer.Dst
			}
			race.Resets = append(race.Resets, to)
		}
	}
}

func (o *Observer) start(seg Segment, at time.Time) {
	race := o.races[seg.Src]
	if race == nil || race.Server != seg.Dst || len(race.Answers) > 0 {
		race = &Race{Client: seg.Src, Server: seg.Dst, Start: at, Legs: map[netip.Addr]time.Duration{}}
		o.races[seg.Src] = race
	}
	race.SYNs++
}

func (o *Observer) answer(seg Segment, at time.Time) {
	race := o.races[seg.Dst]
	if race == nil {
		return
	}
	from := seg.Speaker(race.Server.Addr())
	fate := Late
	if winner, ok := race.Winner(); !ok {
		fate = Won
	} else if winner == from {
		fate = Repeated
	}
	race.Answers = append(race.Answers, Answer{From: from, At: at.Sub(race.Start), Fate: fate})
}

// Race returns what was seen of the client's connection, or nil.
func (o *Observer) Race(client netip.AddrPort) *Race {
	o.mu.Lock()
	defer o.mu.Unlock()
	race := o.races[client]
	if race == nil {
		return nil
	}
	c := *race
	c.Copies = slices.Clone(race.Copies)
	c.Answers = slices.Clone(race.Answers)
	c.Resets = slices.Clone(race.Resets)
	c.Legs = map[netip.Addr]time.Duration{}
	for k, v := range race.Legs {
		c.Legs[k] = v
	}
	return &c
}

// Forget drops what is known of the client's connection.
func (o *Observer) Forget(client netip.AddrPort) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.races, client)
}
