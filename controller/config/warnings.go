package config

import (
	"fmt"
	"net"
	"net/netip"
)

// Warnings says what a valid configuration has that is seldom meant, each "path: what about it".
func (c *Config) Warnings() []string {
	var list []string
	warn := func(path, format string, args ...any) { list = append(list, path+": "+fmt.Sprintf(format, args...)) }
	if host, _, err := net.SplitHostPort(c.Controller.Listen); err == nil && !isLoopback(host) {
		warn("controller.listen", "%s can be reached from other machines, and asks nobody who they are", c.Controller.Listen)
	}
	for i := range c.Switches {
		s, path := &c.Switches[i], fmt.Sprintf("switches[%d]", i)
		if s.DeviceID == 0 {
			warn(path+".device-id", "0 is not allowed by the P4Runtime specification, though some switches use it")
		}
		if host, _, err := net.SplitHostPort(s.Address); err == nil && s.Insecure && !isLoopback(host) {
			warn(path+".insecure", "whoever is on the way to %s can write to the switch", s.Address)
		}
	}
	for i := range c.Services {
		for j := range c.Services[i].Replicas {
			if replica := &c.Services[i].Replicas[j]; c.unprobed(replica) {
				warn(fmt.Sprintf("services[%d].replicas[%d].health-port", i, j),
					"in configuration %s port %d speaks as the server and %s has no direct prefixes, so probes through it will fail",
					replica.Configuration, replica.Port, replica.Gateway)
			}
		}
	}
	return list
}

// unprobed says whether a replica's probes are answered in the server's name.
func (c *Config) unprobed(r *Replica) bool {
	if c.Health.Off || r.Configuration == ConfigurationA || r.HealthPort != r.Port || r.AdminState == AdminDown {
		return false
	}
	for i := range c.Switches {
		if c.Switches[i].Name == r.Gateway {
			return len(c.Switches[i].Direct) == 0
		}
	}
	return false
}

func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}
