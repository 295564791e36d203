package plan

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/tables"
	"github.com/firstack/firstack/tables/servergateway"
)

// ServerNumbers are the numbers of a server gateway beside its next hops.
type ServerNumbers struct {
	// Legs number the copies of a SYN, by replica address; the invalid address is the origin's leg. A leg is the
	// same for every service that the replica has, since the service travels in the packet.
	Legs *Numbers[netip.Addr]
	// Groups number the multicast groups.
	Groups *Numbers[Group]
	// Origins number the sets of origin servers, by the service's address and port.
	Origins *Numbers[netip.AddrPort]
}

// Group is one multicast group of a service.
type Group struct {
	Service netip.AddrPort
	Retry   bool // for a SYN that comes again; services whose two groups are the same have only the first
	Variant int  // added to the group's number by the origin that ingress selected
}

// NewServerNumbers gives out none yet.
func NewServerNumbers() *ServerNumbers {
	return &ServerNumbers{
		Legs:    NewNumbers[netip.Addr]("leg", 0xffff),
		Groups:  NewNumbers[Group]("multicast group", 0xffff),
		Origins: NewNumbers[netip.AddrPort]("origin group", 0xffff),
	}
}

// Server makes the entries of a server gateway (FIG. 3).
type Server struct {
	*Router
	program *servergateway.Program
}

// NewServer plans for a server gateway's pipeline.
func NewServer(p *servergateway.Program) *Server {
	return &Server{program: p, Router: newRouter(p.ARP, p.Routes, p.Neighbors, routerActions[servergateway.ARPAction, servergateway.RoutesAction, servergateway.NeighborsAction]{
		answer: func(mac tables.MAC) servergateway.ARPAction { return servergateway.Answer{MAC: mac} },
		learn:  servergateway.Learn{},
		forward: func(port, hop uint16) servergateway.RoutesAction {
			return servergateway.Forward{Port: port, NextHop: hop}
		},
		asForward: func(a servergateway.RoutesAction) (uint16, uint16, bool) {
			f, ok := a.(servergateway.Forward)
			return f.Port, f.NextHop, ok
		},
		local:       servergateway.Local{},
		unreachable: servergateway.Unreachable{},
		rewrite: func(src, dst tables.MAC) servergateway.NeighborsAction {
			return servergateway.Rewrite{SrcAddr: src, DstAddr: dst}
		},
		asRewrite: func(a servergateway.NeighborsAction) (tables.MAC, bool) {
			r, ok := a.(servergateway.Rewrite)
			return r.DstAddr, ok
		},
	})}
}

// Services are the stages of a server gateway after routing: the legs, the groups that copies are made by, the
// origin servers, and the services that decide. warnings name what could not be carried out.
func (s *Server) Services(services []*config.Service, routing *Routing, probed Probed, hops *Numbers[Hop], numbers *ServerNumbers) (stages []Stage, warnings []string, err error) {
	var all []service
	for _, one := range services {
		d, unrouted := decide(one, routing, probed)
		for _, name := range unrouted {
			warnings = append(warnings, fmt.Sprintf("service %s: no route to %s", one.Name, name))
		}
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b service) int { return a.at.Compare(b.at) })
	legs := Stage{Name: "legs", Tables: []uint32{s.program.Legs.ID()}}
	groups := Stage{Name: "groups", Multicast: true}
	origins := Stage{Name: "origins", Tables: []uint32{s.program.Origins.ID()}}
	decisions := Stage{Name: "services", Tables: []uint32{s.program.Services.ID()}}
	if legs.Entities, err = s.legs(all, hops, numbers); err != nil {
		return nil, nil, err
	}
	for i := range all {
		one := &all[i]
		first, retry, entities, err := s.groups(one, numbers)
		if err != nil {
			return nil, nil, err
		}
		groups.Entities = append(groups.Entities, entities...)
		set, err := numbers.Origins.Get(one.at)
		if err != nil {
			return nil, nil, err
		}
		e, err := s.origins(one, uint16(set), routing, hops)
		if err != nil {
			return nil, nil, err
		}
		origins.Entities = append(origins.Entities, e)
		if e, err = s.service(one, uint16(set), first, retry); err != nil {
			return nil, nil, err
		}
		decisions.Entities = append(decisions.Entities, e)
	}
	return []Stage{legs, groups, origins, decisions}, warnings, nil
}
