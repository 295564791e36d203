package plan

import (
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/target"
	"github.com/firstack/firstack/tables"
	"github.com/firstack/firstack/tables/clientgateway"
)

// Client makes the entries of a client gateway, its translations apart.
type Client struct {
	*Router
	program *clientgateway.Program
	target  target.Capabilities
}

// NewClient plans for a client gateway's pipeline on a target.
func NewClient(p *clientgateway.Program, t target.Capabilities) *Client {
	return &Client{program: p, target: t, Router: newRouter(p.ARP, p.Routes, p.Neighbors, routerActions[clientgateway.ARPAction, clientgateway.RoutesAction, clientgateway.NeighborsAction]{
		answer: func(mac tables.MAC) clientgateway.ARPAction { return clientgateway.Answer{MAC: mac} },
		learn:  clientgateway.Learn{},
		forward: func(port, hop uint16) clientgateway.RoutesAction {
			return clientgateway.Forward{Port: port, NextHop: hop}
		},
		asForward: func(a clientgateway.RoutesAction) (uint16, uint16, bool) {
			f, ok := a.(clientgateway.Forward)
			return f.Port, f.NextHop, ok
		},
		local:       clientgateway.Local{},
		unreachable: clientgateway.Unreachable{},
		rewrite: func(src, dst tables.MAC) clientgateway.NeighborsAction {
			return clientgateway.Rewrite{SrcAddr: src, DstAddr: dst}
		},
		asRewrite: func(a clientgateway.NeighborsAction) (tables.MAC, bool) {
			r, ok := a.(clientgateway.Rewrite)
			return r.DstAddr, ok
		},
	})}
}

// Race is the stage in which a client gateway races: its settings, which ports lead to clients, which SYNs are
// tagged (FIG. 2, 206 to 210), and that it tells of what happens. Routing comes first.
func (c *Client) Race(s *config.Switch, redirections []config.Redirection, t config.Timers) (Stage, error) {
	out, ticks := &collector{}, c.target.Clock.Ticks
	out.add(c.program.Settings.DefaultEntity(clientgateway.SetSettings{
		Gateway: s.GatewayID, Pending: ticks(t.SlotPending), Claimed: ticks(t.SlotClaimed), Tell: ticks(t.Tell),
	}))
	for _, p := range s.Ports {
		if p.Side == config.LAN {
			out.add(c.program.Sides.Entity(clientgateway.SidesEntry{
				Key: clientgateway.SidesKey{Port: p.Port}, Action: clientgateway.Lan{},
			}))
		}
	}
	for i, rule := range redirections {
		c.redirection(out, rule, int32(len(redirections)-i))
	}
	out.add(c.program.FlowEvent.Entity(c.target.Digests), nil)
	return Stage{
		Name:     "race",
		Tables:   []uint32{c.program.Sides.ID(), c.program.Redirections.ID()},
		Entities: out.entities,
	}, out.err
}

// redirection writes a rule. The first rule counts most, so it has the highest priority; entries of one rule do not
// overlap.
func (c *Client) redirection(out *collector, rule config.Redirection, priority int32) {
	var action clientgateway.RedirectionsAction
	switch rule.Action {
	case config.ActionRedirect:
		action = clientgateway.Redirect{Permitted: 1}
	case config.ActionForbid:
		action = clientgateway.Redirect{Permitted: 0}
	default:
		action = clientgateway.Pass{}
	}
	key := clientgateway.RedirectionsKey{ClientAddr: tables.Within(rule.Clients), ServerAddr: tables.Within(rule.Servers)}
	add := func() {
		out.add(c.program.Redirections.Entity(clientgateway.RedirectionsEntry{Key: key, Priority: priority, Action: action}))
	}
	if len(rule.Ports) == 0 {
		add()
	}
	for _, port := range rule.Ports {
		key.ServerPort = tables.Exactly(port)
		add()
	}
}

// ReadTranslations asks for everything in the translation tables.
func (c *Client) ReadTranslations() []*p4v1.Entity {
	return []*p4v1.Entity{c.program.Outbound.ReadAll(tables.With{}), c.program.Inbound.ReadAll(tables.With{})}
}
