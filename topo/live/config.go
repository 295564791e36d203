package live

import (
	"net"
	"net/netip"
	"slices"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/topo/plan"
	"github.com/firstack/firstack/topo/spec"
)

// Config is the controller's configuration of a planned topology. Switch addresses are the gateways' names with
// port 9559: whoever runs the network says how they are dialled.
func Config(p *plan.Plan) *config.Config {
	c := &config.Config{Controller: config.Controller{Listen: config.ListenOff}}
	for _, g := range p.Gateways {
		c.Switches = append(c.Switches, switchOf(g))
	}
	var raced []uint16
	for _, s := range p.Topology.Services {
		c.Services = append(c.Services, serviceOf(p, s))
		if len(s.Replicas) > 0 && !slices.Contains(raced, s.Port) {
			raced = append(raced, s.Port)
		}
	}
	for _, port := range raced {
		c.Redirections = append(c.Redirections, config.Redirection{
			Clients: netip.MustParsePrefix("0.0.0.0/0"), Servers: netip.MustParsePrefix("0.0.0.0/0"),
			Ports: []uint16{port}, Action: config.ActionRedirect,
		})
	}
	return c
}

func switchOf(g *plan.Gateway) config.Switch {
	s := config.Switch{
		Name: g.Name, Role: config.Role(g.Role), Address: net.JoinHostPort(g.Name, "9559"),
		DeviceID: uint64(g.ID), Insecure: true, GatewayID: g.ID, Direct: g.Direct,
	}
	for _, p := range g.Ports {
		side := config.WAN
		if p.ID == plan.LAN && g.Role == spec.ClientGateway {
			side = config.LAN
		}
		s.Ports = append(s.Ports, config.Port{
			Port: uint16(p.ID), Side: side, MAC: config.MAC(p.MAC), Addresses: []netip.Prefix{p.Address},
		})
	}
	for _, r := range g.Routes {
		s.Routes = append(s.Routes, config.Route{Prefix: r.Prefix, Port: uint16(r.Port), Via: r.Via})
	}
	for _, n := range g.Neighbors {
		s.Neighbors = append(s.Neighbors, config.Neighbor{Address: n.Address, Port: uint16(n.Port), MAC: config.MAC(n.MAC)})
	}
	return s
}

func serviceOf(p *plan.Plan, s spec.Service) config.Service {
	out := config.Service{
		Name: s.Name, Server: s.Server.Addr, Port: s.Port, OriginPolicy: config.OriginPolicy(s.OriginPolicy),
	}
	for i, o := range s.Origins {
		h := p.Host(o.Host)
		origin := config.Origin{Name: o.Host, Address: h.All[0], Port: o.Port, Weight: int32(o.Weight)}
		if i == 0 {
			out.Gateway = h.Gateway
			origin.Address = s.Server.Addr // the first has the server's address: nothing leads to it but its route
		} else if h.Gateway != out.Gateway {
			origin.Gateway = h.Gateway // it cracks what the server gateway encapsulates
		}
		out.Origins = append(out.Origins, origin)
	}
	for _, r := range s.Replicas {
		h := p.Host(r.Host)
		out.Replicas = append(out.Replicas, config.Replica{
			Name: r.Host, Address: h.All[0], Port: r.Port, HealthPort: r.HealthPort, Gateway: h.Gateway,
			Configuration: config.Configuration(r.Configuration), AdminState: config.AdminUp,
		})
	}
	return out
}
