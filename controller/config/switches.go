package config

import (
	"fmt"
	"net/netip"

	"github.com/firstack/firstack/controller/target"
)

func (c *Config) validateSwitches(r *report) {
	ids := map[uint16]string{}
	type device struct {
		address string
		id      uint64
	}
	devices := map[device]string{}
	for i := range c.Switches {
		s, path := &c.Switches[i], fmt.Sprintf("switches[%d]", i)
		if s.Address != "" {
			d := device{s.Address, s.DeviceID}
			if first, twice := devices[d]; twice {
				r.add(path+".address", "device %d at %s is that of %s already", s.DeviceID, s.Address, first)
			} else {
				devices[d] = s.Name
			}
		}
		if s.Role == ClientGateway {
			if first, twice := ids[s.GatewayID]; twice {
				r.add(path+".gateway-id", "%d is that of %s already", s.GatewayID, first)
			} else {
				ids[s.GatewayID] = s.Name
			}
		}
		s.validateTransport(r, path)
		if s.Pipeline == nil && !target.Named(s.Target).Bundled {
			r.add(path+".target", "%s needs a pipeline: no program compiled for it is built in", s.Target)
		}
		s.validateRole(r, path)
		s.validatePorts(r, path)
		s.validateRouting(r, path)
	}
}

func (s *Switch) validateTransport(r *report, path string) {
	switch {
	case s.TLS == nil && !s.Insecure:
		r.add(path, "has no tls; plaintext has to be asked for: insecure: true")
	case s.TLS != nil && s.Insecure:
		r.add(path+".insecure", "contradicts tls")
	case s.TLS != nil && (s.TLS.Cert == "") != (s.TLS.Key == ""):
		r.add(path+".tls", "cert and key go together")
	}
}

// validateRole checks what only one of the roles may have, or must.
func (s *Switch) validateRole(r *report, path string) {
	if s.Role == ClientGateway {
		lan := false
		for _, p := range s.Ports {
			lan = lan || p.Side == LAN
		}
		if !lan {
			r.add(path+".ports", "a client gateway needs a port with side: lan, where its clients are")
		}
	} else {
		for i, p := range s.Ports {
			if p.Side == LAN {
				r.add(fmt.Sprintf("%s.ports[%d].side", path, i), "only a client gateway has a side lan")
			}
		}
	}
	if s.Role != ReplicaGateway && len(s.Direct) > 0 {
		r.add(path+".direct", "only a replica gateway has direct prefixes")
	}
	if len(s.Direct) > maxDirect {
		r.add(path+".direct", "has %d prefixes; the switch has room for %d", len(s.Direct), maxDirect)
	}
}

// The size of the replica gateway's table directs (p4src/common/sizes.p4).
const maxDirect = 256

func (s *Switch) validatePorts(r *report, path string) {
	own := map[netip.Addr]string{}
	connected := map[netip.Prefix]uint16{}
	capabilities := target.Named(s.Target)
	for i, p := range s.Ports {
		at := fmt.Sprintf("%s.ports[%d]", path, i)
		if p.AdminState != "" && s.GNMI == nil {
			r.add(at+".admin-state", "is set over gNMI, and the switch has no gnmi")
		}
		if capabilities.LeadsToController(p.Port) {
			r.add(at+".port", "%d leads to the controller", p.Port)
		}
		for j, a := range p.Addresses {
			at := fmt.Sprintf("%s.addresses[%d]", at, j)
			if !a.IsValid() {
				continue
			}
			if first, twice := own[a.Addr()]; twice {
				r.add(at, "%s is that of %s already", a.Addr(), first)
				continue
			}
			own[a.Addr()] = at
			if other, twice := connected[a.Masked()]; twice && other != p.Port {
				r.add(at, "%s is connected to port %d already", a.Masked(), other)
				continue
			}
			connected[a.Masked()] = p.Port
		}
	}
}

func (s *Switch) validateRouting(r *report, path string) {
	for i, n := range s.Neighbors {
		at := fmt.Sprintf("%s.neighbors[%d]", path, i)
		s.validatePort(r, at+".port", n.Port)
		if s.owns(n.Address) {
			r.add(at+".address", "%s is the gateway's own", n.Address)
		}
	}
	for i, route := range s.Routes {
		at := fmt.Sprintf("%s.routes[%d]", path, i)
		s.validatePort(r, at+".port", route.Port)
		for _, p := range s.Ports {
			for _, a := range p.Addresses {
				if a.IsValid() && a.Masked() == route.Prefix {
					r.add(at+".prefix", "%s is connected by the address of port %d already", route.Prefix, p.Port)
				}
			}
		}
		if !route.Via.IsValid() || route.Port == 0 {
			continue
		}
		switch {
		case s.owns(route.Via):
			r.add(at+".via", "%s is the gateway's own address", route.Via)
		case !s.reaches(route.Via, route.Port):
			r.add(at+".via", "%s is neither in a prefix connected to port %d nor a neighbor there", route.Via, route.Port)
		}
	}
}

func (s *Switch) validatePort(r *report, path string, port uint16) {
	if port == 0 {
		return // reported as missing
	}
	for _, p := range s.Ports {
		if p.Port == port {
			return
		}
	}
	r.add(path, "%s has no port %d", s.Name, port)
}

func (s *Switch) owns(a netip.Addr) bool {
	for _, p := range s.Ports {
		for _, own := range p.Addresses {
			if own.Addr() == a {
				return true
			}
		}
	}
	return false
}

// reaches says whether an address is a next hop that can be asked for, or is known, at a port.
func (s *Switch) reaches(a netip.Addr, port uint16) bool {
	for _, p := range s.Ports {
		for _, own := range p.Addresses {
			if p.Port == port && own.Masked().Contains(a) {
				return true
			}
		}
	}
	for _, n := range s.Neighbors {
		if n.Port == port && n.Address == a {
			return true
		}
	}
	for _, route := range s.Routes {
		if route.Port == port && !route.Via.IsValid() && route.Prefix.Contains(a) {
			return true
		}
	}
	return false
}
