package gateway

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/firstack/firstack/controller/steer"
)

// SteeredService is what a client gateway learned of a service, and how connections go out.
type SteeredService struct {
	Server   netip.AddrPort
	Counts   SteeringCounts // since the controller knows the service
	Doubtful bool           // all race until it is clear again whom to trust
	// Shares of all connections; without any, all are discovered.
	Race, Scout, Direct float64
	Replicas            []SteeredReplica
}

// SteeredReplica is a replica of it; steer.Server is the server itself.
type SteeredReplica struct {
	steer.View
	Age time.Duration // since it was last measured; 0 when it never was
}

// Steering tells what a client gateway learned, by server: of all services that are listed, and of others that are
// steered. Nothing for other gateways.
func (g *Gateway) Steering(ctx context.Context) (list []SteeredService, err error) {
	c, ok := g.role.(*client)
	if !ok {
		return nil, nil
	}
	err = g.do(ctx, func() {
		now := g.now()
		for server, one := range c.aim.services {
			choice := one.Choice()
			s := SteeredService{Server: server, Counts: *c.aim.countsOf(server), Doubtful: one.Doubtful()}
			if total := float64(choice.Total()); total > 0 {
				s.Race, s.Scout = float64(choice.Race)/total, float64(choice.Scout)/total
				s.Direct = 1 - s.Race - s.Scout
			}
			for _, v := range one.Views() {
				r := SteeredReplica{View: v}
				if v.Delay != 0 {
					r.Age = now - v.Measured
				}
				s.Replicas = append(s.Replicas, r)
			}
			slices.SortFunc(s.Replicas, func(a, b SteeredReplica) int { return a.Replica.Compare(b.Replica) })
			list = append(list, s)
		}
		for server := range c.aim.listed {
			if c.aim.services[server] == nil {
				list = append(list, SteeredService{Server: server, Counts: *c.aim.countsOf(server)})
			}
		}
	})
	slices.SortFunc(list, func(a, b SteeredService) int {
		return cmp.Or(a.Server.Addr().Compare(b.Server.Addr()), cmp.Compare(a.Server.Port(), b.Server.Port()))
	})
	return list, err
}
