package soak

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/tests/e2e/lab"
	"github.com/firstack/firstack/topo/host"
	"github.com/firstack/firstack/topo/live"
	"github.com/firstack/firstack/topo/spec"
)

// round is one network and what happens to it.
type round struct {
	t      *testing.T
	rand   *rand.Rand // of the plan; workers have their own
	n      *lab.Network
	origin string // its site
}

func newRound(t *testing.T, r *rand.Rand) *round {
	topology := randomTopology(t, r)
	w := topology.Links.WAN
	t.Logf("configurations %v, origin policy %s, jitter %.1f ms, loss %.3f, duplicates %.3f, reordering %.3f",
		configurationsOf(topology), topology.Services[0].OriginPolicy, w.JitterMS, w.Loss, w.Duplicate, w.Reorder)
	n := lab.Start(t, topology, live.Options{Edit: func(c *config.Config) {
		c.Health.Interval, c.Health.Timeout = 250*time.Millisecond, 250*time.Millisecond
		c.Health.Path = "/health"
	}})
	return &round{t: t, rand: r, n: n, origin: topology.Host(lab.Origin).Site}
}

// randomTopology is the default one with random treatment of frames, configurations and policy. In one of four, all
// replicas are equally far.
func randomTopology(t *testing.T, r *rand.Rand) *spec.Topology {
	configurations := []spec.Configuration{spec.ConfigurationA, spec.ConfigurationB, spec.ConfigurationC}
	policies := []spec.OriginPolicy{spec.PolicyStandby, spec.PolicyStandby, spec.PolicyRace, spec.PolicyNever}
	return lab.Default(t, func(topology *spec.Topology) {
		s := &topology.Services[0]
		for i := range s.Replicas {
			s.Replicas[i].Configuration = configurations[r.IntN(len(configurations))]
		}
		s.OriginPolicy = policies[r.IntN(len(policies))]
		topology.Seed = r.Uint64()
		w := &topology.Links.WAN
		w.JitterMS = r.Float64() * 20
		w.Loss = r.Float64() * 0.02
		w.Duplicate = r.Float64() * 0.02
		w.Reorder = r.Float64() * 0.05
		if r.IntN(4) == 0 {
			equalDelays(topology)
		}
	})
}

// equalRoundTrip is between any two sites, in ms.
const equalRoundTrip = 60

func equalDelays(topology *spec.Topology) {
	topology.RoundTrips.MS = map[string]map[string]float64{}
	for _, a := range topology.Sites {
		row := map[string]float64{}
		for _, b := range topology.Sites {
			if a.Name != b.Name {
				row[b.Name] = equalRoundTrip
			}
		}
		topology.RoundTrips.MS[a.Name] = row
	}
}

func configurationsOf(topology *spec.Topology) string {
	text := ""
	for _, r := range topology.Services[0].Replicas {
		text += string(r.Configuration)
	}
	return text
}

// progress is how often a round says how far it is.
const progress = 5 * time.Second

// run makes the races, several at a time, while trouble goes on.
func (r *round) run(races int) report {
	stop := make(chan struct{})
	troubled := make(chan struct{})
	go func() {
		defer close(troubled)
		r.trouble(stop)
	}()

	jobs := make(chan uint64)
	results := make(chan result)
	var workers sync.WaitGroup
	for range min(*concurrent, races) {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for s := range jobs {
				results <- r.race(rand.New(rand.NewPCG(s, 0)))
			}
		}()
	}
	seeds := rand.New(rand.NewPCG(r.rand.Uint64(), 1))
	go func() {
		for range races {
			jobs <- seeds.Uint64()
		}
		close(jobs)
		workers.Wait()
		close(results)
	}()

	var sum report
	tick := time.NewTicker(progress)
	defer tick.Stop()
	for open := true; open; {
		select {
		case <-tick.C:
			frames, bytes := r.n.World.Fabric().InFlight()
			r.t.Logf("%d of %d; %d frames, %d bytes on their way; %d translations", sum.races, races, frames, bytes, r.n.Translations())
		case one, ok := <-results:
			if open = ok; ok {
				sum.count(one, r.origin)
				if one.err != nil {
					r.t.Errorf("a fetch failed: %v", one.err)
				}
			}
		}
	}
	close(stop)
	<-troubled
	r.bounded()
	sum.seen(r.n.Witness.Totals())
	return sum
}

// result is a fetch.
type result struct {
	host.Result
	err error
}

// race makes one connection and fetches something over it.
func (r *round) race(random *rand.Rand) result {
	got, err := r.n.TryFetch(host.Request{Size: random.Int64N(60_000), Seed: random.Uint64()})
	if err == nil && !got.SHA256OK {
		err = fmt.Errorf("wrong bytes from %s: %+v", got.ServedBy, got)
	}
	return result{got, err}
}

// bounded checks that nothing has grown beyond what was asked for: with no connection open, nothing is on its way for
// long, and the translations are at most the connections that were made.
func (r *round) bounded() {
	r.n.Quiet()
	if have, made := r.n.Translations(), int(r.n.Witness.Totals().Opened); have > made {
		r.t.Errorf("%d translations of %d connections", have, made)
	}
}
