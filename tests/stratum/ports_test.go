package stratum_test

import (
	"testing"

	"github.com/firstack/firstack/controller/config"
	links "github.com/firstack/firstack/softswitch/ports"
	"github.com/firstack/firstack/tests/e2e/lab"
	"github.com/firstack/firstack/topo/host"
)

// TestPortsAreFollowed: the controller finds the chip's ports over gNMI, and races nobody through one that is down.
func TestPortsAreFollowed(t *testing.T) {
	n := start(t, func(c *config.Config) {
		discover(c)
		for i := range c.Switches {
			c.Switches[i].GNMI = &config.GNMI{Address: c.Switches[i].Address}
		}
	})
	raced := func() int {
		services, err := n.Controller().Services(t.Context())
		check(t, err)
		return len(services[0].Raced)
	}
	n.Await("all ports are known", func() bool {
		list, err := n.Controller().Ports(t.Context())
		known := 0
		for _, s := range list {
			if s.Connected && len(s.Ports) == len(ports) {
				known++
			}
		}
		return err == nil && known == len(n.boxes)
	})
	all := raced()
	link := func(up bool) {
		check(t, n.boxes[lab.ServerGateway].Embedded().SetPortLink(132, links.Link{Up: up}))
	}
	link(false)
	n.Await("nobody is raced", func() bool { return raced() == 0 })
	link(true)
	n.Await("all are raced again", func() bool { return raced() == all && n.Controller().Ready(t.Context()) == nil })
	n.Fetch(host.Request{Size: 1000})
	n.clean(t)
}
