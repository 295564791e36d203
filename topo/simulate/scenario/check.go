package scenario

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/firstack/firstack/topo/simulate"
)

// What a scenario may have. The number of replicas is what fits into an address's last byte.
const (
	maxReplicas    = 100
	maxConnections = 1_000_000_000
	maxGateways    = 100_000
	maxTime        = 10 * 365 * 24 * time.Hour
	maxServers     = 1_000_000
	maxRate        = 1e9
)

// check finds what is wrong and fills in what is omitted.
func (s *Scenario) check(r *report) {
	if s.Connections < 1 || s.Connections > maxConnections {
		r.add("connections", "%d is not from 1 to %d", s.Connections, maxConnections)
	}
	if s.Warm < 0 {
		r.add("warm", "must not be negative")
	}
	s.site(r, "origin.site", s.Origin.Site)
	switch s.Origin.Policy {
	case "":
		s.Origin.Policy = simulate.OriginRace
	case simulate.OriginRace, simulate.OriginStandby, simulate.OriginNever:
	default:
		r.add("origin.policy", "%q is not one of race, standby, never", s.Origin.Policy)
	}
	capacity(r, "origin", s.Origin.Capacity)
	s.checkReplicas(r)
	s.checkClients(r)
	s.checkChanges(r)
}

func (s *Scenario) site(r *report, path, name string) {
	if s.world.Site(name) < 0 {
		r.add(path, "%q is not one of the table's sites: %s", name, strings.Join(s.world.Sites, ", "))
	}
}

func capacity(r *report, path string, c Capacity) {
	if c.Servers < 0 || c.Servers > maxServers {
		r.add(path+".servers", "%d is not from 0 to %d", c.Servers, maxServers)
	}
	if duration(r, path+".service", c.Service) && c.Servers > 0 && (c.Service.Duration <= 0 || c.Service.Duration > time.Hour) {
		r.add(path+".service", "with servers, a time of up to an hour is needed")
	}
	if c.Backlog < 0 || c.Backlog > math.MaxInt32 {
		r.add(path+".backlog", "%d is not from 0 to %d", c.Backlog, math.MaxInt32)
	}
}

// duration says whether a time is one, and reports it otherwise.
func duration(r *report, path string, t Time) bool {
	if t.wrong != "" {
		r.add(path, "%s is not a time such as 1m30s", t.wrong)
	}
	return t.wrong == ""
}

func (s *Scenario) checkReplicas(r *report) {
	if len(s.Replicas) < 1 || len(s.Replicas) > maxReplicas {
		r.add("replicas", "%d of them: from 1 to %d are possible", len(s.Replicas), maxReplicas)
	}
	seen := map[string]bool{"origin": true}
	for i := range s.Replicas {
		p := &s.Replicas[i]
		path := fmt.Sprintf("replicas[%d]", i)
		s.site(r, path+".site", p.Site)
		if p.Name == "" {
			p.Name = p.Site
		}
		if seen[p.Name] {
			r.add(path+".name", "%q is there twice", p.Name)
		}
		seen[p.Name] = true
		capacity(r, path, p.Capacity)
	}
}

func (s *Scenario) checkClients(r *report) {
	if len(s.Clients) == 0 {
		r.add("clients", "there are none")
	}
	gateways := 0
	for i := range s.Clients {
		p := &s.Clients[i]
		path := fmt.Sprintf("clients[%d]", i)
		s.site(r, path+".site", p.Site)
		if p.Clients == 0 {
			r.add(path+".clients", "must be 1 at least")
		}
		if !(p.Rate > 0 && p.Rate <= maxRate) {
			r.add(path+".rate", "%v is not a number of connections a second above 0, up to %g", p.Rate, float64(maxRate))
		}
		if p.Gateways == 0 {
			p.Gateways = 1
		}
		if p.Gateways < 0 || p.Gateways > maxGateways {
			r.add(path+".gateways", "%d is not from 1 to %d", p.Gateways, maxGateways)
			continue
		}
		if gateways += p.Gateways; gateways > maxGateways {
			r.add(path+".gateways", "more than %d in all", maxGateways)
		}
	}
}

func (s *Scenario) checkChanges(r *report) {
	if len(s.Changes) > math.MaxInt16 {
		r.add("changes", "more than %d", math.MaxInt16)
	}
	for i, c := range s.Changes {
		path := fmt.Sprintf("changes[%d]", i)
		if duration(r, path+".at", c.At) && (c.At.Duration < 0 || c.At.Duration > maxTime) {
			r.add(path+".at", "%v is not from 0s to ten years", c.At.Duration)
		}
		if s.device(c.Device) < 0 {
			r.add(path+".device", "%q is neither origin nor a replica's name", c.Device)
		}
		_, known := states[c.State]
		switch {
		case c.State != "" && !known:
			r.add(path+".state", "%q is not one of down, up, busy, free", c.State)
		case !duration(r, path+".slower", c.Slower):
		case known == (c.Slower.Duration != 0):
			r.add(path, "want either state or slower")
		case c.Slower.Duration < -time.Hour || c.Slower.Duration > time.Hour:
			r.add(path+".slower", "%v is more than an hour", c.Slower.Duration)
		}
	}
}
