// Package plan wires a topology: which port of which gateway leads where, with the Ethernet addresses,
// routes and neighbours that follow. It holds facts only; who builds the network, in one process or on
// real interfaces, and who configures the switches, read them here.
//
// Every gateway has port 1 towards the core and port 2 towards its hosts' LAN.
package plan

import (
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/firstack/firstack/topo/spec"
)

// Ports of every gateway.
const (
	WAN uint32 = 1
	LAN uint32 = 2
)

// Plan is a topology with everything that follows from it, in the topology's order.
type Plan struct {
	Topology *spec.Topology
	Gateways []*Gateway
	Hosts    []*Host
}

// Gateway is a switch with its surroundings.
type Gateway struct {
	spec.Gateway
	Ports     []Port
	Routes    []Route // beside the prefixes that are connected by the ports' addresses
	Neighbors []Neighbor
	// Reached are the prefixes that the core sends here.
	Reached []netip.Prefix
	// Direct are the addresses that talk to the replicas behind a replica gateway as themselves: the
	// management hosts.
	Direct  []netip.Prefix
	CoreMAC net.HardwareAddr // the core's end of port WAN
}

// Port is a port of a gateway, with the gateway's address on it.
type Port struct {
	ID      uint32
	MAC     net.HardwareAddr
	Address netip.Prefix // with the length of the connected prefix
}

// Route sends a prefix out of a port, to a next hop; without Via each destination is its own.
type Route struct {
	Prefix netip.Prefix
	Port   uint32
	Via    netip.Addr
}

// Neighbor is a next hop on a port.
type Neighbor struct {
	Address netip.Addr
	Port    uint32
	MAC     net.HardwareAddr
}

// Host is a host with its surroundings.
type Host struct {
	spec.Host
	MAC net.HardwareAddr
	// All are its addresses and those of the servers it answers for, the one it sends from first.
	All            []netip.Addr
	GatewayAddress netip.Addr
	GatewayMAC     net.HardwareAddr
	// Listen are the addresses and ports where a web server of the host's is expected.
	Listen []netip.AddrPort
}

// MAC kinds: the fourth byte of an address 02:46:41:kind:n:n, locally administered (IEEE 802).
const (
	kindCore = iota
	kindWAN
	kindLAN
	kindHost
)

func mac(kind, n int) net.HardwareAddr {
	return net.HardwareAddr{0x02, 0x46, 0x41, byte(kind), byte(n >> 8), byte(n)}
}

// New wires a resolved topology.
func New(t *spec.Topology) (*Plan, error) {
	p := &Plan{Topology: t}
	for i, g := range t.Gateways {
		p.Gateways = append(p.Gateways, newGateway(i, g))
	}
	for i, h := range t.Hosts {
		g := p.Gateway(h.Gateway)
		if g == nil || len(h.Addresses) == 0 {
			return nil, fmt.Errorf("topology %s: host %s has no gateway or address: the topology is not resolved", t.Name, h.Name)
		}
		p.addHost(newHost(i, h, g), g)
	}
	for _, s := range t.Services {
		if err := p.addService(s); err != nil {
			return nil, fmt.Errorf("topology %s: service %s: %w", t.Name, s.Name, err)
		}
	}
	return p, nil
}

func newGateway(i int, g spec.Gateway) *Gateway {
	coreAddress := g.CoreAddress()
	return &Gateway{
		Gateway: g,
		CoreMAC: mac(kindCore, i+1),
		Ports: []Port{
			{ID: WAN, MAC: mac(kindWAN, i+1), Address: netip.PrefixFrom(g.WANAddress.Addr, 30)},
			{ID: LAN, MAC: mac(kindLAN, i+1), Address: netip.PrefixFrom(g.Address.Addr, g.LAN.Bits())},
		},
		Routes:    []Route{{Prefix: netip.PrefixFrom(netip.IPv4Unspecified(), 0), Port: WAN, Via: coreAddress}},
		Neighbors: []Neighbor{{Address: coreAddress, Port: WAN, MAC: mac(kindCore, i+1)}},
		Reached:   []netip.Prefix{g.LAN.Prefix, netip.PrefixFrom(g.WANAddress.Addr, 32)},
	}
}

func newHost(i int, h spec.Host, g *Gateway) *Host {
	host := &Host{Host: h, MAC: mac(kindHost, i+1), GatewayAddress: g.Address.Addr, GatewayMAC: g.Ports[1].MAC}
	for _, a := range h.Addresses {
		host.All = append(host.All, a.Addr)
	}
	return host
}

// addHost makes a host known to its gateway and, a management host, to the replica gateways.
func (p *Plan) addHost(h *Host, g *Gateway) {
	p.Hosts = append(p.Hosts, h)
	g.Neighbors = append(g.Neighbors, Neighbor{Address: h.All[0], Port: LAN, MAC: h.MAC})
	for _, a := range h.All {
		g.reach(h, a)
	}
	if h.Role != spec.Management {
		return
	}
	for _, other := range p.Gateways {
		if other.Role == spec.ReplicaGateway {
			other.Direct = append(other.Direct, netip.PrefixFrom(h.All[0], 32))
		}
	}
}

// addService gives the origins behind the server gateway the server's address, and notes who listens
// where.
func (p *Plan) addService(s spec.Service) error {
	for i, o := range s.Origins {
		h := p.Host(o.Host)
		if h == nil {
			return fmt.Errorf("no host %s", o.Host)
		}
		h.listen(netip.AddrPortFrom(h.All[0], o.Port))
		g := p.Gateway(h.Gateway)
		if g.Role != spec.ServerGateway {
			continue
		}
		h.add(s.Server.Addr)
		h.listen(netip.AddrPortFrom(s.Server.Addr, s.Port))
		if i == 0 {
			g.reach(h, s.Server.Addr)
		}
	}
	for _, r := range s.Replicas {
		h := p.Host(r.Host)
		if h == nil {
			return fmt.Errorf("no host %s", r.Host)
		}
		h.listen(netip.AddrPortFrom(h.All[0], r.Port))
		h.listen(netip.AddrPortFrom(h.All[0], r.HealthPort))
	}
	return nil
}

func (h *Host) add(a netip.Addr) {
	if !slices.Contains(h.All, a) {
		h.All = append(h.All, a)
	}
}

func (h *Host) listen(at netip.AddrPort) {
	if !slices.Contains(h.Listen, at) {
		h.Listen = append(h.Listen, at)
	}
}

// reach makes an address of a host known to its gateway and the core.
func (g *Gateway) reach(h *Host, a netip.Addr) {
	route := Route{Prefix: netip.PrefixFrom(a, 32), Port: LAN}
	inLAN := g.LAN.Contains(a)
	if a != h.All[0] {
		route.Via = h.All[0]
	} else if inLAN {
		return
	}
	if slices.Contains(g.Routes, route) {
		return // the server of several services
	}
	g.Routes = append(g.Routes, route)
	if !inLAN {
		g.Reached = append(g.Reached, route.Prefix)
	}
}

// Gateway returns the gateway of this name, or nil.
func (p *Plan) Gateway(name string) *Gateway {
	for _, g := range p.Gateways {
		if g.Name == name {
			return g
		}
	}
	return nil
}

// Host returns the host of this name, or nil.
func (p *Plan) Host(name string) *Host {
	for _, h := range p.Hosts {
		if h.Name == name {
			return h
		}
	}
	return nil
}
