package plan

import (
	"net/netip"
	"slices"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/controller/p4rt"
	"github.com/firstack/firstack/controller/steer"
	"github.com/firstack/firstack/tables"
	"github.com/firstack/firstack/tables/clientgateway"
)

// SteeringNumbers are the numbers of a client gateway beside its next hops.
type SteeringNumbers struct {
	Legs   *Numbers[Leg]
	Groups *Numbers[SteeringGroup]
	// Watches number the cells in which the switch keeps what replicas owe. A cell keeps its value when its number
	// changes hands; all that comes of it is a race.
	Watches *Numbers[clientgateway.WatchedKey]
}

// Leg is where a copy of a SYN goes.
type Leg struct {
	Kind LegKind
	To   netip.Addr
}

// LegKind is an action of the table racers.
type LegKind uint8

// ToReplica: through a tunnel. ToServer: as it is. ToDiscovery: tagged, to the server's gateway.
const (
	ToReplica LegKind = iota
	ToServer
	ToDiscovery
)

// SteeringGroup is a service's multicast group: of its races, or of discoveries that go along with a race.
type SteeringGroup struct {
	Service netip.AddrPort
	Scout   bool
}

// maxWatch is the last cell of the register owed (p4src/common/sizes.p4, WATCHES).
const maxWatch = 4095

// NewSteeringNumbers gives out none yet.
func NewSteeringNumbers() *SteeringNumbers {
	return &SteeringNumbers{
		Legs:    NewNumbers[Leg]("leg", 0xffff),
		Groups:  NewNumbers[SteeringGroup]("multicast group", 0xffff),
		Watches: NewNumbers[clientgateway.WatchedKey]("watch", maxWatch),
	}
}

// ReadSteering asks for everything that RestoreSteering wants to see.
func (c *Client) ReadSteering() []*p4v1.Entity {
	return []*p4v1.Entity{
		c.program.Steering.ReadAll(tables.With{}), c.program.Racers.ReadAll(tables.With{}),
		c.program.Watched.ReadAll(tables.With{}), p4rt.MulticastGroup(0),
	}
}

// RestoreSteering takes in which numbers a switch uses, and gives the candidates of each service in it: whoever is
// raced, or has connections alone.
func (c *Client) RestoreSteering(entities []*p4v1.Entity, numbers *SteeringNumbers) map[netip.AddrPort][]netip.Addr {
	held := c.held(entities, numbers)
	found := map[netip.AddrPort][]netip.Addr{}
	for _, one := range held.entries {
		server := netip.AddrPortFrom(one.Key.ServerAddr, one.Key.ServerPort)
		known := []netip.Addr{}
		for _, w := range one.Set {
			switch a := w.Action.(type) {
			case clientgateway.RaceTo:
				known = append(known, held.racers(server, a.Group, numbers)...)
			case clientgateway.Direct:
				known = append(known, a.ReplicaAddr)
			case clientgateway.DirectServer:
				known = append(known, steer.Server)
			}
		}
		slices.SortFunc(known, netip.Addr.Compare)
		found[server] = slices.Compact(known)
	}
	return found
}

// racers lists the replicas of a group, and takes in its number and its legs'.
func (h *heldSteering) racers(server netip.AddrPort, group uint16, numbers *SteeringNumbers) (list []netip.Addr) {
	scout := false
	for _, one := range h.groups[uint32(group)] {
		l, ok := h.legs[one.Instance]
		if !ok {
			continue
		}
		switch l.Kind {
		case ToReplica:
			list = append(list, l.To)
		case ToServer:
			l.To = server.Addr()
			list = append(list, steer.Server)
		default:
			l.To, scout = server.Addr(), true
		}
		numbers.Legs.Restore(l, one.Instance)
	}
	numbers.Groups.Restore(SteeringGroup{server, scout}, uint32(group))
	return list
}

// heldSteering is what a switch holds of it.
type heldSteering struct {
	legs    map[uint32]Leg // ToServer and ToDiscovery without an address: whose they are, their groups show
	groups  map[uint32][]p4rt.Replica
	entries []clientgateway.SteeringEntry
}

func (c *Client) held(entities []*p4v1.Entity, numbers *SteeringNumbers) (h heldSteering) {
	h.legs, h.groups = map[uint32]Leg{}, map[uint32][]p4rt.Replica{}
	for _, e := range entities {
		if id, copies, ok := p4rt.DecodeMulticastGroup(e); ok {
			h.groups[id] = copies
			continue
		}
		switch t := e.GetTableEntry(); {
		case c.program.Racers.Is(t):
			if one, err := c.program.Racers.Decode(t); err == nil && !one.Default {
				n := uint32(one.Key.Instance)
				switch a := one.Action.(type) {
				case clientgateway.LegToReplica:
					h.legs[n] = Leg{ToReplica, a.ReplicaAddr}
				case clientgateway.LegToServer:
					h.legs[n] = Leg{Kind: ToServer}
				case clientgateway.LegToDiscovery:
					h.legs[n] = Leg{Kind: ToDiscovery}
				}
			}
		case c.program.Watched.Is(t):
			if one, err := c.program.Watched.Decode(t); err == nil && !one.Default {
				if a, ok := one.Action.(clientgateway.Answers); ok {
					numbers.Watches.Restore(one.Key, uint32(a.Watch))
				}
			}
		case c.program.Steering.Is(t):
			if one, err := c.program.Steering.Decode(t); err == nil && !one.Default {
				h.entries = append(h.entries, one)
			}
		}
	}
	return h
}

// Forget gives back the numbers of what is steered no longer, once the switch has nothing of it.
func (n *SteeringNumbers) Forget(all []Steered) {
	services := map[netip.AddrPort]bool{}
	servers := map[netip.Addr]bool{}
	replicas := map[netip.Addr]bool{}
	watches := map[clientgateway.WatchedKey]bool{}
	for i := range all {
		services[all[i].Server] = true
		servers[all[i].Server.Addr()] = true
		for a := range all[i].Speakers {
			replicas[a] = true
			if k, ok := all[i].watched(a); ok {
				watches[k] = true
			}
		}
		if k, ok := all[i].watched(steer.Server); ok {
			watches[k] = true
		}
	}
	n.Groups.Keep(func(g SteeringGroup) bool { return services[g.Service] })
	n.Watches.Keep(func(k clientgateway.WatchedKey) bool { return watches[k] })
	n.Legs.Keep(func(l Leg) bool { return l.Kind == ToReplica && replicas[l.To] || l.Kind != ToReplica && servers[l.To] })
}

// Watch gives the number of the cell for what a replica owes, if it has one.
func (n *SteeringNumbers) Watch(one *Steered, a netip.Addr) (uint32, bool) {
	k, ok := one.watched(a)
	if !ok {
		return 0, false
	}
	return n.Watches.Of(k)
}
