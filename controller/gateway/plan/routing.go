package plan

import (
	"net/netip"
	"slices"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/tables"
)

// Hop is a neighbor on a port: where a packet goes next.
type Hop struct {
	Port    uint16
	Address netip.Addr
}

// Neighbors are the hops whose Ethernet address is known.
type Neighbors map[Hop]tables.MAC

// Routing is a switch's configuration as a router sees it.
type Routing struct {
	ports     map[uint16]config.Port
	own       map[netip.Addr]uint16
	connected []connected
	routes    []config.Route // with a next hop
	static    Neighbors
	down      map[uint16]bool
}

// connected is a prefix whose every destination is its own next hop.
type connected struct {
	prefix netip.Prefix
	port   uint16
}

// NewRouting reads a switch's ports, routes and neighbors. Nothing leads out of ports that are down; nil: all are up.
func NewRouting(s *config.Switch, down map[uint16]bool) *Routing {
	r := &Routing{ports: map[uint16]config.Port{}, own: map[netip.Addr]uint16{}, static: Neighbors{}, down: down}
	for _, p := range s.Ports {
		r.ports[p.Port] = p
		for _, a := range p.Addresses {
			r.own[a.Addr()] = p.Port
			r.connected = append(r.connected, connected{a.Masked(), p.Port})
		}
	}
	for _, route := range s.Routes {
		if route.Via.IsValid() {
			r.routes = append(r.routes, route)
		} else {
			r.connected = append(r.connected, connected{route.Prefix.Masked(), route.Port})
		}
	}
	for _, n := range s.Neighbors {
		r.static[Hop{n.Port, n.Address}] = tables.MAC(n.MAC)
	}
	return r
}

// Own tells whether an address is the switch's, and on which port.
func (r *Routing) Own(a netip.Addr) (port uint16, ok bool) {
	port, ok = r.own[a]
	return port, ok
}

// Source gives a port's Ethernet address and the address with which it speaks to a neighbor: the one on the
// neighbor's network, or else its first. The address is invalid when the port has none.
func (r *Routing) Source(port uint16, to netip.Addr) (tables.MAC, netip.Addr) {
	p := r.ports[port]
	var first netip.Addr
	for _, a := range p.Addresses {
		if a.Masked().Contains(to) {
			return tables.MAC(p.MAC), a.Addr()
		}
		if !first.IsValid() {
			first = a.Addr()
		}
	}
	return tables.MAC(p.MAC), first
}

// HasPort tells whether the configuration describes a port.
func (r *Routing) HasPort(port uint16) bool {
	_, ok := r.ports[port]
	return ok
}

// Static tells a neighbor that was configured.
func (r *Routing) Static(h Hop) (tables.MAC, bool) {
	m, ok := r.static[h]
	return m, ok
}

// Up tells whether anything may lead out of a port.
func (r *Routing) Up(port uint16) bool { return !r.down[port] }

// Lookup finds the next hop to an address by the longest prefix; direct says that the address is its own next hop.
// The switch's own addresses have none.
//
// Prefixes behind ports that are down don't count; what is less specific does then. But what is connected is not looked for
// by the default route: it is known not to be there, and the router there would send it back.
func (r *Routing) Lookup(a netip.Addr) (hop Hop, direct, ok bool) {
	hop, direct, bits := r.lookup(a, r.Up)
	if bits == 0 && !direct {
		if _, connected, _ := r.Configured(a); connected {
			return Hop{}, false, false
		}
	}
	return hop, direct, bits >= 0
}

// Configured is Lookup as if all ports were up: whose neighbor an address is does not change when its port goes down.
func (r *Routing) Configured(a netip.Addr) (hop Hop, direct, ok bool) {
	hop, direct, bits := r.lookup(a, func(uint16) bool { return true })
	return hop, direct, bits >= 0
}

// lookup gives also the length of the prefix; -1: there is none.
func (r *Routing) lookup(a netip.Addr, up func(uint16) bool) (hop Hop, direct bool, best int) {
	best = -1
	if _, own := r.own[a]; own {
		return Hop{}, false, best
	}
	for _, c := range r.connected {
		if c.prefix.Contains(a) && c.prefix.Bits() > best && up(c.port) {
			best, hop, direct = c.prefix.Bits(), Hop{c.port, a}, true
		}
	}
	for _, route := range r.routes {
		if route.Prefix.Contains(a) && route.Prefix.Bits() > best && up(route.Port) {
			best, hop, direct = route.Prefix.Bits(), Hop{route.Port, route.Via}, false
		}
	}
	return hop, direct, best
}

// Severed tells whether an address can't be reached for ports that are down alone. Nil routing knows of none.
func (r *Routing) Severed(a netip.Addr) bool {
	if r == nil {
		return false
	}
	_, _, configured := r.Configured(a)
	_, _, now := r.Lookup(a)
	return configured && !now
}

// detour tells whether something else than the default route leads to a prefix.
func (r *Routing) detour(to netip.Prefix) bool {
	for _, c := range r.connected {
		if c.prefix.Bits() < to.Bits() && c.prefix.Contains(to.Addr()) && r.Up(c.port) {
			return true
		}
	}
	for _, route := range r.routes {
		if b := route.Prefix.Bits(); b > 0 && b < to.Bits() && route.Prefix.Contains(to.Addr()) && r.Up(route.Port) {
			return true
		}
	}
	return false
}

// Hops adds the next hops to an address to a list: the one of now, and the one when all ports are up, so that a port that
// comes back finds its neighbors known.
func (r *Routing) Hops(hops []Hop, a netip.Addr) []Hop {
	for _, find := range []func(netip.Addr) (Hop, bool, bool){r.Configured, r.Lookup} {
		if h, _, ok := find(a); ok && !slices.Contains(hops, h) {
			hops = append(hops, h)
		}
	}
	return hops
}

// Vias lists the next hops of the routes.
func (r *Routing) Vias() []Hop {
	var hops []Hop
	for _, route := range r.routes {
		if h := (Hop{route.Port, route.Via}); !slices.Contains(hops, h) {
			hops = append(hops, h)
		}
	}
	return hops
}

// known joins the configured neighbors and the learned ones, of which configured ones win.
func (r *Routing) known(learned Neighbors) Neighbors {
	all := Neighbors{}
	for h, m := range learned {
		all[h] = m
	}
	for h, m := range r.static {
		all[h] = m
	}
	return all
}

func compareHops(a, b Hop) int {
	if a.Port != b.Port {
		return int(a.Port) - int(b.Port)
	}
	return a.Address.Compare(b.Address)
}
