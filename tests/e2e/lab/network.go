package lab

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/softswitch/pipeline"
	"github.com/firstack/firstack/tests/e2e/witness"
	"github.com/firstack/firstack/topo/host"
	"github.com/firstack/firstack/topo/live"
	"github.com/firstack/firstack/topo/spec"
)

// Patience is how long a test waits for what has to happen. It is long: the machine may be busy.
const Patience = 60 * time.Second

// RawClient is an address on the client's LAN that no TCP stack answers for: frames to it reach the client's card, where
// a test reads them, and nobody else does.
var RawClient = netip.MustParseAddr("10.1.0.200")

// Network is a network under watch.
type Network struct {
	*live.Network
	Witness *witness.Witness
	tb      testing.TB
}

// Start runs a topology until the test ends. Without a scale of its own it runs ten times as fast as the real
// network.
func Start(tb testing.TB, t *spec.Topology, o live.Options) *Network {
	tb.Helper()
	if o.Scale == 0 {
		o.Scale = 0.1
	}
	if o.TimeWait == 0 {
		o.TimeWait = time.Second
	}
	if o.Logger == nil {
		o.Logger = logOf(tb)
	}
	edit := o.Edit
	o.Edit = func(c *config.Config) {
		addRawClient(c)
		if edit != nil {
			edit(c)
		}
	}
	started, err := live.Start(Deadline(tb), t, o)
	if err != nil {
		tb.Fatal(err)
	}
	n := &Network{Network: started, Witness: witness.New(started.World.Plan()), tb: tb}
	remove := n.World.Fabric().AddTap(n.Witness.See)
	tb.Cleanup(func() {
		// A test may end between a late answer and its reset.
		for end := time.Now().Add(resetWithin); n.Witness.Owing() && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
		remove()
		if err := n.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
		n.Witness.Settle(time.Now().Add(time.Hour))
		if err := n.Witness.Err(); err != nil {
			tb.Errorf("the witness saw: %v", err)
		}
	})
	return n
}

// resetWithin is how long a late answer waits for its reset on a loaded machine.
const resetWithin = 2 * time.Second

// addRawClient gives RawClient the Ethernet address of the first client behind the same gateway.
func addRawClient(c *config.Config) {
	for i := range c.Switches {
		s := &c.Switches[i]
		for _, n := range s.Neighbors {
			if s.Role == config.ClientGateway && netip.PrefixFrom(n.Address, 24).Masked().Contains(RawClient) {
				n.Address = RawClient
				s.Neighbors = append(s.Neighbors, n)
				break
			}
		}
	}
}

// Deadline is a context that ends with the test, or when Patience is at its end.
func Deadline(tb testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(tb.Context(), Patience)
	tb.Cleanup(cancel)
	return ctx
}

// Change applies a changed copy of the configuration.
func (n *Network) Change(f func(*config.Config)) {
	n.tb.Helper()
	c := *n.Config()
	c.Services = slices.Clone(c.Services)
	for i := range c.Services {
		s := &c.Services[i]
		s.Origins, s.Replicas = slices.Clone(s.Origins), slices.Clone(s.Replicas)
	}
	f(&c)
	if err := n.Apply(Deadline(n.tb), &c); err != nil {
		n.tb.Error(err)
	}
}

// Server is the address and port of the first service.
func (n *Network) Server() netip.AddrPort {
	s := n.World.Topology().Services[0]
	return netip.AddrPortFrom(s.Server.Addr, s.Port)
}

// Address returns the address that a host sends from.
func (n *Network) Address(host string) netip.Addr { return n.World.Host(host).Address() }

// HostOf names the host with an address; the server's address is the origin's.
func (n *Network) HostOf(a netip.Addr) string {
	for _, h := range n.World.Plan().Hosts {
		for _, own := range h.All {
			if own == a {
				return h.Name
			}
		}
	}
	return a.String()
}

// Fetch makes a request from the client and fails the test unless it is answered rightly.
func (n *Network) Fetch(r host.Request) host.Result {
	n.tb.Helper()
	result, err := n.TryFetch(r)
	if err != nil {
		n.tb.Fatalf("%v (%+v)", err, result)
	}
	return result
}

// TryFetch makes a request from the client.
func (n *Network) TryFetch(r host.Request) (host.Result, error) {
	if !r.Server.IsValid() {
		r.Server = n.Server()
	}
	ctx, cancel := context.WithTimeout(n.tb.Context(), Patience)
	defer cancel()
	return n.World.Host(Client).Fetch(ctx, r)
}

// Winner names the host that won the connection of a result.
func (n *Network) Winner(r host.Result) string { return n.HostOf(n.Witness.Winner(r.Local)) }

// Await polls until what is so.
func (n *Network) Await(what string, so func() bool) {
	n.tb.Helper()
	end := time.Now().Add(Patience)
	for !so() {
		if time.Now().After(end) {
			n.tb.Fatalf("in %v it did not come about that %s", Patience, what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// Entries counts the entries of a table of a switch, named by its last part.
func (n *Network) Entries(gateway, table string) (count int) {
	n.table(gateway, table, func(t *pipeline.Table) { count = t.Len() })
	return count
}

// Decisions counts the packets on which a gateway decided so.
func (n *Network) Decisions(gateway, action string) uint64 { return n.AllDecisions(gateway)[action] }

// AllDecisions counts a gateway's packets by what it decided about them: by the direct counters of its table of verdicts
// or decisions. What it never decided is left out.
func (n *Network) AllDecisions(gateway string) map[string]uint64 {
	table := "decisions"
	if n.World.Plan().Gateway(gateway).Role == spec.ClientGateway {
		table = "verdicts"
	}
	counts := map[string]uint64{}
	n.table(gateway, table, func(t *pipeline.Table) {
		t.Range(func(e *pipeline.Entry) bool {
			if e.Packets > 0 {
				action := e.Action.Action
				counts[action[strings.LastIndexByte(action, '.')+1:]] += e.Packets
			}
			return true
		})
	})
	return counts
}

// Copies counts the SYNs that a client gateway sent out as legs of its own races.
func (n *Network) Copies(gateway string) (packets uint64) {
	n.table(gateway, "racers", func(t *pipeline.Table) {
		t.Range(func(e *pipeline.Entry) bool {
			packets += e.Packets
			return true
		})
	})
	return packets
}

func (n *Network) table(gateway, name string, f func(*pipeline.Table)) {
	n.tb.Helper()
	p := n.Switch(gateway).Pipeline()
	p.Do(func() {
		for _, t := range p.Tables() {
			if strings.HasSuffix(t.Name(), "."+name) {
				f(t)
				return
			}
		}
		n.tb.Errorf("%s has no table %s", gateway, name)
	})
}

// Translations counts the connections that are in a client gateway's tables with both entries.
func (n *Network) Translations() int {
	return min(n.Entries(ClientGateway, "outbound"), n.Entries(ClientGateway, "inbound"))
}

// Quiet waits until no frame is on its way.
func (n *Network) Quiet() {
	n.tb.Helper()
	n.Await("no frame is on its way", func() bool {
		frames, _ := n.World.Fabric().InFlight()
		return frames == 0
	})
}
