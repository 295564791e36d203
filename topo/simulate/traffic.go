package simulate

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Traffic is what populations of clients do to one service over time.
type Traffic struct {
	Deployment  Deployment
	Populations []Population
	Changes     []Change
	// Connections is how many there are in all; shared by the populations' rates.
	Connections int64
	// Warm is how many connections of each gateway are not counted.
	Warm int
	// Slices is how many intervals the curves over time have; 0 = 200.
	Slices int
}

// Duration is how long all connections take to arrive, in the mean.
func (t *Traffic) Duration() time.Duration {
	rate := 0.0
	for _, p := range t.Populations {
		rate += p.Rate
	}
	return time.Duration(float64(t.Connections) / rate * float64(time.Second))
}

// Run plays the traffic under each policy.
func (t *Traffic) Run(ctx context.Context, policies []Policy, settings Settings) (*Report, error) {
	settings = settings.Complete()
	switch {
	case len(t.Populations) == 0:
		return nil, errors.New("there are no clients")
	case t.Duration() <= 0 || t.Duration() > 10*365*24*time.Hour:
		return nil, errors.New("at these rates the connections take no time, or more than ten years")
	}
	slices := t.Slices
	if slices == 0 {
		slices = 200
	}
	report := &Report{Kind: "traffic", Slice: (t.Duration()/time.Duration(slices) + 1).Seconds()}
	for _, d := range t.Deployment.Devices {
		report.Devices = append(report.Devices, d.Name)
	}
	for _, c := range t.Changes {
		report.Changes = append(report.Changes, t.Deployment.describe(c))
	}
	for _, policy := range policies {
		r, err := t.play(ctx, policy, &settings, slices)
		if err != nil {
			return nil, err
		}
		report.Results = append(report.Results, r)
	}
	return report, nil
}

// gateways makes those of all populations, each with its part of the connections.
func (t *Traffic) gateways(policy Policy, s *Settings) []*gateway {
	var list []*gateway
	var rates []float64
	total := 0.0
	for _, p := range t.Populations {
		n := max(p.Gateways, 1)
		for range n {
			g := newGateway(len(list), p.Site, &t.Deployment, policy, s)
			g.population = max(p.Clients/uint64(n), 1)
			g.interval = float64(time.Second) / (p.Rate / float64(n))
			list = append(list, g)
			rates = append(rates, p.Rate/float64(n))
			total += p.Rate / float64(n)
		}
	}
	// So many that they add up to the whole: up to here, rounded.
	given, upto := int64(0), 0.0
	for i, g := range list {
		upto += rates[i] / total
		end := int64(math.Round(upto * float64(t.Connections)))
		if i == len(list)-1 {
			end = t.Connections
		}
		g.left = end - given
		given = end
		g.arrive()
	}
	return list
}

func (t *Traffic) play(ctx context.Context, policy Policy, s *Settings, slices int) (*Result, error) {
	devices := t.Deployment.Devices
	gateways := t.gateways(policy, s)
	for _, g := range gateways {
		g.tally = newTally(len(devices))
		g.warm = int64(t.Warm)
		g.orders = curvePoints
		g.slice = t.Duration()/time.Duration(slices) + 1
	}
	sc := newScene(len(devices), t.Changes, s)
	work := newLoad(devices)
	crew := newCrew(gateways, s.workers())
	defer crew.dismiss()
	arrived := make([]int64, len(devices))
	for now := time.Duration(0); !crew.done(); {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		sc.advance(now)
		until := sc.until()
		if limited(devices) {
			until = min(until, now+s.Step)
		} else {
			until = min(until, now+t.Duration()/100+1) // so that progress is told
		}
		crew.run(sc, until)
		if limited(devices) {
			clear(arrived)
			for _, g := range gateways {
				for d, w := range g.arrived {
					arrived[d] += w
				}
				clear(g.arrived)
			}
			work.step(sc, until-now, arrived)
		}
		now = until
		if s.Progress != nil {
			s.Progress(policy.Name, min(1, float64(now)/float64(t.Duration())))
		}
	}
	sum := newTally(len(devices))
	for _, g := range gateways {
		sum.merge(g.tally)
	}
	jain, skew := balance(sum.devices, devices)
	sum.jain, sum.skew, sum.cases = int64(jain*1e6), int64(skew*1e6), 1
	r := newResult(policy.Name, sum, gateways)
	return r, nil
}

// crew is goroutines that run gateways, step by step.
type crew struct {
	gateways []*gateway
	start    []chan struct{}
	finished sync.WaitGroup
	next     atomic.Int64
	scene    *scene
	until    time.Duration
}

func newCrew(gateways []*gateway, workers int) *crew {
	c := &crew{gateways: gateways}
	for range min(workers, len(gateways)) - 1 {
		start := make(chan struct{})
		c.start = append(c.start, start)
		go func() {
			for range start {
				c.work()
				c.finished.Done()
			}
		}()
	}
	return c
}

// run plays all gateways before a time.
func (c *crew) run(s *scene, until time.Duration) {
	c.scene, c.until = s, until
	c.next.Store(0)
	c.finished.Add(len(c.start))
	for _, start := range c.start {
		start <- struct{}{}
	}
	c.work()
	c.finished.Wait()
}

func (c *crew) work() {
	for {
		i := int(c.next.Add(1)) - 1
		if i >= len(c.gateways) {
			return
		}
		c.gateways[i].run(c.scene, c.until)
	}
}

func (c *crew) done() bool {
	for _, g := range c.gateways {
		if !g.done() {
			return false
		}
	}
	return true
}

func (c *crew) dismiss() {
	for _, start := range c.start {
		close(start)
	}
}
