package simulate_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/log"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/topo/host"
	"github.com/firstack/firstack/topo/live"
	"github.com/firstack/firstack/topo/simulate"
	"github.com/firstack/firstack/topo/spec"
)

var cases = flag.Int("packet-cases", 2, "placements to compare with the network of switches and hosts")

// late is how much later than in the simulator an answer may come in the network of switches and hosts, which shares the
// processors with other tests: what the hosts and switches take themselves is about a millisecond.
const late = 25 * time.Millisecond

// mostFetches is how many are made until one is not late: the machine may be busy.
const mostFetches = 40

// apart is how far the answers of the compared races are from each other: with less, chance would decide.
const apart = 15 * time.Millisecond

// learned is how many connections a gateway has before it goes direct: one discovers, one races.
const learned = 2

// The simulator and the network of switches, hosts and controller agree on who wins the patent's race, and a steered one, and when.
func TestAgainstPackets(t *testing.T) {
	const seed = 11
	log.SetTarget(log.GoogleEmitter{Writer: &log.Writer{Next: io.Discard}}) // the hosts' stacks would warn of resets
	w, err := simulate.Regions()
	if err != nil {
		t.Fatal(err)
	}
	all, err := w.Placements(3)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[[2]int]bool{}
	for _, p := range simulate.Sample(all, 1000, seed) {
		if ends := [2]int{p.Client, p.Origin}; !plain(w, p) || seen[ends] {
			continue
		} else {
			seen[ends] = true
		}
		for _, policy := range []string{"race", "standby", "never", "steer"} {
			t.Run(fmt.Sprintf("%s/%s-%s", policy, w.Sites[p.Client], w.Sites[p.Origin]), func(t *testing.T) {
				compare(t, w, p, policy)
			})
		}
		if len(seen) == *cases {
			return
		}
	}
}

// plain says whether nobody wins by a hair.
func plain(w *simulate.World, p simulate.Placement) bool {
	discovered := []time.Duration{w.RoundTrip(p.Client, p.Origin)}
	direct := slices.Clone(discovered)
	for _, r := range p.Replicas {
		discovered = append(discovered, w.Discovery(p.Client, p.Origin, r))
		direct = append(direct, w.RoundTrip(p.Client, r))
	}
	slices.Sort(direct)
	slices.Sort(discovered)
	for _, times := range [][]time.Duration{direct, discovered} {
		for i := range times[1:] {
			if times[i+1]-times[i] < apart {
				return false
			}
		}
	}
	return true
}

func compare(t *testing.T, w *simulate.World, p simulate.Placement, policy string) {
	run := simulate.PlacementRun{World: w, Placements: []simulate.Placement{p}, Connections: learned + 1, Warm: learned}
	chosen, err := simulate.ParsePolicies(policy)
	if err != nil {
		t.Fatal(err)
	}
	report, err := run.Run(t.Context(), chosen, simulate.Settings{Seed: 1, Jitter: -1})
	if err != nil {
		t.Fatal(err)
	}
	simulated := report.Results[0]

	n := start(t, w, p, policy)
	want := time.Duration(simulated.HandshakeMean * 1e6)
	best := host.Result{Connect: time.Hour}
	for i := 0; i < learned+3 || i < mostFetches && best.Connect > want+late; i++ {
		if r := fetch(t, n); i >= learned && r.Connect < best.Connect {
			best = r
		}
	}
	server := w.Site(best.ServedBy)
	if server < 0 {
		t.Fatalf("served by %q", best.ServedBy)
	}
	if got, want := w.RoundTrip(p.Client, server).Seconds()*1e3, simulated.RTTMean; got != want {
		t.Errorf("%s won, at a round trip of %.1f ms; in the simulator somebody at %.1f ms", best.ServedBy, got, want)
	}
	// A way and its reverse differ by up to 2 ms in the table.
	if d := best.Connect - want; d < -2*time.Millisecond || d > late {
		t.Errorf("the handshake took %v, in the simulator %v", best.Connect, want)
	}
}

// start runs a placement in the network of switches, hosts and controller, at the true speed.
func start(t *testing.T, w *simulate.World, p simulate.Placement, policy string) *live.Network {
	t.Helper()
	place := spec.Placement{
		Client: w.Sites[p.Client], Origin: w.Sites[p.Origin], Configuration: spec.ConfigurationA, Seed: 1,
		OriginPolicy: spec.OriginPolicy(policy),
	}
	mode := config.SteeringDiscover
	if policy == "steer" {
		place.OriginPolicy, mode = spec.PolicyRace, config.SteeringDirect
	}
	for _, r := range p.Replicas {
		place.Replicas = append(place.Replicas, w.Sites[r])
	}
	topology, err := spec.Regions(place)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	n, err := live.Start(ctx, topology, live.Options{Scale: 1, TimeWait: time.Second, Edit: func(c *config.Config) {
		for i := range c.Services {
			c.Services[i].Steering.Mode = mode
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

func fetch(t *testing.T, n *live.Network) host.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	service := n.World.Topology().Services[0]
	server := netip.AddrPortFrom(service.Server.Addr, service.Port)
	r, err := n.World.Host("client").Fetch(ctx, host.Request{Server: server, Size: 100})
	if err != nil {
		t.Fatal(err)
	}
	r.ServedBy = strings.TrimSpace(r.ServedBy)
	return r
}
