package e2e

import (
	"math"
	"sync"
	"testing"

	"github.com/firstack/firstack/tests/e2e/lab"
	"github.com/firstack/firstack/topo/host"
	"github.com/firstack/firstack/topo/live"
	"github.com/firstack/firstack/topo/spec"
)

// TestOrigins: a service with three origin servers, one behind another gateway, shares its connections among them by
// weight, and each connection stays with its server to its last byte.
func TestOrigins(t *testing.T) {
	weights := map[string]int{lab.Origin: 1, "origin-beside": 2, "origin-afar": 3}
	top := lab.Default(t, lab.WithReplicas(), func(top *spec.Topology) {
		top.Hosts = append(top.Hosts,
			spec.Host{Name: "origin-beside", Role: spec.Origin, Gateway: lab.ServerGateway},
			spec.Host{Name: "origin-afar", Role: spec.Origin, Gateway: "rg-london"})
		s := &top.Services[0]
		s.Origins = nil
		for _, name := range []string{lab.Origin, "origin-beside", "origin-afar"} {
			s.Origins = append(s.Origins, spec.ServiceOrigin{Host: name, Weight: weights[name]})
		}
	})
	n := lab.Start(t, top, live.Options{Edit: noProbes, Scale: 0.05})
	const connections = 300
	var wg sync.WaitGroup
	for worker := range 10 {
		wg.Go(func() {
			for i := range connections / 10 {
				seed := uint64(worker*1000 + i)
				if r, err := n.TryFetch(host.Request{Size: 20_000, Seed: seed}); err != nil {
					t.Errorf("%v (%+v)", err, r)
				}
			}
		})
	}
	wg.Wait()
	for name, weight := range weights {
		got, want := float64(n.World.Server(name).Requests()), float64(connections*weight)/6
		// Six standard deviations of a binomial distribution: one false alarm in hundreds of millions.
		if p := float64(weight) / 6; math.Abs(got-want) > 6*math.Sqrt(connections*p*(1-p)) {
			t.Errorf("%s served %v connections, its share is %v", name, got, want)
		}
	}
}
