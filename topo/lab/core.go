package lab

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/firstack/firstack/softswitch/ports"
	"github.com/firstack/firstack/topo/core"
	"github.com/firstack/firstack/topo/link"
)

// Card is a network interface as the core uses it.
type Card interface {
	link.Port
	// Start calls receive for each frame that arrives, until Close.
	Start(receive func(frame []byte), failed func(error))
}

var _ Card = (*ports.Interface)(nil)

// OpenCard opens an interface by its name in the core's namespace.
type OpenCard func(name string) (Card, error)

// OpenPacket opens an interface of the kernel with AF_PACKET; it needs CAP_NET_RAW.
func OpenPacket(name string) (Card, error) {
	return ports.OpenInterface(name, ports.InterfaceOptions{})
}

// statsInterval is how often the core logs what it has lost, if it has.
const statsInterval = 10 * time.Second

// RunCore is the wide-area core of a layout, on interfaces that are there already, until the context ends.
func RunCore(ctx context.Context, l *Layout, open OpenCard, log *slog.Logger) (err error) {
	fabric, err := link.NewFabric(link.Options{Scale: l.TimeScale, Seed: l.Seed})
	if err != nil {
		return fmt.Errorf("core of %s: %w", l.Topology, err)
	}
	r := &coreRun{layout: l, open: open, log: log, router: core.New(), fabric: fabric, failed: make(chan error, 1)}
	defer func() { err = errors.Join(err, r.close()) }()
	if err := r.build(); err != nil {
		return fmt.Errorf("core of %s: %w", l.Topology, err)
	}
	log.Info("core runs", "topology", l.Topology, "gateways", len(l.Core.Interfaces), "wires", len(l.Core.Wires))
	tick := time.NewTicker(statsInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-r.failed:
			return fmt.Errorf("core of %s: %w", l.Topology, err)
		case <-tick.C:
			r.logLosses()
		}
	}
}

type coreRun struct {
	layout *Layout
	open   OpenCard
	log    *slog.Logger
	router *core.Router
	fabric *link.Fabric
	cards  []Card
	failed chan error
}

func (r *coreRun) build() error {
	ids := make(map[string]uint32)
	cards := make(map[string]Card)
	for i, in := range r.layout.Core.Interfaces {
		card, err := r.openCard(in.Interface)
		if err != nil {
			return err
		}
		ids[in.Gateway], cards[in.Gateway] = uint32(i), card
		mac, err := net.ParseMAC(in.MAC)
		if err != nil {
			return fmt.Errorf("interface %s: %w", in.Interface, err)
		}
		peer, err := net.ParseMAC(in.PeerMAC)
		if err != nil {
			return fmt.Errorf("interface %s: peer: %w", in.Interface, err)
		}
		if err := r.router.AddInterface(uint32(i), core.Interface{Name: in.Gateway, Address: in.Address, MAC: mac, PeerMAC: peer}); err != nil {
			return err
		}
		for _, prefix := range in.Reached {
			if err := r.router.AddRoute(prefix, uint32(i)); err != nil {
				return err
			}
		}
	}
	for _, p := range r.layout.Core.Paths {
		out := cards[p.To]
		l, err := r.fabric.Connect(p.From+">"+p.To, p.From, p.To, p.Shape, r.sender(out))
		if err != nil {
			return err
		}
		if err := r.router.AddPath(ids[p.From], ids[p.To], core.Path{Port: l, MTU: p.MTU}); err != nil {
			return err
		}
	}
	for gateway, card := range cards {
		id := ids[gateway]
		card.Start(func(frame []byte) { r.router.Receive(id, frame) }, r.fail)
	}
	for _, w := range r.layout.Core.Wires {
		if err := r.wire(w); err != nil {
			return err
		}
	}
	return nil
}

// wire joins two cards, each way by a link of its own.
func (r *coreRun) wire(w Wire) error {
	near, err := r.openCard(w.Near)
	if err != nil {
		return err
	}
	far, err := r.openCard(w.Far)
	if err != nil {
		return err
	}
	for _, way := range []struct {
		id       string
		from, to Card
	}{{w.Host + ">lan", near, far}, {"lan>" + w.Host, far, near}} {
		l, err := r.fabric.Connect(way.id, way.from.Name(), way.to.Name(), w.Shape, r.sender(way.to))
		if err != nil {
			return err
		}
		// What the link has no room for is lost, and counted there.
		way.from.Start(func(frame []byte) { _ = l.Send(frame) }, r.fail)
	}
	return nil
}

func (r *coreRun) openCard(name string) (Card, error) {
	card, err := r.open(name)
	if err != nil {
		return nil, err
	}
	r.cards = append(r.cards, card)
	return card, nil
}

// sender writes what falls due out of a card.
func (r *coreRun) sender(card Card) link.Receiver {
	warned := false // the fabric calls receivers one at a time
	return func(frame []byte) {
		err := card.Send(frame)
		if err == nil {
			return
		}
		if !warned {
			warned = true
			r.log.Warn("frame lost; later ones are not logged", "interface", card.Name(), "bytes", len(frame), "error", err)
		}
	}
}

func (r *coreRun) fail(err error) {
	select {
	case r.failed <- err:
	default:
	}
}

// logLosses says what links and router have dropped since the start.
func (r *coreRun) logLosses() {
	for _, l := range r.fabric.Links() {
		if s := l.Stats(); s.Lost+s.Overflow > 0 {
			r.log.Info("link lost frames", "link", l.Name(), "by chance", s.Lost, "no room", s.Overflow, "sent", s.Sent)
		}
	}
	if s := r.router.Stats(); s.Malformed+s.NoRoute+s.NoPath+s.Refused > 0 {
		r.log.Info("router dropped packets", "malformed", s.Malformed, "no route", s.NoRoute, "no path", s.NoPath, "no room", s.Refused)
	}
}

func (r *coreRun) close() error {
	var errs []error
	// Cards first: their readers send into the fabric, whose receivers find them closed.
	for _, c := range r.cards {
		errs = append(errs, c.Close())
	}
	return errors.Join(append(errs, r.fabric.Close())...)
}
