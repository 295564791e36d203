package e2e

import (
	"context"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/tests/e2e/lab"
	"github.com/firstack/firstack/topo/host"
	"github.com/firstack/firstack/topo/live"
	"github.com/firstack/firstack/topo/spec"
)

// TestEndToEnd: a client in Frankfurt asks a server in Washington DC. London, the nearest replica, wins and serves all
// bytes, though the client never hears of it; the other two are reset; the controller has the translation, and the
// witness finds every frame on every link right. So it is in A, in B, in C, and with one replica of each.
func TestEndToEnd(t *testing.T) {
	for name, configurations := range map[string][]spec.Configuration{
		"A": {"A"}, "B": {"B"}, "C": {"C"}, "ABC": {"A", "B", "C"}, "BCA": {"B", "C", "A"}, "CAB": {"C", "A", "B"},
	} {
		t.Run(name, func(t *testing.T) {
			n := lab.Start(t, lab.Default(t, lab.InConfiguration(configurations...)), live.Options{Scale: 0.3, Edit: func(c *config.Config) {
				discover(c)
				c.Timers.LingerFIN, c.Timers.Transitory = time.Second, 2*time.Second
			}})
			r := n.Fetch(host.Request{Size: 1 << 20, Seed: 7})
			if r.ServedBy != "London" || r.Bytes != 1<<20 || r.SYNs != 1 || r.Client != r.Local.String() {
				t.Errorf("the answer came from %s: %+v", r.ServedBy, r)
			}
			n.Await("both others are reset", func() bool {
				o, _ := n.Witness.Opening(r.Local)
				return len(o.Reset) == 2
			})
			o, _ := n.Witness.Opening(r.Local)
			if n.HostOf(o.Winner) != lab.London || o.Tagged != 1 || o.Late != 2 || o.Repeated != 0 {
				t.Errorf("the race: %+v", o)
			}
			if slices.Contains(o.Reset, n.Address(lab.London)) {
				t.Error("the winner was reset")
			}
			// In B the replica's FIN passes untouched, in the server's name: half-closed connections age.
			n.Await("the translation is retired", func() bool { return n.Translations() == 0 })
			if late := n.Decisions(lab.ClientGateway, "answer_late"); late != 2 {
				t.Errorf("%d late answers were counted", late)
			}
		})
	}
}

// TestServerWins: where the server itself answers first, it serves the connection as if there were no firstack: nothing
// is translated, the controller hears of nothing, and the replica's late answer is reset.
func TestServerWins(t *testing.T) {
	n := lab.Start(t, lab.Default(t, lab.WithPolicy(spec.PolicyRace), lab.WithReplicas(lab.Tokyo)), live.Options{Edit: discover})
	r := n.Fetch(host.Request{Size: 100_000, Seed: 1})
	if r.ServedBy != "Washington DC" || n.Winner(r) != lab.Origin || r.Client != r.Local.String() {
		t.Errorf("served by %s, won by %s: %+v", r.ServedBy, n.Winner(r), r)
	}
	n.Await("the late replica is reset", func() bool {
		o, _ := n.Witness.Opening(r.Local)
		return len(o.Reset) == 1 && o.Reset[0] == n.Address(lab.Tokyo)
	})
	if n.Translations() != 0 || n.Decisions(lab.ClientGateway, "claim_server") != 1 || n.Decisions(lab.ClientGateway, "out_slot") != 0 {
		t.Errorf("%d translations, %d claims of the server", n.Translations(), n.Decisions(lab.ClientGateway, "claim_server"))
	}
}

// TestOriginPolicies: with race the origin server is asked by every SYN, with standby by a retransmitted one, with never
// by none as long as there are replicas.
func TestOriginPolicies(t *testing.T) {
	for _, c := range []struct {
		policy       spec.OriginPolicy
		first, retry bool // the origin is asked
	}{{spec.PolicyRace, true, true}, {spec.PolicyStandby, false, true}, {spec.PolicyNever, false, false}} {
		t.Run(string(c.policy), func(t *testing.T) {
			n := lab.Start(t, lab.Default(t, lab.WithPolicy(c.policy)), live.Options{Edit: noProbes})
			asked := func() uint64 { return n.World.Host(lab.Origin).Stats().TCP.PassiveConnectionOpenings.Value() }
			r := n.Fetch(host.Request{Size: 1000})
			n.Await("all answers are there", func() bool {
				o, _ := n.Witness.Opening(r.Local)
				return len(o.Speakers) == map[bool]int{true: 4, false: 3}[c.first]
			})
			o, _ := n.Witness.Opening(r.Local)
			if slices.Contains(o.Speakers, n.Server().Addr()) != c.first {
				t.Errorf("at the first SYN the origin answered: %v, want %v", !c.first, c.first)
			}
			if c.policy == spec.PolicyRace {
				return
			}

			for _, h := range lab.Replicas {
				check(t, n.World.SetHostDown(h, true))
			}
			before := asked()
			ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond) // a second SYN goes out after one
			defer cancel()
			conn, err := n.World.Host(lab.Client).Dial(ctx, netip.AddrPort{}, n.Server())
			if (err == nil) != c.retry {
				t.Errorf("with silent replicas the dial gave %v, want an answer: %v", err, c.retry)
			}
			if err != nil {
				if asked() != before {
					t.Error("the origin was asked")
				}
				return
			}
			if conn.SYNs() != 2 || n.HostOf(n.Witness.Winner(conn.Local())) != lab.Origin {
				t.Errorf("after %d SYNs %s answered", conn.SYNs(), n.HostOf(n.Witness.Winner(conn.Local())))
			}
			check(t, conn.Close())
		})
	}
}
