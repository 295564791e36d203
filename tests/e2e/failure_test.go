package e2e

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/tests/e2e/lab"
	"github.com/firstack/firstack/topo/host"
	"github.com/firstack/firstack/topo/live"
	"github.com/firstack/firstack/topo/spec"
)

// TestNoReplicaAnswers: with all replicas cut off, a client is served by the origin at its second SYN, and from the first
// once the probes have noticed. Back on the network, the replicas race again.
func TestNoReplicaAnswers(t *testing.T) {
	n := lab.Start(t, lab.Default(t), live.Options{Edit: noProbes})
	probe(n)
	for _, h := range lab.Replicas {
		check(t, n.World.SetHostDown(h, true))
	}
	r := n.Fetch(host.Request{Size: 100_000, Seed: 1})
	if r.ServedBy != "Washington DC" || r.SYNs > 2 {
		t.Errorf("served by %s after %d SYNs", r.ServedBy, r.SYNs)
	}
	awaitHealth(t, n, "dead", lab.Replicas...)
	n.Await("the first SYN goes to the origin", func() bool { return n.Fetch(host.Request{Size: 100}).SYNs == 1 })
	if n.Decisions(lab.ServerGateway, "serve_no_replica") == 0 {
		t.Error("the server gateway did not decide that there is no replica")
	}
	for _, h := range lab.Replicas {
		check(t, n.World.SetHostDown(h, false))
	}
	awaitHealth(t, n, "active", lab.Replicas...)
	n.Await("a replica serves again", func() bool { return n.Fetch(host.Request{Size: 100}).ServedBy != "Washington DC" })
}

// awaitHealth waits until the controller holds replicas to be in a state.
func awaitHealth(t *testing.T, n *lab.Network, state string, replicas ...string) {
	t.Helper()
	n.Await(fmt.Sprintf("%v are %s", replicas, state), func() bool {
		list, err := n.Controller().Replicas(t.Context())
		check(t, err)
		found := 0
		for _, r := range list {
			for _, name := range replicas {
				if r.Name == name && r.Health == state {
					found++
				}
			}
		}
		return found == len(replicas)
	})
}

// TestProbesWaitForTables: no server is taken for dead because the gateways before it have not been given their tables yet.
func TestProbesWaitForTables(t *testing.T) {
	n := lab.Start(t, lab.Default(t), live.Options{Edit: func(c *config.Config) {
		discover(c)
		c.Health = config.Health{Interval: 200 * time.Millisecond, Timeout: 190 * time.Millisecond, Rise: 3, Fall: 3}
	}})
	probed := map[string]bool{}
	n.Await("every replica was probed", func() bool {
		list, err := n.Controller().Replicas(t.Context())
		check(t, err)
		for _, r := range list {
			if r.Health != "active" || r.Error != "" {
				t.Fatalf("%s is %s: %s", r.Name, r.Health, r.Error)
			}
			probed[r.Name] = probed[r.Name] || n.World.Host(r.Name).Stats().TCP.PassiveConnectionOpenings.Value() > 0
		}
		return probed[lab.London] && probed[lab.Tokyo] && probed[lab.SaoPaulo]
	})
}

// TestReplicaDies: a replica that falls silent in the middle of a connection takes that connection with it, as a server
// would; nobody else ever answers in it. Everybody else's connections, and new ones, are served by the replicas left.
func TestReplicaDies(t *testing.T) {
	for _, c := range configurations {
		t.Run(string(c), func(t *testing.T) {
			n := lab.Start(t, lab.Default(t, lab.InConfiguration(c)), live.Options{Edit: noProbes})
			probe(n)
			conn := dial(t, n)
			dead := winner(n, conn)
			done := make(chan error, 1)
			go func() {
				_, err := tryAsk(conn, 64<<20)
				done <- err
			}()
			n.Await("it serves", func() bool { return n.World.Server(dead.Name).Requests() > 0 })
			check(t, n.World.SetHostDown(dead.Name, true))
			for i := range 3 {
				r := n.Fetch(host.Request{Size: 50_000, Seed: uint64(i)})
				if r.ServedBy == dead.Site || r.ServedBy == "Washington DC" || r.SYNs != 1 {
					t.Errorf("after the death of %s served by %s after %d SYNs", dead.Site, r.ServedBy, r.SYNs)
				}
			}
			check(t, conn.SetDeadline(time.Unix(1, 0)))
			if err := <-done; err == nil || errors.Is(err, host.ErrContent) {
				t.Errorf("the dying connection ended with %v", err)
			}
		})
	}
}

// TestAllReplicasBusy: replicas that answer 503 to probes get no new connections, and lose by silence: the origin serves.
// What runs goes on; and they are back in the race when they are idle again.
func TestAllReplicasBusy(t *testing.T) {
	n := lab.Start(t, lab.Default(t), live.Options{Edit: noProbes})
	probe(n)
	open := dial(t, n)
	for _, h := range lab.Replicas {
		n.World.Server(h).SetBusy(true)
	}
	awaitHealth(t, n, "busy", lab.Replicas...)
	n.Await("the origin serves", func() bool { return n.Fetch(host.Request{Size: 1000}).ServedBy == "Washington DC" })
	if site := ask(t, open, 100_000); site != winner(n, open).Site {
		t.Errorf("the open connection is served by %s, %s won it", site, winner(n, open).Name)
	}
	for _, h := range lab.Replicas {
		n.World.Server(h).SetBusy(false)
	}
	awaitHealth(t, n, "active", lab.Replicas...)
	n.Await("a replica serves again", func() bool { return n.Fetch(host.Request{Size: 1000}).ServedBy != "Washington DC" })
}

// TestOriginDown: replicas serve although the origin is dead, whatever the policy.
func TestOriginDown(t *testing.T) {
	for _, policy := range []spec.OriginPolicy{spec.PolicyRace, spec.PolicyStandby, spec.PolicyNever} {
		t.Run(string(policy), func(t *testing.T) {
			n := lab.Start(t, lab.Default(t, lab.WithPolicy(policy)), live.Options{Edit: noProbes})
			probe(n)
			check(t, n.World.SetHostDown(lab.Origin, true))
			end := time.Now().Add(time.Second) // the probes notice on the way
			for time.Now().Before(end) {
				if r := n.Fetch(host.Request{Size: 10_000}); r.ServedBy == "Washington DC" || r.SYNs != 1 {
					o, _ := n.Witness.Opening(r.Local)
					t.Fatalf("served by %s after %d SYNs: %+v (%+v) %+v", r.ServedBy, r.SYNs, r, o, n.Switch(lab.ServerGateway).Pipeline().Stats())
				}
			}
		})
	}
}
