package e2e

import (
	"net/netip"
	"testing"
	"time"

	"github.com/firstack/firstack/tests/e2e/lab"
	"github.com/firstack/firstack/topo/host"
	"github.com/firstack/firstack/topo/live"
)

// TestPortsUsedAgain: a client uses one port for connection after connection, sooner than the controller retires the
// last one's translation. Each gets its own bytes: it follows the translation while that is there, or races anew.
func TestPortsUsedAgain(t *testing.T) {
	for _, c := range configurations {
		t.Run(string(c), func(t *testing.T) {
			n := lab.Start(t, lab.Default(t, lab.InConfiguration(c)), live.Options{Edit: noProbes, TimeWait: 10 * time.Millisecond})
			local := netip.AddrPortFrom(netip.Addr{}, 45000)
			for i := range 12 {
				var r host.Result
				n.Await("the port is free", func() (ok bool) {
					var err error
					r, err = n.TryFetch(host.Request{Size: 30_000, Seed: uint64(i), Local: netip.AddrPortFrom(n.Address(lab.Client), local.Port())})
					return err == nil
				})
				if r.Local.Port() != local.Port() || r.ServedBy == "" {
					t.Errorf("%+v", r)
				}
			}
			if n.Decisions(lab.ClientGateway, "follow_reused") == 0 {
				t.Error("no SYN met a translation")
			}
		})
	}
}

// TestPortsUsedAgainAfterDeath: the last connection's replica is dead when its ports are used again, and its translation
// still there. The client is not led to the dead for ever: the translation goes, and a later SYN is raced.
func TestPortsUsedAgainAfterDeath(t *testing.T) {
	n := lab.Start(t, lab.Default(t), live.Options{Edit: noProbes, TimeWait: 10 * time.Millisecond})
	local := netip.AddrPortFrom(n.Address(lab.Client), 45001)
	r := n.Fetch(host.Request{Size: 1000, Local: local})
	dead := n.Winner(r)
	n.Await("the connection is closed", func() bool {
		n.Quiet()
		return n.World.Host(lab.Client).Stats().TCP.CurrentConnected.Value() == 0
	})
	check(t, n.World.SetHostDown(dead, true))
	n.Await("another replica serves", func() bool {
		again, err := n.TryFetch(host.Request{Size: 1000, Local: local})
		return err == nil && again.ServedBy != r.ServedBy
	})
}
