package plan

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/tables"
)

// Operations of RFC 826.
const (
	arpRequest = 1
	arpReply   = 2
)

// Router makes the entries that every gateway has as a plain router. The three programs have the same tables under
// types of their own, which the constructors (Client, Server, Replica) give it.
type Router struct {
	answer      func(port uint16, a netip.Addr, mac tables.MAC) (*p4v1.Entity, error)
	learn       func(port uint16, a netip.Addr) (*p4v1.Entity, error)
	forward     func(to netip.Prefix, port, hop uint16) (*p4v1.Entity, error)
	local       func(to netip.Prefix) (*p4v1.Entity, error)
	unreachable func(to netip.Prefix) (*p4v1.Entity, error)
	rewrite     func(hop uint16, src, dst tables.MAC) (*p4v1.Entity, error)

	readRoute    func(*p4v1.TableEntry) (to netip.Prefix, port, hop uint16, ok bool)
	readNeighbor func(*p4v1.TableEntry) (hop uint16, dst tables.MAC, ok bool)
	arp          uint32
	routes       uint32
	neighbors    uint32
	read         []*p4v1.Entity
}

type arpKey = struct {
	Port       uint16
	Operation  uint16
	TargetAddr netip.Addr
}
type routeKey = struct{ DstAddr netip.Prefix }
type neighborKey = struct{ NextHop uint16 }

// routerActions are one program's actions of the tables that all programs share.
type routerActions[AA, RA, NA tables.Action] struct {
	answer      func(tables.MAC) AA
	learn       AA
	forward     func(port, hop uint16) RA
	asForward   func(RA) (port, hop uint16, ok bool)
	local       RA
	unreachable RA
	rewrite     func(src, dst tables.MAC) NA
	asRewrite   func(NA) (dst tables.MAC, ok bool)
}

func newRouter[AK ~arpKey, RK ~routeKey, NK ~neighborKey, AA, RA, NA tables.Action](
	arp *tables.Table[AK, AA], routes *tables.Table[RK, RA], neighbors *tables.Table[NK, NA], do routerActions[AA, RA, NA],
) *Router {
	route := func(to netip.Prefix, a RA) (*p4v1.Entity, error) {
		if to.Bits() == 0 {
			to = netip.Prefix{} // matches every address
		}
		return routes.Entity(tables.Entry[RK, RA]{Key: RK{DstAddr: to}, Action: a})
	}
	return &Router{
		answer: func(port uint16, a netip.Addr, mac tables.MAC) (*p4v1.Entity, error) {
			return arp.Entity(tables.Entry[AK, AA]{Key: AK{port, arpRequest, a}, Action: do.answer(mac)})
		},
		learn: func(port uint16, a netip.Addr) (*p4v1.Entity, error) {
			return arp.Entity(tables.Entry[AK, AA]{Key: AK{port, arpReply, a}, Action: do.learn})
		},
		forward: func(to netip.Prefix, port, hop uint16) (*p4v1.Entity, error) {
			return route(to, do.forward(port, hop))
		},
		local:       func(to netip.Prefix) (*p4v1.Entity, error) { return route(to, do.local) },
		unreachable: func(to netip.Prefix) (*p4v1.Entity, error) { return route(to, do.unreachable) },
		rewrite: func(hop uint16, src, dst tables.MAC) (*p4v1.Entity, error) {
			return neighbors.Entity(tables.Entry[NK, NA]{Key: NK{hop}, Action: do.rewrite(src, dst)})
		},
		readRoute: func(m *p4v1.TableEntry) (netip.Prefix, uint16, uint16, bool) {
			e, err := routes.Decode(m)
			if err != nil || e.Default {
				return netip.Prefix{}, 0, 0, false
			}
			port, hop, ok := do.asForward(e.Action)
			return struct{ DstAddr netip.Prefix }(e.Key).DstAddr, port, hop, ok
		},
		readNeighbor: func(m *p4v1.TableEntry) (uint16, tables.MAC, bool) {
			e, err := neighbors.Decode(m)
			if err != nil || e.Default {
				return 0, tables.MAC{}, false
			}
			dst, ok := do.asRewrite(e.Action)
			return struct{ NextHop uint16 }(e.Key).NextHop, dst, ok
		},
		arp: arp.ID(), routes: routes.ID(), neighbors: neighbors.ID(),
		read: []*p4v1.Entity{routes.ReadAll(tables.With{}), neighbors.ReadAll(tables.With{})},
	}
}

// ReadBack asks for everything that Restore wants to see.
func (r *Router) ReadBack() []*p4v1.Entity { return r.read }

// Restore takes in a switch's routes and neighbors: which numbers its next hops have, and what it had learned of
// networks that are still connected.
func (r *Router) Restore(entities []*p4v1.Entity, routing *Routing, hops *Numbers[Hop]) Neighbors {
	macs := map[uint16]tables.MAC{}
	for _, e := range entities {
		if e.GetTableEntry().GetTableId() != r.neighbors {
			continue
		}
		if hop, mac, ok := r.readNeighbor(e.GetTableEntry()); ok {
			macs[hop] = mac
		}
	}
	learned := Neighbors{}
	for _, e := range entities {
		if e.GetTableEntry().GetTableId() != r.routes {
			continue
		}
		to, port, number, ok := r.readRoute(e.GetTableEntry())
		if !ok || number == 0 {
			continue
		}
		at, direct, found := routing.Configured(to.Addr())
		if !found || at.Port != port || to.IsSingleIP() != direct && !via(routing, to, at) {
			continue
		}
		hops.Restore(at, uint32(number))
		if mac, has := macs[number]; has && direct && to.IsSingleIP() {
			learned[at] = mac
		}
	}
	return learned
}

// Routed tells whether a switch has any routes.
func (r *Router) Routed(entities []*p4v1.Entity) bool {
	return slices.ContainsFunc(entities, func(e *p4v1.Entity) bool {
		return e.GetTableEntry().GetTableId() == r.routes && !e.GetTableEntry().GetIsDefaultAction()
	})
}

// via tells whether a prefix is routed to a next hop just so.
func via(r *Routing, to netip.Prefix, at Hop) bool {
	for _, route := range r.routes {
		if route.Prefix == to && (Hop{route.Port, route.Via}) == at {
			return true
		}
	}
	return false
}

// Stages gives the router's part: what it answers to with the neighbors that are known, and the routes. wanted are
// hops that need a number beside those of the routes.
func (r *Router) Stages(routing *Routing, learned Neighbors, wanted []Hop, hops *Numbers[Hop]) (neighbors, routes Stage, err error) {
	c, way := &collector{}, &collector{}
	for _, a := range slices.SortedFunc(maps.Keys(routing.own), netip.Addr.Compare) {
		port := routing.own[a]
		c.add(r.answer(port, a, tables.MAC(routing.ports[port].MAC)))
		c.add(r.learn(port, a))
	}
	known := routing.known(learned)
	all := slices.Concat(slices.Collect(maps.Keys(known)), routing.Vias(), wanted)
	slices.SortFunc(all, compareHops)
	for _, h := range slices.Compact(all) {
		number, err := hops.Get(h)
		if err != nil {
			return neighbors, routes, err
		}
		if mac, ok := known[h]; ok {
			c.add(r.rewrite(uint16(number), tables.MAC(routing.ports[h.Port].MAC), mac))
		}
	}
	for _, route := range r.table(routing, known) {
		switch {
		case route.local:
			way.add(r.local(route.to))
		case route.hop == (Hop{}):
			way.add(r.unreachable(route.to))
		default:
			number, err := hops.Get(route.hop)
			if err != nil {
				return neighbors, routes, err
			}
			way.add(r.forward(route.to, route.hop.Port, uint16(number)))
		}
	}
	neighbors = Stage{Name: "neighbors", Tables: []uint32{r.arp, r.neighbors}, Entities: c.entities}
	routes = Stage{Name: "routes", Tables: []uint32{r.routes}, Entities: way.entities}
	return neighbors, routes, errors.Join(c.err, way.err)
}

// destination is a prefix and what becomes of it; without a hop the controller gets the packet.
type destination struct {
	to    netip.Prefix
	hop   Hop
	local bool
}

// table joins what is known about each prefix; what is said more directly wins.
func (r *Router) table(routing *Routing, known Neighbors) []destination {
	by := map[netip.Prefix]destination{}
	// A connected prefix goes to the controller, which asks for its hosts; hosts that are known have a route each.
	for _, c := range routing.connected {
		if routing.Up(c.port) || !routing.detour(c.prefix) {
			by[c.prefix] = destination{to: c.prefix} // the controller also tells senders that nobody is there
		}
	}
	for h := range known {
		if at, direct, ok := routing.Lookup(h.Address); ok && direct && at == h {
			to := netip.PrefixFrom(h.Address, h.Address.BitLen())
			by[to] = destination{to: to, hop: h}
		}
	}
	for _, route := range routing.routes {
		if !routing.Up(route.Port) {
			continue
		}
		to := route.Prefix.Masked()
		by[to] = destination{to: to, hop: Hop{route.Port, route.Via}}
	}
	for a := range routing.own {
		to := netip.PrefixFrom(a, a.BitLen())
		by[to] = destination{to: to, local: true}
	}
	return slices.SortedFunc(maps.Values(by), func(a, b destination) int {
		return cmp.Or(a.to.Addr().Compare(b.to.Addr()), a.to.Bits()-b.to.Bits())
	})
}

// collector gathers entities until the first error.
type collector struct {
	entities []*p4v1.Entity
	err      error
}

func (c *collector) add(e *p4v1.Entity, err error) {
	if err != nil {
		if c.err == nil {
			c.err = fmt.Errorf("plan: %w", err)
		}
		return
	}
	c.entities = append(c.entities, e)
}
