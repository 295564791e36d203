package plan

import (
	"net/netip"
	"slices"
	"time"

	"github.com/firstack/firstack/controller/gateway/flow"
	"github.com/firstack/firstack/controller/p4rt"
	"github.com/firstack/firstack/controller/steer"
	"github.com/firstack/firstack/tables"
	"github.com/firstack/firstack/tables/clientgateway"
)

// Steered is a service and how its connections are to go out.
type Steered struct {
	Server netip.AddrPort
	Choice *steer.Choice
	// Speakers tell in which form replicas answer, by address; steer.Server needs none.
	Speakers map[netip.Addr]Speaker
}

// Speaker is the form of a replica's answers. In form C the port is the server's.
type Speaker struct {
	Form flow.Form
	Port uint16
}

// steering collects the stages.
type steering struct {
	program *clientgateway.Program
	ticks   func(time.Duration) uint32
	routing *Routing
	hops    *Numbers[Hop]
	numbers *SteeringNumbers

	legs, groups, watched, ways collector
	done                        map[uint32]bool // legs
	kept                        map[clientgateway.WatchedKey]bool
}

// Steering is how SYNs are to go out: the legs, the groups of copies, whose answers are awaited, and the choices, which
// refer to all of these. Who has no route is left out.
func (c *Client) Steering(all []Steered, routing *Routing, hops *Numbers[Hop], numbers *SteeringNumbers) ([]Stage, error) {
	s := &steering{
		program: c.program, ticks: c.target.Clock.Ticks, routing: routing, hops: hops, numbers: numbers,
		done: map[uint32]bool{}, kept: map[clientgateway.WatchedKey]bool{},
	}
	slices.SortFunc(all, func(a, b Steered) int { return a.Server.Compare(b.Server) })
	for i := range all {
		if err := s.service(&all[i]); err != nil {
			return nil, err
		}
	}
	stages := []Stage{
		{Name: "racers", Tables: []uint32{c.program.Racers.ID()}, Entities: s.legs.entities},
		{Name: "race groups", Multicast: true, Entities: s.groups.entities},
		{Name: "watched", Tables: []uint32{c.program.Watched.ID()}, Entities: s.watched.entities},
		{Name: "steering", Tables: []uint32{c.program.Steering.ID()}, Entities: s.ways.entities},
	}
	for _, one := range []*collector{&s.legs, &s.groups, &s.watched, &s.ways} {
		if one.err != nil {
			return nil, one.err
		}
	}
	return stages, nil
}

func (s *steering) service(one *Steered) error {
	c := one.Choice
	if c.Total() == 0 {
		return nil
	}
	var set []tables.Weighted[clientgateway.SteeringAction]
	way := func(weight uint16, action clientgateway.SteeringAction) {
		if weight > 0 {
			set = append(set, tables.Weighted[clientgateway.SteeringAction]{Action: action, Weight: int32(weight)})
		}
	}
	var race, fallback uint16
	var err error
	if c.Race > 0 || len(c.Legs) > 1 {
		if race, err = s.group(one.Server, false, c.Legs); err != nil {
			return err
		}
	}
	if len(c.Legs) > 1 { // or it would be the same replica again
		fallback = race
	}
	if race != 0 {
		way(c.Race, clientgateway.RaceTo{Group: race})
	}
	if c.Scout > 0 {
		scout, err := s.group(one.Server, true, c.Scouts)
		if err != nil {
			return err
		}
		if scout != 0 {
			way(c.Scout, clientgateway.RaceTo{Group: scout})
		}
	}
	for _, a := range c.Legs {
		s.watch(one, a)
	}
	for _, d := range c.Direct {
		watch, patience := s.watch(one, d.Replica), s.ticks(d.Patience)
		if d.Replica == steer.Server {
			way(d.Weight, clientgateway.DirectServer{Watch: watch, Patience: patience, Group: fallback})
		} else if _, _, ok := s.routing.Lookup(d.Replica); ok {
			way(d.Weight, clientgateway.Direct{ReplicaAddr: d.Replica, Watch: watch, Patience: patience, Group: fallback})
		}
	}
	if len(set) > 0 {
		s.ways.add(s.program.Steering.Entity(clientgateway.SteeringEntry{
			Key: clientgateway.SteeringKey{ServerAddr: one.Server.Addr(), ServerPort: one.Server.Port()}, Set: set,
		}))
	}
	return nil
}

// group makes a multicast group and its legs; 0 when nobody can be reached.
func (s *steering) group(server netip.AddrPort, scout bool, members []netip.Addr) (uint16, error) {
	var copies []p4rt.Replica
	add := func(l Leg) error {
		hop, _, ok := s.routing.Lookup(l.To)
		if !ok {
			return nil
		}
		n, err := s.leg(l, hop)
		if err == nil {
			copies = append(copies, p4rt.Replica{Port: uint32(hop.Port), Instance: n})
		}
		return err
	}
	for _, a := range members {
		l := Leg{ToReplica, a}
		if a == steer.Server {
			l = Leg{ToServer, server.Addr()}
		}
		if err := add(l); err != nil {
			return 0, err
		}
	}
	if len(copies) == 0 {
		return 0, nil
	}
	if scout {
		if err := add(Leg{ToDiscovery, server.Addr()}); err != nil {
			return 0, err
		}
	}
	n, err := s.numbers.Groups.Get(SteeringGroup{server, scout})
	if err != nil {
		return 0, err
	}
	s.groups.add(p4rt.MulticastGroup(n, copies...), nil)
	return uint16(n), nil
}

// leg gives a leg's number; its entry is made once, for services share the legs to a replica.
func (s *steering) leg(l Leg, hop Hop) (uint32, error) {
	n, err := s.numbers.Legs.Get(l)
	if err != nil || s.done[n] {
		return n, err
	}
	s.done[n] = true
	next, err := s.hops.Get(hop)
	if err != nil {
		return 0, err
	}
	var action clientgateway.RacersAction
	switch l.Kind {
	case ToReplica:
		action = clientgateway.LegToReplica{ReplicaAddr: l.To, NextHop: uint16(next)}
	case ToServer:
		action = clientgateway.LegToServer{NextHop: uint16(next)}
	default:
		action = clientgateway.LegToDiscovery{NextHop: uint16(next)}
	}
	s.legs.add(s.program.Racers.Entity(clientgateway.RacersEntry{
		Key: clientgateway.RacersKey{Instance: uint16(n)}, Action: action,
	}))
	return n, nil
}

// watch has the switch know whose answers a replica's are. Without a cell, or while the form of the answers is not known,
// nothing is awaited: 0.
func (s *steering) watch(one *Steered, a netip.Addr) uint16 {
	key, ok := one.watched(a)
	if !ok {
		return 0
	}
	n, err := s.numbers.Watches.Get(key)
	if err != nil {
		return 0
	}
	if !s.kept[key] {
		s.kept[key] = true
		s.watched.add(s.program.Watched.Entity(clientgateway.WatchedEntry{Key: key, Action: clientgateway.Answers{Watch: uint16(n)}}))
	}
	return uint16(n)
}

func (one *Steered) watched(a netip.Addr) (clientgateway.WatchedKey, bool) {
	server, port := one.Server.Addr(), one.Server.Port()
	if a == steer.Server {
		return clientgateway.WatchedKey{SourceAddr: server, PeerAddr: server, PeerPort: port}, true
	}
	speaker := one.Speakers[a]
	switch speaker.Form {
	case flow.FormA:
		return clientgateway.WatchedKey{SourceAddr: a, PeerAddr: a, PeerPort: speaker.Port}, true
	case flow.FormB:
		return clientgateway.WatchedKey{SourceAddr: server, PeerAddr: a, PeerPort: speaker.Port}, true
	case flow.FormC:
		return clientgateway.WatchedKey{SourceAddr: a, PeerAddr: server, PeerPort: port}, true
	}
	return clientgateway.WatchedKey{}, false
}

// SteeringHops lists the next hops that choices need.
func SteeringHops(all []Steered, routing *Routing) []Hop {
	var hops []Hop
	add := func(a netip.Addr) { hops = routing.Hops(hops, a) }
	for i := range all {
		add(all[i].Server.Addr())
		for _, a := range all[i].Choice.Legs {
			if a != steer.Server {
				add(a)
			}
		}
	}
	return hops
}
