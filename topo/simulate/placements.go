package simulate

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Placement says at which sites client, origin and replicas are.
type Placement struct {
	Client, Origin int
	Replicas       []int
}

// Placements gives every combination of a client's site, an origin elsewhere and so many replicas at other sites still.
func (w *World) Placements(replicas int) ([]Placement, error) {
	n := len(w.Sites)
	if replicas < 1 || replicas > n-2 {
		return nil, fmt.Errorf("of %d sites, client and origin apart, %d cannot have replicas", n, replicas)
	}
	count := float64(n * (n - 1))
	for i := range replicas {
		count *= float64(n-2-i) / float64(i+1)
	}
	if count > maxPlacements {
		return nil, fmt.Errorf("%.3g combinations of %d sites and %d replicas are more than %d", count, n, replicas, maxPlacements)
	}
	var list []Placement
	for client := range n {
		for origin := range n {
			if origin == client {
				continue
			}
			var others []int
			for site := range n {
				if site != client && site != origin {
					others = append(others, site)
				}
			}
			choose(others, replicas, nil, func(chosen []int) {
				list = append(list, Placement{client, origin, chosen})
			})
		}
	}
	return list, nil
}

// maxPlacements bounds what is kept in memory.
const maxPlacements = 5_000_000

func choose(from []int, n int, chosen []int, give func([]int)) {
	if n == 0 {
		give(append([]int(nil), chosen...))
		return
	}
	for i := 0; i+n <= len(from); i++ {
		choose(from[i+1:], n-1, append(chosen, from[i]), give)
	}
}

// Sample gives n placements of a list, by the seed; with repetitions when there are fewer.
func Sample(list []Placement, n int, seed uint64) []Placement {
	var r random
	r.seed(seed, 1<<32)
	out := make([]Placement, n)
	for i := range out {
		out[i] = list[r.below(uint64(len(list)))]
	}
	return out
}

// PlacementRun is connections of one client gateway in each of many placements, one a second, each in a world of its
// own where nothing happens.
type PlacementRun struct {
	World       *World
	Placements  []Placement
	Connections int // in each placement; those before Warm are not counted
	Warm        int
	// Clients are behind the gateway.
	Clients uint64
}

// curvePoints is how many connections of each gateway are looked at one by one.
const curvePoints = 1000

// Run plays the run under each policy.
func (p *PlacementRun) Run(ctx context.Context, policies []Policy, settings Settings) (*Report, error) {
	settings = settings.Complete()
	report := &Report{Kind: "placements", Limit: p.Connections - p.Warm}
	for _, policy := range policies {
		t, err := p.play(ctx, policy, &settings)
		if err != nil {
			return nil, err
		}
		report.Results = append(report.Results, newResult(policy.Name, t, nil))
	}
	return report, nil
}

func (p *PlacementRun) play(ctx context.Context, policy Policy, s *Settings) (*tally, error) {
	workers := s.workers()
	tallies := make([]*tally, workers)
	var next, done atomic.Int64
	var wait sync.WaitGroup
	for i := range tallies {
		tallies[i] = newTally(1 + len(p.Placements[0].Replicas))
		wait.Go(func() {
			for ctx.Err() == nil {
				k := int(next.Add(1)) - 1
				if k >= len(p.Placements) {
					return
				}
				p.one(k, policy, s, tallies[i])
				if n := done.Add(1); s.Progress != nil && n%64 == 0 {
					s.Progress(policy.Name, float64(n)/float64(len(p.Placements)))
				}
			}
		})
	}
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, t := range tallies[1:] {
		tallies[0].merge(t)
	}
	return tallies[0], nil
}

// one plays a placement and adds it to a tally.
func (p *PlacementRun) one(k int, policy Policy, s *Settings, t *tally) {
	place := &p.Placements[k]
	devices := []Device{{Name: "origin", Site: place.Origin}}
	for _, site := range place.Replicas {
		devices = append(devices, Device{Name: p.World.Sites[site], Site: site})
	}
	d := &Deployment{World: p.World, Devices: devices}
	g := newGateway(k, place.Client, d, policy, s)
	g.population = max(p.Clients, 1)
	g.left, g.warm = int64(p.Connections), int64(p.Warm)
	g.orders = curvePoints
	before := append([]int64(nil), t.devices...)
	g.tally = t
	g.run(newScene(len(devices), nil, s), forever)
	for i := range before {
		before[i] = t.devices[i] - before[i]
	}
	jain, skew := balance(before, devices)
	t.jain += int64(jain * 1e6)
	t.skew += int64(skew * 1e6)
	t.cases++
}

func (s *Settings) workers() int {
	if s.Workers > 0 {
		return s.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// newGateway makes a gateway at a site of a deployment, with nothing to do yet.
func newGateway(index, site int, d *Deployment, policy Policy, s *Settings) *gateway {
	g := &gateway{
		settings: s, devices: d.Devices, population: 1, strategy: policy.strategy(site, d, s),
		arrived: make([]int64, len(d.Devices)), answers: make([]answer, 0, 2*len(d.Devices)),
	}
	for i, dev := range d.Devices {
		g.direct = append(g.direct, d.World.RoundTrip(site, dev.Site))
		detour := time.Duration(0)
		if i > 0 {
			detour = d.World.Discovery(site, d.Devices[0].Site, dev.Site)
		}
		g.detour = append(g.detour, detour)
	}
	g.draw.seed(s.Seed, uint64(index)*2)
	g.arrivals.seed(s.Seed, uint64(index)*2+1)
	return g
}
