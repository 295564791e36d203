package state

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	descSteeredTo = desc("steering_ratio", "Part of the connections that a client gateway sends so: direct, race or scout (a race with a discovery beside). The rest is discovered.", "switch", "service", "mode")
	descSteered   = desc("steering_connections_total", "Connections to a service that were answered, by how their SYN went out: discover, race or direct.", "switch", "service", "mode")
	descSilent    = desc("steering_unanswered_total", "Raced and direct SYNs that clients sent a second time.", "switch", "service")
	descOverdue   = desc("steering_overdue_total", "Direct SYNs that found their replica owing an answer beyond patience.", "switch", "service")
	descDoubtful  = desc("steering_doubtful", "Whether a client gateway has all connections to a service race, until it is clear whom to trust.", "switch", "service")
	descRTT       = desc("steering_round_trip_seconds", "Estimated round trip from a client gateway to a replica.", "switch", "service", "replica")
	descShare     = desc("steering_replica_ratio", "Part of the connections that goes to a replica alone.", "switch", "service", "replica")
)

// steering leaves out what the configuration does not list: addresses are no labels.
func (c *Collector) steering(ctx context.Context, out chan<- prometheus.Metric) error {
	list, err := c.source.Steering(ctx)
	for _, s := range list {
		if s.Service == "" {
			continue
		}
		gauge(out, descSteeredTo, s.Direct, s.Switch, s.Service, "direct")
		gauge(out, descSteeredTo, s.Race, s.Switch, s.Service, "race")
		gauge(out, descSteeredTo, s.Scout, s.Switch, s.Service, "scout")
		counter(out, descSteered, s.Counts.Discovered, s.Switch, s.Service, "discover")
		counter(out, descSteered, s.Counts.Raced, s.Switch, s.Service, "race")
		counter(out, descSteered, s.Counts.Direct, s.Switch, s.Service, "direct")
		counter(out, descSilent, s.Counts.Unanswered, s.Switch, s.Service)
		counter(out, descOverdue, s.Counts.Overdue, s.Switch, s.Service)
		gauge(out, descDoubtful, flag(s.Doubtful), s.Switch, s.Service)
		for _, r := range s.Replicas {
			if r.Name == "" {
				continue
			}
			if r.Delay > 0 {
				gauge(out, descRTT, r.Delay/1000, s.Switch, s.Service, r.Name)
			}
			gauge(out, descShare, r.Share, s.Switch, s.Service, r.Name)
		}
	}
	return err
}
