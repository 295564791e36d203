package soak

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/tests/e2e/lab"
)

// cuts remembers when hosts were off the network.
type cuts struct {
	mu    sync.Mutex
	spans map[string][]span
}

type span struct{ from, to time.Time } // to is zero while it lasts

func (c *cuts) begin(host string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.spans[host] = append(c.spans[host], span{from: time.Now()})
}

func (c *cuts) end(host string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.spans[host]; len(s) > 0 {
		s[len(s)-1].to = time.Now()
	}
}

// touched tells whether a host was off the network at any moment between two.
func (c *cuts) touched(host string, from, to time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.spans[host], func(s span) bool {
		return s.from.Before(to) && (s.to.IsZero() || s.to.After(from))
	})
}

// chaos disturbs the network until ctx ends, and puts everything right again. Each kind of disturbance goes its own way,
// so that they meet.
func chaos(ctx context.Context, t *testing.T, n *lab.Network, seed uint64, c *cuts) {
	var wg sync.WaitGroup
	for i, disturb := range []func(*rand.Rand){
		func(random *rand.Rand) { // a replica dies and comes back
			h := replicaName(replicaSites[random.IntN(len(replicaSites))])
			c.begin(h)
			check(t, n.World.SetHostDown(h, true))
			sleep(ctx, 100*time.Millisecond, 800*time.Millisecond, random)
			check(t, n.World.SetHostDown(h, false))
			c.end(h)
			sleep(ctx, time.Second, 4*time.Second, random)
		},
		func(random *rand.Rand) { // a replica is busy for a while
			server := n.World.Server(replicaName(replicaSites[random.IntN(len(replicaSites))]))
			server.SetBusy(true)
			sleep(ctx, time.Second, 4*time.Second, random)
			server.SetBusy(false)
			sleep(ctx, 0, 2*time.Second, random)
		},
		func(random *rand.Rand) { // the controller is killed and started again, or its configuration changed
			if random.IntN(2) == 0 {
				check(t, n.StopController())
				sleep(ctx, 0, 3*time.Second, random)
				check(t, n.StartController(lab.Deadline(t)))
			} else {
				reconfigure(n, random)
			}
			sleep(ctx, 500*time.Millisecond, 2*time.Second, random)
		},
	} {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(100+i)))
			for ctx.Err() == nil && !t.Failed() {
				disturb(random)
			}
		})
	}
	wg.Wait()
	n.Change(func(c *config.Config) {
		for i := range c.Services {
			setAll(&c.Services[i], config.AdminUp)
		}
	})
}

func sleep(ctx context.Context, least, most time.Duration, random *rand.Rand) {
	select {
	case <-time.After(least + time.Duration(random.Int64N(int64(most-least)))):
	case <-ctx.Done():
	}
}

// reconfigure drains, takes down or brings up one replica of one service, and changes its origin policy.
func reconfigure(n *lab.Network, random *rand.Rand) {
	n.Change(func(c *config.Config) {
		s := &c.Services[random.IntN(len(c.Services))]
		setAll(s, config.AdminUp)
		s.Replicas[random.IntN(len(s.Replicas))].AdminState = []config.AdminState{config.AdminDrain, config.AdminDown}[random.IntN(2)]
		s.OriginPolicy = []config.OriginPolicy{config.OriginRace, config.OriginStandby, config.OriginNever}[random.IntN(3)]
	})
}

func setAll(s *config.Service, state config.AdminState) {
	for i := range s.Replicas {
		s.Replicas[i].AdminState = state
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}
