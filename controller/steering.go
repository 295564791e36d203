package controller

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/gateway"
	"github.com/firstack/firstack/controller/state"
	"github.com/firstack/firstack/controller/steer"
)

// Steering tells what the client gateways learned of services, and how connections go out.
func (k *Controller) Steering(ctx context.Context) ([]state.Steering, error) {
	r := k.roster.Load()
	list := []state.Steering{}
	for _, u := range r.units {
		if k.standby(u) {
			continue
		}
		services, err := u.gateway.Steering(ctx)
		if err != nil {
			return list, fmt.Errorf("switch %s: %w", u.name, err)
		}
		for i := range services {
			list = append(list, steeringOf(r.config, u.name, &services[i]))
		}
	}
	return list, nil
}

func steeringOf(c *config.Config, gatewayName string, s *gateway.SteeredService) state.Steering {
	one := state.Steering{
		Switch: gatewayName, Server: s.Server, Mode: modeOf(s), Connections: s.Counts.Answered(), Counts: state.SteeringCounts(s.Counts),
		Doubtful: s.Doubtful, Race: s.Race, Scout: s.Scout, Direct: s.Direct, Replicas: []state.SteeredReplica{},
	}
	names := map[netip.Addr]string{}
	for i := range c.Services {
		if listed := &c.Services[i]; netip.AddrPortFrom(listed.Server, listed.Port) == s.Server {
			one.Service = listed.Name
			names[steer.Server] = listed.Origins[0].Name // one at least; names of origins and replicas differ
			for _, r := range listed.Replicas {
				names[r.Address] = r.Name
			}
		}
	}
	least := time.Duration(0)
	for _, r := range s.Replicas {
		replica := state.SteeredReplica{
			Name: names[r.Replica], Address: r.Replica, Standing: r.Standing, Share: r.Share,
			Delay: float64(r.Delay.Microseconds()) / 1000, Age: r.Age.Seconds(),
		}
		if r.Replica == steer.Server {
			replica.Address, replica.Origin = s.Server.Addr(), true
		}
		one.Replicas = append(one.Replicas, replica)
		if trusted := r.Standing == "shares" || r.Standing == "measured"; trusted && (least == 0 || r.Delay < least) {
			least, one.Nearest = r.Delay, cmp.Or(replica.Name, replica.Address.String())
		}
	}
	return one
}

// modeOf is the furthest that any connection goes.
func modeOf(s *gateway.SteeredService) string {
	mode := config.SteeringDiscover
	switch {
	case s.Direct > 0:
		mode = config.SteeringDirect
	case s.Race+s.Scout > 0:
		mode = config.SteeringRace
	}
	return string(mode)
}
