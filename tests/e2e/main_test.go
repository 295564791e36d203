// Package e2e holds the promises of the project to real TCP: hosts with TCP/IP stacks of their own, embedded switches
// with the compiled programs, and the controller, in one process.
package e2e

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/tests/e2e/lab"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noProbes takes every replica to be active, and has the server gateway race every connection.
func noProbes(c *config.Config) {
	c.Health.Off = true
	discover(c)
}

// discover has the server gateway race every connection, as the patent has it.
func discover(c *config.Config) {
	for i := range c.Services {
		c.Services[i].Steering.Mode = config.SteeringDiscover
	}
}

// probe begins to probe the servers of a network that was started without probes, so that none fails because the
// network was not yet there. It notices within a fraction of a second, on a network that is scaled down.
func probe(n *lab.Network) {
	n.Change(func(c *config.Config) {
		c.Health = config.Health{
			Interval: 200 * time.Millisecond, Timeout: 190 * time.Millisecond, Rise: 1, Fall: 3, Path: "/health",
		}
	})
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
