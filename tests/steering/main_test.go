package steering

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/tests/e2e/lab"
	"github.com/firstack/firstack/topo/host"
	"github.com/firstack/firstack/topo/live"
	"github.com/firstack/firstack/topo/spec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Sites of the default topology, as answers name them.
const (
	london   = "London"
	saoPaulo = "Sao Paulo"
)

// start runs the default network at its real delays, so that a busy machine's own are small beside them.
func start(t *testing.T, edit func(*config.Config), changes ...func(*spec.Topology)) *lab.Network {
	t.Helper()
	return lab.Start(t, lab.Default(t, changes...), live.Options{Scale: 1, Edit: func(c *config.Config) {
		c.Health.Off = true
		if edit != nil {
			edit(c)
		}
	}})
}

// fetch makes one connection, and returns when all answers are in.
func fetch(n *lab.Network) host.Result {
	r := n.Fetch(host.Request{Size: 1000})
	n.Quiet()
	return r
}

// learn makes connections until they go direct.
func learn(t *testing.T, n *lab.Network) {
	t.Helper()
	n.Await("connections go direct", func() bool {
		fetch(n)
		return n.Decisions(lab.ClientGateway, "steer_direct") > 2
	})
}

// within makes n connections and fails the test unless those after them are all on a site.
func within(t *testing.T, net *lab.Network, n int, site string) (again int) {
	t.Helper()
	for i := range n {
		r := fetch(net)
		again += r.SYNs - 1
		t.Logf("connection %d: %s in %v, %d SYNs", i+1, r.ServedBy, r.Connect.Round(time.Millisecond), r.SYNs)
	}
	for range 5 {
		if r := fetch(net); r.ServedBy != site || r.SYNs != 1 {
			t.Errorf("served by %s after %d SYNs, want %s after 1", r.ServedBy, r.SYNs, site)
		}
	}
	return again
}
