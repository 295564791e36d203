package plan

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/p4rt"
)

// service is a service with what was decided about it.
type service struct {
	*config.Service
	at       netip.AddrPort
	legs     []leg
	origins  []origin
	variants []uint16 // the origin leg's port by variant
}

// leg is a copy for a replica.
type leg struct {
	replica netip.Addr
	hop     Hop
}

// origin is an origin server as it is reached.
type origin struct {
	config.Origin
	hop     Hop
	routed  bool // at the service's own address: routes lead there
	beside  bool // on a connected network, with the service's address as well as its own
	variant int
}

// Hops lists the next hops that services need: they have to be asked for before anybody comes from there.
func (s *Server) Hops(routing *Routing, services []*config.Service) []Hop {
	var hops []Hop
	add := func(a netip.Addr) { hops = routing.Hops(hops, a) }
	for _, one := range services {
		for _, r := range one.Replicas {
			add(r.Address)
		}
		for _, o := range one.Origins {
			add(o.Address)
		}
	}
	return hops
}

// decide settles which replicas a service is raced with and how its origins are reached. Replicas without a route
// are left out; unrouted names them.
func decide(s *config.Service, routing *Routing, probed Probed) (out service, unrouted []string) {
	out = service{Service: s, at: netip.AddrPortFrom(s.Server, s.Port)}
	if s.Replicatable == nil || *s.Replicatable {
		for _, r := range Raced(s, probed) {
			hop, _, ok := routing.Lookup(r.Address)
			if !ok {
				unrouted = append(unrouted, r.Name)
				continue
			}
			out.legs = append(out.legs, leg{r.Address, hop})
		}
	}
	for _, o := range serving(s, probed) {
		hop, direct, ok := routing.Lookup(o.Address)
		if !ok && o.Address != s.Server {
			unrouted = append(unrouted, o.Name)
			continue
		}
		out.origins = append(out.origins, origin{
			Origin: o, hop: hop, routed: o.Address == s.Server, beside: direct && o.Gateway == "",
		})
	}
	slices.SortStableFunc(out.origins, func(a, b origin) int {
		return cmp.Or(a.Address.Compare(b.Address), int(a.Port)-int(b.Port))
	})
	out.setVariants()
	return out, unrouted
}

// setVariants numbers the ports by which the origins are reached. Routed origins can't name a variant, so theirs
// is the first.
func (s *service) setVariants() {
	for _, o := range s.origins {
		if o.routed && len(s.variants) == 0 {
			s.variants = append(s.variants, o.hop.Port)
		}
	}
	for i := range s.origins {
		o := &s.origins[i]
		o.variant = slices.Index(s.variants, o.hop.Port)
		if o.variant < 0 {
			o.variant = len(s.variants)
			s.variants = append(s.variants, o.hop.Port)
		}
	}
	if len(s.variants) == 0 {
		s.variants = []uint16{0}
	}
}

// replicas says which copies a group of the service holds: the replicas', and with the origin also its own, if there is a
// way to it.
func (s *service) replicas(numbers *ServerNumbers, withOrigin bool, variant int) ([]p4rt.Replica, error) {
	var copies []p4rt.Replica
	for _, l := range s.legs {
		n, err := numbers.Legs.Get(l.replica)
		if err != nil {
			return nil, err
		}
		c := p4rt.Replica{Port: uint32(l.hop.Port), Instance: n}
		if !slices.Contains(copies, c) {
			copies = append(copies, c)
		}
	}
	if withOrigin && len(s.origins) > 0 && s.variants[variant] != 0 {
		n, err := numbers.Legs.Get(netip.Addr{})
		if err != nil {
			return nil, err
		}
		copies = append(copies, p4rt.Replica{Port: uint32(s.variants[variant]), Instance: n})
	}
	return copies, nil
}
