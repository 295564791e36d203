package steering

import (
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/tests/e2e/lab"
)

// TestEqualsShare: two replicas that are equally far have connections by their weights, and keep them.
func TestEqualsShare(t *testing.T) {
	t.Parallel()
	n := start(t, func(c *config.Config) {
		c.Services[0].Steering.Margin = time.Second // a busy machine's own delays shall not count
		for i := range c.Services[0].Replicas {
			if r := &c.Services[0].Replicas[i]; r.Name == lab.Tokyo {
				r.Weight = 3
			}
		}
	}, lab.WithReplicas(lab.Tokyo, lab.SaoPaulo))
	away := func(site string) time.Duration { return n.World.Topology().RoundTrip("Frankfurt", site) }
	slow(t, n, lab.SaoPaulo, "rg-sao-paulo", away("Tokyo")-away(saoPaulo))
	learn(t, n)
	const connections = 200
	var mu sync.Mutex
	var group sync.WaitGroup
	won := map[string]int{}
	together := make(chan struct{}, 20)
	for range connections {
		together <- struct{}{}
		group.Go(func() {
			defer func() { <-together }()
			c, err := n.World.Host(lab.Client).Dial(lab.Deadline(t), netip.AddrPort{}, n.Server())
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			mu.Lock()
			defer mu.Unlock()
			won[n.HostOf(n.Witness.Winner(c.Local()))]++
		})
	}
	group.Wait()
	t.Logf("won: %v", won)
	// One quarter and three, within four standard deviations.
	if few := won[lab.SaoPaulo]; few < 26 || few > 74 || few+won[lab.Tokyo] != connections {
		t.Errorf("%v of %d connections, want 1 to 3", won, connections)
	}
}
