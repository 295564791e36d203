package soak

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/tests/e2e/lab"
	"github.com/firstack/firstack/topo/live"
	"github.com/firstack/firstack/topo/spec"
)

var (
	races      = flag.Int("races", 100, "connections to open")
	seed       = flag.Uint64("seed", 1, "seed of all that is drawn; 0: a new one")
	concurrent = flag.Int("concurrent", 150, "connections open at once")
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestSoak opens connections by the hundred at once to five services, in A, B, C and mixed, with every origin policy, over
// paths with jitter, loss, duplication, reordering and equal delays, in every mode of steering, while replicas are cut off and come back, are busy,
// drained and taken down, and the controller is killed, started and reconfigured.
//
// What must hold: a client is never given two different answers to one SYN, never hears from an address but the server's;
// every late answer is reset; every frame on every link has right checksums; every stream's bytes are right (SHA-256), or
// it ends in an error because its replica was off the network; and nothing is left behind.
func TestSoak(t *testing.T) {
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	t.Logf("%d races, seed %d, %d at once", *races, *seed, *concurrent)
	random := rand.New(rand.NewPCG(*seed, 0))
	n := lab.Start(t, topology(t, random, *seed), live.Options{Scale: 0.5, Edit: timers})
	probe(n)
	before := measure()

	began := time.Now()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := &cuts{spans: map[string][]span{}}
	var disturbing sync.WaitGroup
	disturbing.Go(func() { chaos(ctx, t, n, *seed, c) })
	disturbing.Go(func() { watch(ctx, t, n, began) })
	var total tally
	runAll(t, n, random, c, &total)
	cancel()
	disturbing.Wait()
	took := time.Since(began)
	settle(t, n)
	after := measure()

	w := n.Witness.Totals()
	t.Logf("%d races in %v (%.0f/s): %d won by replicas, %d by the origin, %d given up by the client, %d lost with their replica",
		total.done, took.Round(time.Millisecond), float64(total.done)/took.Seconds(), total.replica, total.origin, total.aborted, total.cut)
	t.Logf("%d answers, %d late, %d resets, %d given again; %d connections with repeated SYNs (%d SYNs), %d untagged; %d frames checked",
		w.Answers, w.Late, w.Resets, w.Repeated, total.again, w.SYNsAgain, total.untagged, w.Frames)
	t.Logf("the slowest: %s", total.slow)
	t.Logf("client gateways: %s", decisions(n, spec.ClientGateway))
	t.Logf("server gateway: %s", decisions(n, spec.ServerGateway))
	t.Logf("replica gateways: %s", decisions(n, spec.ReplicaGateway))
	for _, l := range n.World.Fabric().Links() {
		if s := l.Stats(); s.Overflow > 0 {
			t.Logf("link %s lost %d frames for want of room", l.Name(), s.Overflow)
		}
	}
	t.Logf("heap %d KiB before, %d KiB after; goroutines %d, %d", before.heap>>10, after.heap>>10, before.goroutines, after.goroutines)
	for _, err := range total.faults {
		t.Error(err)
	}
	if after.heap > before.heap+64<<20 || after.goroutines > before.goroutines+50 {
		t.Errorf("memory or goroutines grew: %+v, then %+v", before, after)
	}
	if total.replica == 0 || w.Late == 0 {
		t.Error("nothing was raced")
	}
}

// runAll runs the races, so many at once. Each is drawn by its number.
func runAll(t *testing.T, n *lab.Network, random *rand.Rand, c *cuts, total *tally) {
	drawn := make(chan race)
	var wg sync.WaitGroup
	for range *concurrent {
		wg.Go(func() {
			for r := range drawn {
				r.run(t.Context(), n, c, total)
			}
		})
	}
	for i := range *races {
		if t.Failed() {
			break
		}
		drawn <- draw(n, random, i)
	}
	close(drawn)
	wg.Wait()
}

// old is when a connection is judged and forgotten: its race is over, and nothing of it is on its way any more.
const old = patience + 10*time.Second

// watch judges connections that are old, and tells how far it is.
func watch(ctx context.Context, t *testing.T, n *lab.Network, began time.Time) {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			n.Witness.Settle(time.Now().Add(-old))
			w := n.Witness.Totals()
			t.Logf("%3.0f s: %d opened, %d answers, %d late, %d resets, %d SYNs again, %d faults; %d translations, %d goroutines",
				time.Since(began).Seconds(), w.Opened, w.Answers, w.Late, w.Resets, w.SYNsAgain, w.Faults, translations(n), runtime.NumGoroutine())
			if err := n.Witness.Err(); err != nil {
				t.Errorf("the witness saw: %v", err)
				return
			}
		}
	}
}

func translations(n *lab.Network) (count int) {
	for _, site := range clientSites {
		count += n.Entries("cg-"+site, "outbound")
	}
	return count
}

// settle waits until every connection is closed and, in a long run, its translation retired.
func settle(t *testing.T, n *lab.Network) {
	t.Helper()
	n.Quiet()
	for _, site := range clientSites {
		for i := range clientsPerSite {
			tcp := n.World.Host(clientName(site, i)).Stats().TCP
			n.Await("no connection is open", func() bool { return tcp.CurrentConnected.Value() == 0 })
		}
	}
	if *races >= longRun {
		n.Await("every translation is retired", func() bool { return translations(n) == 0 })
	}
	n.Witness.Settle(time.Now())
}

// longRun is from how many races on it is worth the wait that the last translation is retired.
const longRun = 1000

// decisions sums up on how many packets the gateways of a role decided what.
func decisions(n *lab.Network, role spec.Role) string {
	sums := map[string]uint64{}
	for _, g := range n.World.Plan().Gateways {
		if g.Role == role {
			for decision, packets := range n.AllDecisions(g.Name) {
				sums[decision] += packets
			}
		}
	}
	var words []string
	for _, decision := range slices.Sorted(maps.Keys(sums)) {
		words = append(words, fmt.Sprintf("%s %d", decision, sums[decision]))
	}
	return strings.Join(words, ", ")
}

type usage struct {
	heap       uint64 // bytes, garbage collected
	goroutines int
}

func measure() usage {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{m.HeapAlloc, runtime.NumGoroutine()}
}

// probe begins to probe the servers of a network that is there.
func probe(n *lab.Network) {
	n.Change(func(c *config.Config) {
		c.Health = config.Health{Interval: time.Second, Timeout: 500 * time.Millisecond, Rise: 1, Fall: 3, Path: "/health"}
	})
}
