package gateway

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/controller/gateway/flow"
	"github.com/firstack/firstack/controller/gateway/plan"
	"github.com/firstack/firstack/controller/gateway/slowpath"
	"github.com/firstack/firstack/controller/p4rt"
	"github.com/firstack/firstack/tables"
	"github.com/firstack/firstack/tables/clientgateway"
)

// client is the role of FIG. 2, 5 and 6.
type client struct {
	*Gateway
	program *clientgateway.Program
	plan    *plan.Client
	book    *flow.Book
	races   races
	aim     *steering
	slots   slots
	writing bool
	looking bool
	strange uint64 // digests that could not be read
}

func newClient(g *Gateway, info *p4configv1.P4Info) (*client, error) {
	program, err := clientgateway.Bind(info)
	if err != nil {
		return nil, err
	}
	c := &client{Gateway: g, program: program, plan: plan.NewClient(program, g.target), races: races{}}
	c.book = flow.New(c.limits())
	c.aim = newSteering(c)
	c.slots.every, c.slots.clock.unit = g.slotsEvery, g.target.Clock
	return c, nil
}

// limits are the book's, on this gateway's time.
func (c *client) limits() flow.Limits {
	t := c.timers()
	return flow.Limits{
		Clock:       c.target.Clock,
		Capacity:    int(min(c.program.Outbound.Size(), c.program.Inbound.Size())),
		Idle:        t.Idle,
		Transitory:  t.Transitory,
		LingerReset: t.LingerReset,
		LingerFIN:   t.LingerFIN,
		Answer:      c.scaled(time.Second), // half of the time between a client's second SYN and its third (RFC 6298)
		Retry:       retryEvery,
		Delay:       2 * time.Second,
		Restore:     openAnyway,
	}
}

func (c *client) router() *plan.Router { return c.plan.Router }

func (c *client) packets() packets {
	return packets{
		decode: func(p *p4v1.PacketIn) (uint16, uint8, error) {
			h, err := c.program.PacketIn.DecodeIn(p)
			return h.IngressPort, h.Reason, err
		},
		encode: func(port uint16, frame []byte) (*p4v1.PacketOut, error) {
			return c.program.PacketOut.Out(clientgateway.PacketOut{EgressPort: port}, frame)
		},
	}
}

func (c *client) configure(now time.Duration) {
	c.book.SetLimits(c.limits())
	c.aim.configure(now)
}

func (c *client) hops() []plan.Hop { return plan.SteeringHops(c.aim.all(), c.routing) }

func (c *client) stages() ([]plan.Stage, []string, error) {
	s, err := c.plan.Race(c.self, c.config.Redirections, c.timers())
	if err != nil {
		return nil, nil, err
	}
	c.aim.probes(c.now())
	steering, err := c.plan.Steering(c.aim.all(), c.routing, c.Gateway.hops, c.aim.numbers)
	return append([]plan.Stage{s}, steering...), nil, err
}

func (c *client) settled() { c.aim.numbers.Forget(c.aim.all()) }

func (c *client) restored() bool { return c.book.Settled() }

// plain keeps back what belongs to a known connection and was not translated.
func (c *client) plain(frame []byte) bool {
	from, to, tunnel, ok := slowpath.Ends(frame)
	return !ok || !c.book.Untranslated(from, to, tunnel)
}

func (c *client) idle() {
	c.writing, c.looking = false, false
	c.slots.idle()
}

// readBack reads the translations, a million of them perhaps, and keeps no more of each than the book needs.
func (c *client) readBack(ctx context.Context, conn *p4rt.Conn) (func(gap, now time.Duration), error) {
	var out []flow.OutboundEntry
	var in []flow.InboundEntry
	for e, err := range conn.Read(ctx, c.plan.ReadTranslations()...) {
		if err != nil {
			return nil, err
		}
		switch t := e.GetTableEntry(); {
		case t.GetIsDefaultAction():
		case c.program.Outbound.Is(t):
			entry, err := c.program.Outbound.Decode(t)
			if err != nil {
				return nil, err
			}
			out = append(out, outboundEntry(entry))
		case c.program.Inbound.Is(t):
			entry, err := c.program.Inbound.Decode(t)
			if err != nil {
				return nil, err
			}
			in = append(in, inboundEntry(entry))
		}
	}
	steering, err := conn.ReadAll(ctx, c.plan.ReadSteering()...)
	if err != nil {
		return nil, err
	}
	return func(gap, now time.Duration) {
		if conn.Fresh() {
			c.slots.clock.known = false // it may have started anew
		}
		c.aim.adopt(steering, now)
		c.book.Adopt(out, in, c.door.closed && gap < c.timers().Transitory, now)
		if len(out)+len(in) > 0 {
			c.log.Info("translations adopted", "outbound", len(out), "inbound", len(in), "connections", c.book.Len())
		}
	}, nil
}

func outboundEntry(e clientgateway.OutboundEntry) flow.OutboundEntry {
	k := flow.KeyOf(netip.AddrPortFrom(e.Key.ClientAddr, e.Key.ClientPort), netip.AddrPortFrom(e.Key.ServerAddr, e.Key.ServerPort))
	switch a := e.Action.(type) {
	case clientgateway.ToReplica:
		return flow.OutboundEntry{Key: k, Winner: flow.WinnerOf(netip.AddrPortFrom(a.ReplicaAddr, a.ReplicaPort), flow.FormA)}
	case clientgateway.IntoTunnel:
		return flow.OutboundEntry{Key: k, Winner: flow.WinnerOf(netip.AddrPortFrom(a.ReplicaAddr, 0), flow.FormC)}
	}
	panic(fmt.Sprintf("outbound entry with action %T", e.Action)) // the binding has no other
}

func inboundEntry(e clientgateway.InboundEntry) flow.InboundEntry {
	k := flow.KeyOf(netip.AddrPortFrom(e.Key.ClientAddr, e.Key.ClientPort), netip.AddrPortFrom(e.Key.PeerAddr, e.Key.PeerPort))
	switch a := e.Action.(type) {
	case clientgateway.FromReplica:
		return flow.InboundOf(k, netip.AddrPortFrom(a.ServerAddr, a.ServerPort), flow.FormA)
	case clientgateway.FromTunnel:
		return flow.InboundOf(k, netip.AddrPortFrom(a.ReplicaAddr, 0), flow.FormC)
	}
	panic(fmt.Sprintf("inbound entry with action %T", e.Action)) // the binding has no other
}

func (c *client) decisions() (entries, other *p4v1.Entity) {
	with := tables.With{Counter: true}
	return c.program.Verdicts.ReadAll(with), c.program.Verdicts.ReadDefault(with)
}
