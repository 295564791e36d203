package stratum_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/tests/e2e/lab"
	"github.com/firstack/firstack/topo/host"
	"github.com/firstack/firstack/topo/plan"
	"github.com/firstack/firstack/topo/spec"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// discover has the server gateway race every connection, as the patent has it.
func discover(c *config.Config) {
	for i := range c.Services {
		c.Services[i].Steering.Mode = config.SteeringDiscover
	}
}

func (n *network) dial(t *testing.T) *host.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), lab.Patience)
	defer cancel()
	conn, err := n.World.Host(lab.Client).Dial(ctx, netip.AddrPort{}, n.Server())
	check(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func (n *network) winner(conn *host.Conn) *plan.Host {
	return n.World.Plan().Host(n.HostOf(n.Witness.Winner(conn.Local())))
}

// ask makes a request on a connection, and fails the test unless its own replica answers.
func (n *network) ask(t *testing.T, conn *host.Conn) {
	t.Helper()
	const size = 50_000
	check(t, conn.SetDeadline(time.Now().Add(lab.Patience)))
	_, err := fmt.Fprintf(conn, "GET /bytes?n=%d&seed=3 HTTP/1.1\r\nHost: server\r\n\r\n", size)
	check(t, err)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	check(t, err)
	defer response.Body.Close()
	got, err := io.Copy(io.Discard, response.Body)
	if want, site := n.winner(conn).Site, response.Header.Get(host.HeaderServedBy); err != nil || got != size || site != want {
		t.Fatalf("%d bytes from %q, want %d from %q: %v", got, site, size, want, err)
	}
}

// TestLifeUnderStratum takes a network of Tofinos through what the embedded switches go through elsewhere: discovery and
// learning in every configuration, steering, draining, a restart of the controller, a restart of a switch.
func TestLifeUnderStratum(t *testing.T) {
	n := start(t, nil, lab.InConfiguration("A", "B", "C"))

	// Discovery: nobody has told the client gateway of any replica.
	first := n.dial(t)
	if w := n.winner(first); w.Role != spec.Replica {
		t.Errorf("%s won", w.Name)
	}
	n.Await("the first connection is learned", func() bool { return n.Translations() == 1 })
	n.ask(t, first)

	// Steering, by selectors without action sets.
	n.Await("connections go direct", func() bool {
		n.Fetch(host.Request{Size: 1000})
		n.Quiet()
		return n.Decisions(lab.ClientGateway, "steer_direct") > 2
	})
	if n.Entries(lab.ClientGateway, "steering") != 1 {
		t.Errorf("%d services are steered", n.Entries(lab.ClientGateway, "steering"))
	}

	// Draining.
	open := n.dial(t)
	drained := n.winner(open).Name
	admin := func(s config.AdminState) {
		n.Change(func(c *config.Config) {
			i := slices.IndexFunc(c.Services[0].Replicas, func(r config.Replica) bool { return r.Name == drained })
			c.Services[0].Replicas[i].AdminState = s
		})
	}
	admin(config.AdminDrain)
	n.Await("new connections go elsewhere", func() bool {
		return n.Fetch(host.Request{Size: 1000}).ServedBy != n.World.Plan().Host(drained).Site
	})
	n.ask(t, open)
	admin(config.AdminUp)

	// Restart of the controller.
	n.Await("all is learned", func() bool { return n.Controller().Ready(t.Context()) == nil && n.settled(first, open) })
	before := n.tables()
	check(t, n.StopController())
	unknown := n.dial(t)
	n.ask(t, unknown)
	check(t, n.StartController(lab.Deadline(t)))
	for _, c := range []*host.Conn{first, open, unknown} {
		n.ask(t, c)
	}
	sessions, err := n.Controller().Sessions(t.Context())
	check(t, err)
	for _, s := range sessions {
		if s.Stats.PipelinePushes != 0 {
			t.Errorf("%s: the pipeline was pushed again", s.Switch)
		}
		if s.Switch != lab.ClientGateway && s.Stats.Updates != 0 {
			t.Errorf("%s: %d updates for tables that were right", s.Switch, s.Stats.Updates)
		}
	}
	for table, entries := range before {
		if now := n.tables()[table]; now < entries {
			t.Errorf("%s had %d entries, and %d with the controller back", table, entries, now)
		}
	}

	// Restart of a switch: Stratum has saved the program, and the tables are empty.
	n.Await("what was missed is learned", func() bool {
		n.ask(t, unknown)
		return n.settled(first, open, unknown)
	})
	check(t, n.boxes[lab.ClientGateway].Reboot())
	for _, c := range []*host.Conn{first, open, unknown} {
		n.ask(t, c)
	}
	n.Await("the switch holds all again", func() bool { return n.Controller().Ready(t.Context()) == nil && n.settled(first, open, unknown) })
	n.Await("connections go direct", func() bool {
		n.Fetch(host.Request{Size: 1000})
		return n.Decisions(lab.ClientGateway, "steer_direct") > 0
	})
	n.clean(t)
}

// settled tells whether the controller knows connections, and everything that it knows is in the tables.
func (n *network) settled(open ...*host.Conn) bool {
	page, err := n.Controller().Translations(context.Background(), 1000)
	if err != nil || page.Total != n.Translations() {
		return false
	}
	known := 0
	for _, one := range page.List {
		if one.State == "learning" || one.State == "retiring" {
			return false
		}
		if slices.ContainsFunc(open, func(c *host.Conn) bool { return c.Local() == one.Client }) {
			known++
		}
	}
	return known == len(open)
}

// tables counts what does not depend on what was measured of connections.
func (n *network) tables() map[string]int {
	all := map[string]int{}
	for gateway, names := range map[string][]string{
		lab.ClientGateway: {"routes", "neighbors", "sides", "redirections", "steering"},
		lab.ServerGateway: {"routes", "neighbors", "services", "legs", "origins"},
	} {
		for _, name := range names {
			all[gateway+"/"+name] = n.Entries(gateway, name)
		}
	}
	return all
}

// TestAgesByItself: no switch says that an entry is idle. What nobody uses is retired all the same, by the counters of the
// entries and the controller's clock, and what is used stays. The chip's clock wraps meanwhile.
func TestAgesByItself(t *testing.T) {
	n := start(t, func(c *config.Config) {
		discover(c)
		c.Timers.Idle, c.Timers.Transitory = 4*time.Second, 3*time.Second
		c.Timers.LingerFIN = 200 * time.Millisecond
	}, lab.InConfiguration("A", "B", "C"))
	used, idle, closed := n.dial(t), n.dial(t), n.dial(t)
	n.Await("all are learned", func() bool { return n.Translations() == 3 })
	n.boxes[lab.ClientGateway].Wrap()
	check(t, closed.Close()) // told of with a tick that is less than that of its beginning
	n.Await("the closed connection is retired", func() bool {
		n.ask(t, used)
		n.ask(t, idle)
		return n.Translations() == 2
	})
	retired := func(reason string) uint64 {
		learning, err := n.Controller().Learning(t.Context())
		check(t, err)
		return learning[0].Retired[reason]
	}
	if retired("ended") != 1 {
		t.Errorf("%d ended, want the one that was closed", retired("ended"))
	}
	n.Await("the idle connection is retired", func() bool { n.ask(t, used); return n.Translations() == 1 })
	if retired("idle") != 1 {
		t.Errorf("%d were idle, want 1", retired("idle"))
	}
	n.ask(t, used)
	n.clean(t)
}
