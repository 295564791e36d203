package e2e

import (
	"context"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/softswitch/pipeline"
	"github.com/firstack/firstack/tests/e2e/lab"
	"github.com/firstack/firstack/topo/host"
	"github.com/firstack/firstack/topo/link"
	"github.com/firstack/firstack/topo/live"
	"github.com/firstack/firstack/topo/plan"
	"github.com/firstack/firstack/topo/spec"
)

// configurations that controllers are killed in.
var configurations = []spec.Configuration{"A", "B", "C"}

// tenth runs the timers ten times as fast, as the network runs, so that 30 s of absence are 3 s.
const tenth = 0.1

// absence is 30 s in a network that runs ten times as fast.
const absence = 3 * time.Second

// TestControllerKilledBefore: the controller is gone before the first connection is opened, and stays away for 30 s
// while more and more are opened. None fails or moves: the switches decide by themselves.
func TestControllerKilledBefore(t *testing.T) {
	for _, c := range configurations {
		t.Run(string(c), func(t *testing.T) {
			n := lab.Start(t, lab.Default(t, lab.InConfiguration(c)), live.Options{Timers: tenth, Edit: noProbes})
			check(t, n.StopController())
			opened := openFor(t, n, absence)
			if n.Translations() != 0 {
				t.Errorf("%d translations without a controller", n.Translations())
			}
			t.Logf("%d connections without a controller", opened)
		})
	}
}

// openFor opens connections, eight at a time, until a time has passed. Each transfers for a while, and has to be served
// by whoever won it: a replica, or the server where two flows met in one slot. That it does not move in between the
// witness sees to.
func openFor(t *testing.T, n *lab.Network, d time.Duration) int64 {
	t.Helper()
	var opened atomic.Int64
	var wg sync.WaitGroup
	end := time.Now().Add(d)
	for worker := range 8 {
		wg.Go(func() {
			for time.Now().Before(end) && !t.Failed() {
				i := opened.Add(1)
				r, err := n.TryFetch(host.Request{Size: 300_000, Seed: uint64(i), Pause: time.Duration(worker) * 20 * time.Millisecond})
				if winner := n.World.Plan().Host(n.Winner(r)); err != nil || winner == nil || r.ServedBy != winner.Site {
					t.Errorf("connection %d, won by %+v, served by %s: %v (%+v)", i, winner, r.ServedBy, err, r)
				}
			}
		})
	}
	wg.Wait()
	return opened.Load()
}

// TestControllerKilledDuring: it is killed between the SYN and the answer.
func TestControllerKilledDuring(t *testing.T) {
	for _, c := range configurations {
		t.Run(string(c), func(t *testing.T) {
			n := lab.Start(t, lab.Default(t, lab.InConfiguration(c)), live.Options{Scale: 1, Edit: noProbes})
			out := make(chan struct{})
			var once sync.Once
			remove := n.World.Fabric().AddTap(func(ev link.TapEvent) {
				if ev.From == lab.Client && ev.Fate == link.Delivered {
					once.Do(func() { close(out) })
				}
			})
			defer remove()
			done := make(chan error, 1)
			go func() {
				r, err := n.TryFetch(host.Request{Size: 200_000, Seed: 1})
				if err == nil && r.ServedBy != "London" {
					t.Errorf("served by %s", r.ServedBy)
				}
				done <- err
			}()
			<-out
			check(t, n.StopController())
			if n.Decisions(lab.ClientGateway, "tag_first") != 1 || n.Translations() != 0 {
				t.Fatal("the answer was faster than the controller's end")
			}
			check(t, <-done)
		})
	}
}

// TestControllerKilledAfter: it is killed when a connection has just been established, before or after it has learned of
// it, and stays away for 30 s while that connection is used and others are opened. When it comes back no table was
// cleared, what it had missed is learned, and what has ended meanwhile is retired.
func TestControllerKilledAfter(t *testing.T) {
	for _, c := range configurations {
		t.Run(string(c), func(t *testing.T) {
			n := lab.Start(t, lab.Default(t, lab.InConfiguration(c)), live.Options{Timers: tenth, Edit: func(c *config.Config) {
				noProbes(c)
				c.Timers.Idle, c.Timers.Transitory = 60*time.Second, 50*time.Second // a tenth of it
			}})
			known := dial(t, n)
			n.Await("the first connection is learned", func() bool { return n.Translations() == 1 })
			ended := dial(t, n)
			n.Await("the second connection is learned", func() bool { return n.Translations() == 2 })
			ask(t, known, 1000)
			packets := counter(n, known)
			if packets == 0 {
				t.Fatal("nothing is counted on the translation")
			}

			unknown := dial(t, n)
			check(t, n.StopController())
			missed := dial(t, n)
			check(t, ended.Close())
			openFor(t, n, absence)
			for _, conn := range []*host.Conn{known, unknown, missed} {
				ask(t, conn, 1000)
			}
			if now := counter(n, known); now <= packets {
				t.Errorf("the translation counted %d packets before, %d now", packets, now)
			}

			packets = counter(n, known)
			check(t, n.StartController(lab.Deadline(t)))
			if now := counter(n, known); now < packets {
				t.Errorf("the translation had counted %d packets, and %d with the controller back: it was cleared", packets, now)
			}
			use := func() {
				for _, conn := range []*host.Conn{known, unknown, missed} {
					ask(t, conn, 10)
				}
			}
			n.Await("what was missed is learned", func() bool {
				use() // a connection that is not used is not told of
				return counter(n, unknown) > 0 && counter(n, missed) > 0
			})
			ask(t, known, 100_000)
			n.Await("what has ended is retired", func() bool {
				use()
				return !translated(n, ended)
			})
			if !translated(n, known) || counter(n, known) <= packets {
				t.Error("the connection that is open was retired or cleared")
			}
			for _, conn := range []*host.Conn{known, unknown, missed} {
				ask(t, conn, 100_000)
				check(t, conn.Close())
			}
		})
	}
}

// dial opens a connection that a replica has to win.
func dial(t *testing.T, n *lab.Network) *host.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), lab.Patience)
	defer cancel()
	conn, err := n.World.Host(lab.Client).Dial(ctx, netip.AddrPort{}, n.Server())
	check(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	if w := winner(n, conn); w == nil || w.Role != spec.Replica {
		t.Fatalf("%+v won", w)
	}
	return conn
}

// winner is the host that won a connection.
func winner(n *lab.Network, conn *host.Conn) *plan.Host {
	return n.World.Plan().Host(n.HostOf(n.Witness.Winner(conn.Local())))
}

// entry finds a connection's outbound entry.
func entry(n *lab.Network, conn *host.Conn) (found *pipeline.Entry) {
	p := n.Switch(lab.ClientGateway).Pipeline()
	port := []byte{byte(conn.Local().Port() >> 8), byte(conn.Local().Port())}
	p.Do(func() {
		p.Table("ClientGateway.translation.outbound").Range(func(e *pipeline.Entry) bool {
			if string(e.Key[1].Value) == string(port) {
				found = e
			}
			return found == nil
		})
	})
	return found
}

func translated(n *lab.Network, conn *host.Conn) bool { return entry(n, conn) != nil }

// counter is what a connection's outbound entry has counted; 0 when there is none.
func counter(n *lab.Network, conn *host.Conn) uint64 {
	if e := entry(n, conn); e != nil {
		return e.Packets
	}
	return 0
}
