package soak

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/topo/spec"
)

// Sites: two with clients, one with the origin, and replicas at three, of which the first two are equally far from
// everybody.
var (
	clientSites  = []string{"north", "south"}
	replicaSites = []string{"east", "west", "far"}
)

const (
	originSite       = "origin"
	clientsPerSite   = 2
	replicasPerSite  = 1
	firstReplicaPort = 8000
)

// services mix configurations and origin policies; where it says ABC each replica has another one.
var services = []struct {
	name           string
	policy         spec.OriginPolicy
	configurations []spec.Configuration
}{
	{"a-race", spec.PolicyRace, []spec.Configuration{"A", "A", "A"}},
	{"b-standby", spec.PolicyStandby, []spec.Configuration{"B", "B", "B"}},
	{"c-never", spec.PolicyNever, []spec.Configuration{"C", "C", "C"}},
	{"mixed-standby", spec.PolicyStandby, []spec.Configuration{"A", "B", "C"}},
	{"mixed-race", spec.PolicyRace, []spec.Configuration{"C", "A", "B"}},
}

// topology is the network of the soak. Paths differ from run to run with the seed.
func topology(tb testing.TB, random *rand.Rand, seed uint64) *spec.Topology {
	tb.Helper()
	t := &spec.Topology{Name: "soak", Seed: seed, RoundTrips: spec.RoundTrips{MS: map[string]map[string]float64{}}}
	trip := func(a, b string, ms float64) {
		if t.RoundTrips.MS[a] == nil {
			t.RoundTrips.MS[a] = map[string]float64{}
		}
		t.RoundTrips.MS[a][b] = ms
	}
	everywhere := append(append([]string{originSite}, clientSites...), replicaSites...)
	for i, a := range everywhere {
		t.Sites = append(t.Sites, spec.Site{Name: a})
		for _, b := range everywhere[i+1:] {
			ms := 40.0 // equal delays: who is first is a matter of chance
			if a == "far" || b == "far" {
				ms = 60 + 60*random.Float64()
			}
			trip(a, b, ms)
		}
	}
	wan := spec.Path{
		JitterMS: 10 * random.Float64(), Loss: 0.01, Duplicate: 0.02, Reorder: 0.03, ReorderMS: 20,
	}
	t.Links = spec.Links{WAN: wan, LAN: spec.LAN{DelayMS: 0.2, Path: spec.Path{Loss: 0.003, Duplicate: 0.01, JitterMS: 0.1}}}

	t.Gateways = append(t.Gateways, spec.Gateway{Name: "sg", Role: spec.ServerGateway, Site: originSite})
	t.Hosts = append(t.Hosts,
		spec.Host{Name: "origin", Role: spec.Origin, Gateway: "sg"},
		spec.Host{Name: "operations", Role: spec.Management, Gateway: "sg"})
	for _, site := range clientSites {
		t.Gateways = append(t.Gateways, spec.Gateway{Name: "cg-" + site, Role: spec.ClientGateway, Site: site})
		for i := range clientsPerSite {
			t.Hosts = append(t.Hosts, spec.Host{Name: clientName(site, i), Role: spec.Client, Gateway: "cg-" + site})
		}
	}
	for _, site := range replicaSites {
		t.Gateways = append(t.Gateways, spec.Gateway{Name: "rg-" + site, Role: spec.ReplicaGateway, Site: site})
		t.Hosts = append(t.Hosts, spec.Host{Name: replicaName(site), Role: spec.Replica, Gateway: "rg-" + site})
	}
	for i, s := range services {
		service := spec.Service{Name: s.name, OriginPolicy: s.policy, Origins: []spec.ServiceOrigin{{Host: "origin"}}}
		for j, site := range replicaSites {
			service.Replicas = append(service.Replicas, spec.ServiceReplica{
				Host: replicaName(site), Configuration: s.configurations[j], Port: uint16(firstReplicaPort + i),
			})
		}
		t.Services = append(t.Services, service)
	}
	if err := t.Resolve(spec.OpenEmbedded); err != nil {
		tb.Fatal(err)
	}
	return t
}

func clientName(site string, i int) string { return fmt.Sprintf("client-%s-%d", site, i) }
func replicaName(site string) string       { return "replica-" + site }

// timers of the soak. Hosts repeat SYN-ACKs and data for seconds, so what the gateways remember of the past lasts longer
// than that: whoever comes late in spite of lost resets still finds it.
func timers(c *config.Config) {
	c.Timers.SlotPending = 10 * time.Second
	c.Timers.LingerReset = 10 * time.Second
	c.Timers.LingerFIN = 10 * time.Second
	c.Timers.Transitory = 20 * time.Second
	c.Timers.Idle = 25 * time.Second
	c.Health.Off = true // until the network is there
	// Two services raced as the patent has it, one raced by the client gateways, the others steered as far as it goes,
	// with more races and discoveries in between than anyone would ask for.
	for i := range c.Services {
		s := &c.Services[i].Steering
		s.Mode = []config.SteeringMode{config.SteeringDirect, config.SteeringDiscover, config.SteeringRace}[i%3]
		s.RaceEvery, s.ScoutEvery, s.Legs = 8, 8, 3
	}
}
