package health

import (
	"net/netip"

	"github.com/firstack/firstack/controller/config"
)

// Target is one web server to be probed. Two with the same fields are the same; one whose address changes is another.
type Target struct {
	Service string // name of the service
	Server  string // name of the replica or origin server
	Address netip.AddrPort
}

// Targets lists the replicas and origin servers of a complete configuration, except replicas that are
// administratively down, for which probes have nothing to say.
func Targets(c *config.Config) []Target {
	var list []Target
	for _, s := range c.Services {
		for _, o := range s.Origins {
			list = append(list, Target{s.Name, o.Name, netip.AddrPortFrom(o.Address, o.Port)})
		}
		for _, r := range s.Replicas {
			if r.AdminState != config.AdminDown {
				list = append(list, Target{s.Name, r.Name, netip.AddrPortFrom(r.Address, r.HealthPort)})
			}
		}
	}
	return list
}
