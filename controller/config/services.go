package config

import (
	"fmt"
	"net/netip"
)

// seats remembers who has which place, over all services and within the one at hand.
type seats struct {
	*report
	config   *Config
	servers  map[netip.AddrPort]string
	speakers map[netip.AddrPort]speaker
	// Of the service at hand.
	names     map[string]string
	addresses map[netip.Addr]string
}

// speaker is a replica or origin server as its gateway sees it: what comes from its address and port is given the
// server's name, so it can stand for one service only. In configuration A nothing is changed on the way out, and
// one web server may stand for many.
type speaker struct {
	path  string
	plain bool
}

func (c *Config) validateServices(r *report) {
	s := &seats{report: r, config: c, servers: map[netip.AddrPort]string{}, speakers: map[netip.AddrPort]speaker{}}
	for i := range c.Services {
		s.service(fmt.Sprintf("services[%d]", i), &c.Services[i])
	}
}

func (s *seats) service(path string, service *Service) {
	server := netip.AddrPortFrom(service.Server, service.Port)
	if service.Server.IsValid() && service.Port != 0 {
		if first, twice := s.servers[server]; twice {
			s.add(path+".server", "%s is that of %s already", server, first)
		} else {
			s.servers[server] = path
		}
	}
	s.gateway(path+".gateway", service.Gateway, ServerGateway)
	here := service.Gateway != ""
	s.names, s.addresses = map[string]string{}, map[netip.Addr]string{}
	for i := range service.Origins {
		origin, at := &service.Origins[i], fmt.Sprintf("%s.origins[%d]", path, i)
		here = here || origin.Gateway != ""
		s.names[origin.Name] = at
		s.origin(at, service, origin)
	}
	for i := range service.Replicas {
		replica, at := &service.Replicas[i], fmt.Sprintf("%s.replicas[%d]", path, i)
		here = here || replica.Gateway != ""
		if first, twice := s.names[replica.Name]; twice && replica.Name != "" {
			s.add(at+".name", "%s is that of %s already", replica.Name, first)
		}
		s.replica(at, service, replica)
	}
	if !here {
		s.add(path, "has no gateway under this controller, neither its own nor a replica's")
	}
	if service.OriginPolicy == OriginNever && len(service.Replicas) == 0 {
		s.add(path+".origin-policy", "never leaves a service without replicas to nobody")
	}
}

// gateway checks a reference to a switch; "" refers to none.
func (s *seats) gateway(path, name string, role Role) {
	if name == "" {
		return
	}
	for i := range s.config.Switches {
		if s.config.Switches[i].Name != name {
			continue
		}
		if s.config.Switches[i].Role != role {
			s.add(path, "%s is a %s; a %s is wanted", name, s.config.Switches[i].Role, role)
		}
		return
	}
	s.add(path, "there is no switch %q", name)
}

func (s *seats) origin(path string, service *Service, o *Origin) {
	s.gateway(path+".gateway", o.Gateway, ReplicaGateway)
	s.standIn(path, o.Address)
	if o.Address != service.Server {
		s.speak(path, netip.AddrPortFrom(o.Address, o.Port), false)
	} else if o.Port != service.Port && o.Port != 0 {
		s.add(path+".port", "an origin at the service's own address listens on the service's port %d", service.Port)
	}
}

func (s *seats) replica(path string, service *Service, replica *Replica) {
	s.gateway(path+".gateway", replica.Gateway, ReplicaGateway)
	if replica.Address == service.Server && replica.Address.IsValid() {
		s.add(path+".address", "%s is the server itself; list it under origins", replica.Address)
		return
	}
	if s.standIn(path, replica.Address) {
		s.speak(path, netip.AddrPortFrom(replica.Address, replica.Port), replica.Configuration == ConfigurationA)
	}
	switch {
	case replica.MaxConnectionRate == 0 && replica.Burst != 0:
		s.add(path+".burst", "means nothing without max-connection-rate")
	case replica.MaxConnectionRate != 0 && replica.Gateway == "":
		s.add(path+".max-connection-rate", "is kept by the replica's gateway, and none is named")
	}
}

// standIn refuses two stand-ins of one service at one address: what is sent to them in a tunnel carries the
// address only, and the gateway behind it could not tell which port is meant.
func (s *seats) standIn(path string, a netip.Addr) bool {
	if !a.IsValid() {
		return false
	}
	if first, twice := s.addresses[a]; twice {
		s.add(path+".address", "%s is that of %s already; a service has one web server at an address", a, first)
		return false
	}
	s.addresses[a] = path
	return true
}

func (s *seats) speak(path string, at netip.AddrPort, plain bool) {
	if !at.Addr().IsValid() || at.Port() == 0 {
		return
	}
	first, twice := s.speakers[at]
	switch {
	case !twice:
		s.speakers[at] = speaker{path, plain}
	case !first.plain || !plain:
		s.add(path+".address", "%s speaks for another service already (%s); that needs configuration A in both", at, first.path)
	}
}
