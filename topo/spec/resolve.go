package spec

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

// Ranges that omitted addresses are taken from, and the numbers within them.
var (
	siteRange   = netip.MustParsePrefix("10.0.0.0/8")    // RFC 1918: a /16 per site
	wanRange    = netip.MustParsePrefix("172.31.0.0/16") // RFC 1918: a /30 per gateway
	serverRange = netip.MustParsePrefix("192.0.2.0/24")  // RFC 5737, TEST-NET-1: an address per service
)

const (
	firstHost   = 10 // hosts are numbered from .10, below are gateways
	defaultPort = 80
)

// complete checks the topology and fills in what it omits, by the order in which things are listed:
//
//   - the n-th site, from 1: prefix 10.n.0.0/16
//   - the k-th gateway of a site, from 0: the k-th /24 of the site's prefix, its address the first
//     of it; the n-th gateway of all, from 0: the n-th /30 of 172.31.0.0/16, of which the core has
//     the first address and the gateway the second
//   - hosts: the next free address of the gateway's LAN from .10 up
//   - the n-th service, from 1: server address 192.0.2.n
//
// Addresses that are given are never assigned again. A gateway's id is the next free number from 1.
func (t *Topology) complete(r *report, open Open) {
	if t.TimeScale == 0 {
		t.TimeScale = 1
	}
	t.fillMTU()
	t.checkNames(r)
	if len(r.errs) > 0 {
		return
	}
	t.fillMatrix(r, open)
	taken := t.given()
	for _, step := range []func(*report, map[netip.Addr]bool){
		t.fillSites, t.fillGateways, t.fillHosts, t.fillServices, t.validate,
	} {
		if len(r.errs) > 0 {
			return // what follows would only be a consequence
		}
		step(r, taken)
	}
}

func (t *Topology) fillMTU() {
	paths := []*Path{&t.Links.WAN, &t.Links.LAN.Path}
	for i := range t.Links.Paths {
		paths = append(paths, &t.Links.Paths[i].Path)
	}
	for _, p := range paths {
		if p.MTU == 0 {
			p.MTU = DefaultMTU
		}
	}
}

// given returns the addresses that the topology names itself.
func (t *Topology) given() map[netip.Addr]bool {
	taken := make(map[netip.Addr]bool)
	for _, g := range t.Gateways {
		taken[g.Address.Addr], taken[g.WANAddress.Addr] = true, true
	}
	for _, h := range t.Hosts {
		for _, a := range h.Addresses {
			taken[a.Addr] = true
		}
	}
	for _, s := range t.Services {
		taken[s.Server.Addr] = true
	}
	return taken
}

func (t *Topology) fillSites(r *report, _ map[netip.Addr]bool) {
	for i := range t.Sites {
		s := &t.Sites[i]
		if !s.Prefix.IsValid() {
			p, ok := subnet(siteRange, 16, i+1)
			if !ok {
				r.add(index("sites", i), "no prefix left in %s: give one", siteRange)
			}
			s.Prefix.Prefix = p
		}
		if s.Prefix.Bits() > 24 {
			r.add(index("sites", i)+".prefix", "%s is longer than /24", s.Prefix)
		}
	}
}

func (t *Topology) fillGateways(r *report, taken map[netip.Addr]bool) {
	ids := make(map[uint16]bool)
	for _, g := range t.Gateways {
		ids[g.ID] = true
	}
	perSite := make(map[string]int)
	nextID := uint16(1)
	for i := range t.Gateways {
		g, path := &t.Gateways[i], index("gateways", i)
		if g.ID == 0 {
			for ids[nextID] {
				nextID++
			}
			g.ID = nextID
			ids[nextID] = true
		}
		if !g.LAN.IsValid() {
			lan, ok := subnet(t.site(g.Site).Prefix.Prefix, 24, perSite[g.Site])
			if !ok {
				r.add(path, "no LAN left in the prefix of site %s: give one", g.Site)
			}
			g.LAN.Prefix = lan
		}
		perSite[g.Site]++
		if !g.Address.IsValid() {
			g.Address.Addr = offset(g.LAN.Prefix, 1)
		}
		if !g.WANAddress.IsValid() {
			wan, ok := subnet(wanRange, 30, i)
			if !ok {
				r.add(path, "no WAN address left in %s: give one", wanRange)
			}
			g.WANAddress.Addr = offset(wan, 2)
		}
		taken[g.Address.Addr], taken[g.WANAddress.Addr], taken[g.CoreAddress()] = true, true, true
	}
}

// CoreAddress returns the address of the core on the gateway's WAN: the first host of its /30.
func (g *Gateway) CoreAddress() netip.Addr {
	return offset(netip.PrefixFrom(g.WANAddress.Addr, 30).Masked(), 1)
}

func (t *Topology) fillHosts(r *report, taken map[netip.Addr]bool) {
	for i := range t.Hosts {
		h, path := &t.Hosts[i], index("hosts", i)
		g := t.attach(r, h, path)
		if g == nil || len(h.Addresses) > 0 {
			continue
		}
		a, ok := free(g.LAN.Prefix, firstHost, taken)
		if !ok {
			r.add(path, "no address left in %s: give one", g.LAN)
			continue
		}
		h.Addresses = []Addr{{a}}
		taken[a] = true
	}
}

// attach finds the host's gateway, and its site by it.
func (t *Topology) attach(r *report, h *Host, path string) *Gateway {
	fits := func(g *Gateway) bool {
		return len(gatewaysOf[h.Role]) == 0 || slices.Contains(gatewaysOf[h.Role], g.Role)
	}
	if h.Gateway == "" {
		if h.Site == "" {
			r.add(path, "give a site or a gateway")
			return nil
		}
		for i := range t.Gateways {
			if g := &t.Gateways[i]; g.Site == h.Site && fits(g) {
				if h.Gateway != "" {
					r.add(path, "site %s has several gateways that fit a host of role %s: name one", h.Site, h.Role)
					return nil
				}
				h.Gateway = g.Name
			}
		}
		if h.Gateway == "" {
			r.add(path, "site %s has no gateway that fits a host of role %s", h.Site, h.Role)
			return nil
		}
	}
	g := t.Gateway(h.Gateway)
	switch {
	case g == nil:
		r.add(path+".gateway", "no gateway is called %s", h.Gateway)
		return nil
	case !fits(g):
		r.add(path+".gateway", "%s is a %s, which does not fit a host of role %s", g.Name, g.Role, h.Role)
	case h.Site != "" && h.Site != g.Site:
		r.add(path+".site", "its gateway %s stands in %s", g.Name, g.Site)
	}
	h.Site = g.Site
	return g
}

// gatewaysOf says which gateways a host may be attached to; a management host any. An origin server that
// shares a server's load stands behind a replica gateway.
var gatewaysOf = map[Role][]Role{
	Client:  {ClientGateway},
	Origin:  {ServerGateway, ReplicaGateway},
	Replica: {ReplicaGateway},
}

func (t *Topology) fillServices(r *report, taken map[netip.Addr]bool) {
	for i := range t.Services {
		s, path := &t.Services[i], index("services", i)
		if !s.Server.IsValid() {
			a, ok := free(serverRange, 1, taken)
			if !ok {
				r.add(path, "no server address left in %s: give one", serverRange)
			}
			s.Server.Addr = a
			taken[a] = true
		}
		if s.Port == 0 {
			s.Port = defaultPort
		}
		if s.OriginPolicy == "" {
			s.OriginPolicy = PolicyStandby
		}
		for j := range s.Origins {
			o := &s.Origins[j]
			if o.Weight == 0 {
				o.Weight = 1
			}
			if o.Port == 0 {
				o.Port = s.Port
			}
		}
		for j := range s.Replicas {
			p := &s.Replicas[j]
			if p.Configuration == "" {
				p.Configuration = ConfigurationA
			}
			if p.Port == 0 {
				p.Port = s.Port
			}
			if p.HealthPort == 0 {
				p.HealthPort = p.Port
			}
		}
	}
}

// subnet returns the n-th prefix of this length within another.
func subnet(within netip.Prefix, bits, n int) (netip.Prefix, bool) {
	if !within.IsValid() || bits < within.Bits() || n >= 1<<(bits-within.Bits()) {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(offset(within, uint32(n)<<(32-bits)), bits), true
}

// offset returns the n-th address of a prefix, counted from its first.
func offset(p netip.Prefix, n uint32) netip.Addr {
	if !p.IsValid() {
		return netip.Addr{}
	}
	b := p.Masked().Addr().As4()
	binary.BigEndian.PutUint32(b[:], binary.BigEndian.Uint32(b[:])+n)
	return netip.AddrFrom4(b)
}

// free returns the first address of a prefix from the n-th up, without its broadcast address, that is
// not taken.
func free(p netip.Prefix, n uint32, taken map[netip.Addr]bool) (netip.Addr, bool) {
	size := uint32(1) << (32 - max(p.Bits(), 8))
	for ; n+1 < size; n++ {
		if a := offset(p, n); !taken[a] {
			return a, true
		}
	}
	return netip.Addr{}, false
}
