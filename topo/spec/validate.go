package spec

import (
	"fmt"
	"net/netip"
	"slices"
)

// checkNames finds names that are used twice or not known: the rest builds on them.
func (t *Topology) checkNames(r *report) {
	if len(t.Sites) == 0 || len(t.Gateways) == 0 {
		r.add("", "want at least one site and one gateway")
	}
	unique := make(map[string]string)
	once := func(kind, name, path string) {
		if name == "" {
			r.add(path, "is empty")
		} else if first, ok := unique[kind+name]; ok {
			r.add(path, "%s is the name of %s already", name, first)
		} else {
			unique[kind+name] = parent(path)
		}
	}
	site := func(name, path string) {
		if t.site(name) == nil {
			r.add(path, "no site is called %s", name)
		}
	}
	for i, s := range t.Sites {
		once("site ", s.Name, index("sites", i)+".name")
	}
	for i, g := range t.Gateways {
		once("node ", g.Name, index("gateways", i)+".name")
		site(g.Site, index("gateways", i)+".site")
	}
	for i, h := range t.Hosts {
		once("node ", h.Name, index("hosts", i)+".name")
		if h.Site != "" {
			site(h.Site, index("hosts", i)+".site")
		}
	}
	for i, s := range t.Services {
		once("service ", s.Name, index("services", i)+".name")
	}
	pairs := make(map[[2]string]bool)
	for i, p := range t.Links.Paths {
		path := index("links.paths", i)
		site(p.From, path+".from")
		site(p.To, path+".to")
		if pairs[[2]string{p.From, p.To}] {
			r.add(path, "the path from %s to %s is given twice", p.From, p.To)
		}
		pairs[[2]string{p.From, p.To}] = true
	}
}

// validate checks what can only be told of a completed topology.
func (t *Topology) validate(r *report, _ map[netip.Addr]bool) {
	t.checkGateways(r)
	t.checkAddresses(r)
	t.checkServices(r)
}

func (t *Topology) checkGateways(r *report) {
	ids := make(map[uint16]string)
	for i := range t.Gateways {
		g, path := &t.Gateways[i], index("gateways", i)
		if other, ok := ids[g.ID]; ok {
			r.add(path+".id", "%d is the id of %s already", g.ID, other)
		}
		ids[g.ID] = g.Name
		if !g.LAN.Contains(g.Address.Addr) {
			r.add(path+".address", "%s is not in the LAN %s", g.Address, g.LAN)
		}
		if g.CoreAddress() == g.WANAddress.Addr {
			r.add(path+".wan_address", "%s is the first host of its /30, which the core has", g.WANAddress)
		}
		for _, other := range t.Gateways[:i] {
			if g.LAN.Overlaps(other.LAN.Prefix) {
				r.add(path+".lan", "%s overlaps the LAN of %s, %s", g.LAN, other.Name, other.LAN)
			}
		}
	}
}

// checkAddresses finds addresses that two would have.
func (t *Topology) checkAddresses(r *report) {
	owner := make(map[netip.Addr]string)
	take := func(a netip.Addr, who, path string) {
		if !a.Is4() || a.IsMulticast() || a.IsUnspecified() || a.IsLoopback() {
			r.add(path, "%s is no unicast IPv4 address", a)
		}
		if other, ok := owner[a]; ok {
			r.add(path, "%s is the address of %s already", a, other)
		}
		owner[a] = who
	}
	for i := range t.Gateways {
		g, path := &t.Gateways[i], index("gateways", i)
		take(g.Address.Addr, g.Name, path+".address")
		take(g.WANAddress.Addr, g.Name, path+".wan_address")
		if g.CoreAddress() != g.WANAddress.Addr {
			take(g.CoreAddress(), "the core towards "+g.Name, path+".wan_address")
		}
	}
	for i, h := range t.Hosts {
		for j, a := range h.Addresses {
			path := index(index("hosts", i)+".addresses", j)
			take(a.Addr, h.Name, path)
			for _, g := range t.Gateways {
				if g.LAN.Contains(a.Addr) && g.Name != h.Gateway {
					r.add(path, "%s is in the LAN of %s, the host is behind %s", a, g.Name, h.Gateway)
				}
			}
		}
	}
}

func (t *Topology) checkServices(r *report) {
	listening := make(map[netip.AddrPort]string)
	stands := make(map[netip.AddrPort]string) // what an address and port behind a replica gateway stands for
	for i, s := range t.Services {
		path := index("services", i)
		server := netip.AddrPortFrom(s.Server.Addr, s.Port)
		if other, ok := listening[server]; ok {
			r.add(path+".server", "%s is service %s already", server, other)
		}
		listening[server] = s.Name
		seen := make(map[string]bool)
		first := t.checkOrigins(r, s, path, seen, stands)
		if first != nil {
			t.checkServer(r, s, first, path)
		}
		for j, p := range s.Replicas {
			at := index(path+".replicas", j)
			if h := t.serviceHost(r, p.Host, Replica, at, seen); h != nil {
				standIn(r, stands, h, p.Port, s.Name, at)
			}
		}
	}
}

// checkOrigins returns the host that packets to the server's address go to by plain routing.
func (t *Topology) checkOrigins(r *report, s Service, path string, seen map[string]bool, stands map[netip.AddrPort]string) (first *Host) {
	for j, o := range s.Origins {
		at := index(path+".origins", j)
		h := t.serviceHost(r, o.Host, Origin, at, seen)
		if h == nil {
			continue
		}
		g := t.Gateway(h.Gateway)
		switch {
		case j == 0 && g.Role != ServerGateway:
			r.add(at+".host", "the first origin stands behind a server gateway, %s is behind a %s", h.Name, g.Role)
		case j == 0:
			first = h
		case g.Role == ServerGateway && first != nil && g.Name != first.Gateway:
			r.add(at+".host", "%s is behind another server gateway than the first origin: %s, not %s", h.Name, g.Name, first.Gateway)
		}
		switch {
		case g.Role != ServerGateway:
			standIn(r, stands, h, o.Port, s.Name, at)
		case o.Port != s.Port:
			r.add(at+".port", "an origin with the server's address has its port as well, %d", s.Port)
		}
	}
	return first
}

// standIn notes that a host's port stands for a service: its answers leave in one server's name.
func standIn(r *report, stands map[netip.AddrPort]string, h *Host, port uint16, service, path string) {
	at := netip.AddrPortFrom(h.Address().Addr, port)
	if other, ok := stands[at]; ok {
		r.add(path+".port", "%s port %d stands for service %s already", h.Name, port, other)
	}
	stands[at] = service
}

// checkServer finds a server address that is another's, or out of the server gateway's reach.
func (t *Topology) checkServer(r *report, s Service, first *Host, path string) {
	for i := range t.Gateways {
		g := &t.Gateways[i]
		if s.Server == g.Address || s.Server == g.WANAddress || s.Server.Addr == g.CoreAddress() {
			r.add(path+".server", "%s is an address of %s", s.Server, g.Name)
		}
		if g.LAN.Contains(s.Server.Addr) && g.Name != first.Gateway {
			r.add(path+".server", "%s is in the LAN of %s, the first origin is behind %s", s.Server, g.Name, first.Gateway)
		}
	}
	for _, h := range t.Hosts {
		if h.Name != first.Name && slices.Contains(h.Addresses, s.Server) {
			r.add(path+".server", "%s is the address of %s, the first origin is %s", s.Server, h.Name, first.Name)
		}
	}
	for _, other := range t.Services {
		if other.Server == s.Server && len(other.Origins) > 0 && other.Origins[0].Host != first.Name {
			r.add(path+".server", "%s is the server of service %s too, with another first origin", s.Server, other.Name)
		}
	}
}

// serviceHost returns the host of a service's entry if it exists, has the role and is there once.
func (t *Topology) serviceHost(r *report, name string, role Role, path string, seen map[string]bool) *Host {
	h := t.Host(name)
	problem := ""
	switch {
	case h == nil:
		problem = "no host is called " + name
	case h.Role != role:
		problem = fmt.Sprintf("%s is a %s, not a %s", name, h.Role, role)
	case seen[name]:
		problem = name + " is there twice"
	}
	seen[name] = true
	if problem != "" {
		r.add(path+".host", "%s", problem)
		return nil
	}
	return h
}
