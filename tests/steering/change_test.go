package steering

import (
	"testing"
	"time"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/tests/e2e/lab"
	"github.com/firstack/firstack/topo/spec"
)

// TestThirdConnectionGoesDirect: the first is discovered, the second raced, the third goes to the nearest alone, and
// its handshake takes one round trip.
func TestThirdConnectionGoesDirect(t *testing.T) {
	t.Parallel()
	for _, form := range []spec.Configuration{spec.ConfigurationA, spec.ConfigurationB, spec.ConfigurationC} {
		t.Run(string(form), func(t *testing.T) {
			n := start(t, nil, lab.InConfiguration(form))
			for i, decision := range []string{"tag_first", "steer_race", "steer_direct"} {
				r := fetch(n)
				if n.Decisions(lab.ClientGateway, decision) != 1 || r.ServedBy != london || r.SYNs != 1 {
					t.Errorf("connection %d: served by %s after %d SYNs; the gateway decided %v", i+1, r.ServedBy, r.SYNs, n.AllDecisions(lab.ClientGateway))
				}
				limit := n.World.Topology().RoundTrip("Frankfurt", london)
				t.Logf("connection %d: %v, a round trip is %v", i+1, r.Connect, limit)
				if decision == "steer_direct" && r.Connect > 2*limit+50*time.Millisecond {
					t.Errorf("a direct handshake took %v, the round trip is %v", r.Connect, limit)
				}
				known(t, n, i > 0)
			}
		})
	}
}

// known waits until the controller has heard of all three replicas, or measured them, and written what follows.
func known(t *testing.T, n *lab.Network, measured bool) {
	t.Helper()
	n.Await("the replicas are known", func() bool {
		list, err := n.Controller().Steering(t.Context())
		if err != nil || len(list) != 1 || len(list[0].Replicas) != 3 {
			return false
		}
		for _, r := range list[0].Replicas {
			if measured && r.Delay == 0 {
				return false
			}
		}
		return true
	})
	settle(t, n)
}

// settle waits until the controller has written what it learned.
func settle(t *testing.T, n *lab.Network) {
	t.Helper()
	n.Await("the tables hold what was learned", func() bool { return n.Controller().Ready(t.Context()) == nil })
}

// TestFavouriteDiesAndReturns: one connection sends its SYN again, and within ten connections after each change the
// choice is right.
func TestFavouriteDiesAndReturns(t *testing.T) {
	t.Parallel()
	n := start(t, nil)
	learn(t, n)
	if err := n.World.SetHostDown(lab.London, true); err != nil {
		t.Fatal(err)
	}
	if again := within(t, n, 10, saoPaulo); again != 1 {
		t.Errorf("%d SYNs were sent again, want 1", again)
	}
	if err := n.World.SetHostDown(lab.London, false); err != nil {
		t.Fatal(err)
	}
	if again := within(t, n, 10, london); again != 0 {
		t.Errorf("%d SYNs were sent again after its return", again)
	}
}

// TestFavouriteSlows: the second nearest takes over within ten connections, and nobody sends a SYN again.
func TestFavouriteSlows(t *testing.T) {
	t.Parallel()
	n := start(t, nil)
	learn(t, n)
	slow(t, n, lab.London, "rg-london", 300*time.Millisecond)
	if again := within(t, n, 10, saoPaulo); again != 0 {
		t.Errorf("%d SYNs were sent again", again)
	}
}

// slow delays what a host sends.
func slow(t *testing.T, n *lab.Network, host, gateway string, by time.Duration) {
	t.Helper()
	l := n.World.Link(host, gateway)
	if l == nil {
		t.Fatalf("no link from %s to %s", host, gateway)
	}
	shape := l.Shape()
	shape.Delay += by
	if err := l.SetShape(shape); err != nil {
		t.Fatal(err)
	}
}

// TestFavouriteBusy: a replica that says so to the probes gets no more connections, at the cost of no SYN.
func TestFavouriteBusy(t *testing.T) {
	t.Parallel()
	n := start(t, nil)
	learn(t, n)
	n.Change(func(c *config.Config) {
		c.Health = config.Health{Interval: time.Second, Timeout: time.Second, Rise: 1, Fall: 10, Path: "/health"}
	})
	health := func(want string) {
		n.Await("London is "+want, func() bool {
			list, err := n.Controller().Replicas(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range list {
				if r.Name == lab.London {
					return r.Health == want
				}
			}
			return false
		})
		settle(t, n)
	}
	health("active")
	n.World.Server(lab.London).SetBusy(true)
	health("busy")
	if again := within(t, n, 10, saoPaulo); again != 0 {
		t.Errorf("%d SYNs were sent again", again)
	}
	n.World.Server(lab.London).SetBusy(false)
	health("active")
	if again := within(t, n, 10, london); again != 0 {
		t.Errorf("%d SYNs were sent again", again)
	}
}

// TestDrainedReplica: a replica that is drained gets nothing new, and its open connection goes on.
func TestDrainedReplica(t *testing.T) {
	t.Parallel()
	n := start(t, nil)
	learn(t, n)
	drain := func(s config.AdminState) {
		n.Change(func(c *config.Config) {
			for i := range c.Services[0].Replicas {
				if r := &c.Services[0].Replicas[i]; r.Name == lab.London {
					r.AdminState = s
				}
			}
		})
		settle(t, n)
	}
	drain(config.AdminDrain)
	within(t, n, 0, saoPaulo)
	drain(config.AdminUp)
	within(t, n, 1, london)
}
