package topo

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/firstack/firstack/topo/core"
	"github.com/firstack/firstack/topo/host"
	"github.com/firstack/firstack/topo/link"
	"github.com/firstack/firstack/topo/plan"
	"github.com/firstack/firstack/topo/spec"
)

// Options of a world.
type Options struct {
	NewNode NewNode // makes the gateways; required
	// Scale multiplies every delay; 0 = the topology's own time_scale.
	Scale float64
	// TimeWait is how long closed connections of hosts keep their ports; 0 = 60 s.
	TimeWait time.Duration
	Logger   *slog.Logger // nil = none
}

// World is a network that runs.
type World struct {
	plan    *plan.Plan
	fabric  *link.Fabric
	core    *core.Router
	nodes   map[string]Node
	hosts   map[string]*host.Host
	servers map[string]*host.WebServer
	logger  *slog.Logger
}

// New builds the network of a resolved topology and starts the web servers of its services, each telling
// the name of its site. Close ends it all.
func New(t *spec.Topology, opts Options) (*World, error) {
	p, err := plan.New(t)
	if err != nil {
		return nil, err
	}
	if opts.Scale == 0 {
		opts.Scale = t.TimeScale
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	fabric, err := link.NewFabric(link.Options{Scale: opts.Scale, Seed: t.Seed})
	if err != nil {
		return nil, fmt.Errorf("topology %s: %w", t.Name, err)
	}
	w := &World{
		plan: p, fabric: fabric, core: core.New(), logger: opts.Logger,
		nodes: make(map[string]Node), hosts: make(map[string]*host.Host), servers: make(map[string]*host.WebServer),
	}
	if err := w.build(opts); err != nil {
		return nil, fmt.Errorf("topology %s: %w", t.Name, errors.Join(err, w.Close()))
	}
	return w, nil
}

func (w *World) build(opts Options) error {
	for _, g := range w.plan.Gateways {
		n, err := opts.NewNode(g)
		if err != nil {
			return fmt.Errorf("gateway %s: %w", g.Name, err)
		}
		w.nodes[g.Name] = n
	}
	if err := w.buildCore(); err != nil {
		return err
	}
	for _, g := range w.plan.Gateways {
		if err := w.buildLAN(g, opts); err != nil {
			return fmt.Errorf("gateway %s: %w", g.Name, err)
		}
	}
	for _, h := range w.plan.Hosts {
		if len(h.Listen) == 0 {
			continue
		}
		server, err := w.hosts[h.Name].Serve(h.Site, w.logger, h.Listen...)
		if err != nil {
			return err
		}
		w.servers[h.Name] = server
	}
	return nil
}

// buildCore connects every gateway to the core, and every two by a path in each direction.
func (w *World) buildCore() error {
	t := w.plan.Topology
	for i, g := range w.plan.Gateways {
		id := uint32(i)
		err := w.core.AddInterface(id, core.Interface{
			Name: g.Name, Address: g.CoreAddress(), MAC: g.CoreMAC, PeerMAC: g.Ports[0].MAC,
		})
		if err != nil {
			return err
		}
		for _, prefix := range g.Reached {
			if err := w.core.AddRoute(prefix, id); err != nil {
				return err
			}
		}
		node := w.nodes[g.Name]
		for j, from := range w.plan.Gateways {
			path, err := w.fabric.Connect(linkID(from.Name, g.Name), from.Name, g.Name, t.WANShape(from.Site, g.Site),
				func(frame []byte) { node.Receive(plan.WAN, frame) })
			if err != nil {
				return err
			}
			mtu := t.WANPath(from.Site, g.Site).MTU
			if err := w.core.AddPath(uint32(j), id, core.Path{Port: path, MTU: mtu}); err != nil {
				return err
			}
		}
		port := &corePort{name: g.Name + "-wan", id: id, router: w.core}
		if err := node.AddPort(plan.WAN, port); err != nil {
			return fmt.Errorf("gateway %s: add port %s: %w", g.Name, port.name, err)
		}
	}
	return nil
}

// buildLAN makes a gateway's hosts and connects them.
func (w *World) buildLAN(g *plan.Gateway, opts Options) error {
	node := w.nodes[g.Name]
	lan := &segment{
		name: g.Name + "-lan", gateway: [6]byte(g.Ports[1].MAC), hosts: make(map[[6]byte]*link.Link),
		toNode: func(frame []byte) { node.Receive(plan.LAN, frame) },
	}
	shape := w.plan.Topology.LANShape()
	for _, h := range w.plan.Hosts {
		if h.Gateway != g.Name {
			continue
		}
		made, err := host.New(host.Options{
			Name: h.Name, MAC: h.MAC, Addresses: h.All, Gateway: h.GatewayAddress, GatewayMAC: h.GatewayMAC,
			MTU: w.plan.Topology.Links.LAN.MTU, TimeWait: opts.TimeWait,
		})
		if err != nil {
			return err
		}
		w.hosts[h.Name] = made
		down, err := w.fabric.Connect(linkID(g.Name, h.Name), g.Name, h.Name, shape, made.Receive)
		if err != nil {
			return err
		}
		up, err := w.fabric.Connect(linkID(h.Name, g.Name), h.Name, g.Name, shape, lan.receive)
		if err != nil {
			return err
		}
		lan.hosts[[6]byte(h.MAC)] = down
		made.Attach(up)
	}
	if err := node.AddPort(plan.LAN, lan); err != nil {
		return fmt.Errorf("add port %s: %w", lan.name, err)
	}
	return nil
}

func linkID(from, to string) string { return from + ">" + to }

// Close ends servers, hosts, links and gateways, in this order.
func (w *World) Close() error {
	var errs []error
	for _, s := range w.servers {
		errs = append(errs, s.Close())
	}
	for _, h := range w.hosts {
		errs = append(errs, h.Close())
	}
	errs = append(errs, w.fabric.Close())
	for _, n := range w.nodes {
		errs = append(errs, n.Close())
	}
	return errors.Join(errs...)
}

// Plan returns the addresses and wiring.
func (w *World) Plan() *plan.Plan { return w.plan }

// Topology returns what the world was built from.
func (w *World) Topology() *spec.Topology { return w.plan.Topology }

// Fabric returns the links; taps and captures go there.
func (w *World) Fabric() *link.Fabric { return w.fabric }

// Core returns the router between the gateways.
func (w *World) Core() *core.Router { return w.core }

// Node returns a gateway's switch, or nil.
func (w *World) Node(gateway string) Node { return w.nodes[gateway] }

// Host returns a host, or nil.
func (w *World) Host(name string) *host.Host { return w.hosts[name] }

// Server returns the web server of a host, or nil.
func (w *World) Server(hostName string) *host.WebServer { return w.servers[hostName] }

// Link returns the link from one gateway or host to another, or nil when they have none.
func (w *World) Link(from, to string) *link.Link { return w.fabric.Link(linkID(from, to)) }

// SetHostDown cuts a host off its LAN, as if its cable were pulled, or connects it again. Frames that
// are on the cable are lost.
func (w *World) SetHostDown(name string, down bool) error {
	h := w.plan.Host(name)
	if h == nil {
		return fmt.Errorf("no host is called %s", name)
	}
	w.Link(h.Gateway, name).SetDown(down)
	w.Link(name, h.Gateway).SetDown(down)
	return nil
}

// SetGatewayDown cuts a gateway off the core in both directions, or connects it again.
func (w *World) SetGatewayDown(name string, down bool) error {
	if w.nodes[name] == nil {
		return fmt.Errorf("no gateway is called %s", name)
	}
	for other := range w.nodes {
		w.Link(name, other).SetDown(down)
		w.Link(other, name).SetDown(down)
	}
	return nil
}
