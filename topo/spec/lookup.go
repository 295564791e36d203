package spec

import "slices"

func (t *Topology) site(name string) *Site {
	if i := slices.IndexFunc(t.Sites, func(s Site) bool { return s.Name == name }); i >= 0 {
		return &t.Sites[i]
	}
	return nil
}

// Gateway returns the gateway of this name, or nil.
func (t *Topology) Gateway(name string) *Gateway {
	if i := slices.IndexFunc(t.Gateways, func(g Gateway) bool { return g.Name == name }); i >= 0 {
		return &t.Gateways[i]
	}
	return nil
}

// Host returns the host of this name, or nil.
func (t *Topology) Host(name string) *Host {
	if i := slices.IndexFunc(t.Hosts, func(h Host) bool { return h.Name == name }); i >= 0 {
		return &t.Hosts[i]
	}
	return nil
}

// Service returns the service of this name, or nil.
func (t *Topology) Service(name string) *Service {
	if i := slices.IndexFunc(t.Services, func(s Service) bool { return s.Name == name }); i >= 0 {
		return &t.Services[i]
	}
	return nil
}

// HostsOf returns the hosts with this role, in order.
func (t *Topology) HostsOf(role Role) []*Host {
	var list []*Host
	for i := range t.Hosts {
		if t.Hosts[i].Role == role {
			list = append(list, &t.Hosts[i])
		}
	}
	return list
}

// SetConfiguration gives every replica of every service the same configuration.
func (t *Topology) SetConfiguration(c Configuration) {
	for i := range t.Services {
		for j := range t.Services[i].Replicas {
			t.Services[i].Replicas[j].Configuration = c
		}
	}
}

// Address returns the address that the host sends from.
func (h *Host) Address() Addr {
	if len(h.Addresses) == 0 {
		return Addr{}
	}
	return h.Addresses[0]
}
