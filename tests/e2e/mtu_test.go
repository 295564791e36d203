package e2e

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/firstack/firstack/tests/e2e/lab"
	"github.com/firstack/firstack/topo/host"
	"github.com/firstack/firstack/topo/live"
	"github.com/firstack/firstack/topo/spec"
)

// TestPathMTU: the path between the client and the winner carries packets of 1,000 bytes at most. The core says so to
// whoever sends larger ones, the gateways turn that into an error about the packet that the host has sent, and the host
// heeds it: in A and C both directions work. In B the error about a packet to the client goes to the server, whose
// address it carries (docs/protocol.md, What cannot be had).
func TestPathMTU(t *testing.T) {
	narrow := func(from, to string) func(*spec.Topology) {
		return func(top *spec.Topology) {
			top.Links.Paths = append(top.Links.Paths, spec.DirectionPath{From: from, To: to, Path: spec.Path{MTU: 1000}})
		}
	}
	only := lab.WithReplicas(lab.London)
	for _, c := range []spec.Configuration{"A", "C"} {
		t.Run(string(c)+" to the client", func(t *testing.T) {
			n := lab.Start(t, lab.Default(t, lab.InConfiguration(c), only, narrow("London", "Frankfurt")), live.Options{Edit: noProbes})
			r := n.Fetch(host.Request{Size: 300_000, Seed: 1})
			if s := n.World.Core().Stats(); r.ServedBy != "London" || s.TooBig == 0 || s.Fragmented != 0 {
				t.Errorf("served by %s; the core counted %+v", r.ServedBy, s)
			}
		})
	}
	for _, c := range configurations {
		t.Run(string(c)+" to the replica", func(t *testing.T) {
			n := lab.Start(t, lab.Default(t, lab.InConfiguration(c), only, narrow("Frankfurt", "London")), live.Options{Edit: noProbes})
			for _, state := range []string{"from the slot", "translated"} {
				conn := dial(t, n)
				if state == "translated" {
					n.Await("the connection is learned", func() bool { return translated(n, conn) })
				}
				before := n.World.Core().Stats().TooBig
				check(t, conn.SetDeadline(time.Now().Add(lab.Patience)))
				_, err := fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: server\r\nX-Long: %s\r\n\r\n", strings.Repeat("x", 20_000))
				check(t, err)
				response, err := http.ReadResponse(bufio.NewReader(conn), nil)
				check(t, err)
				if response.StatusCode != http.StatusOK || response.Header.Get(host.HeaderServedBy) != "London" {
					t.Errorf("%s: %s by %s", state, response.Status, response.Header.Get(host.HeaderServedBy))
				}
				check(t, response.Body.Close())
				if s := n.World.Core().Stats(); state == "from the slot" && s.TooBig == before {
					t.Errorf("%s: nothing was too big", state)
				}
			}
		})
	}
}
