package gateway

import (
	"context"
	"fmt"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/controller/gateway/slowpath"
	"github.com/firstack/firstack/controller/p4rt"
)

// term is the time in which the switch is ours.
type term struct {
	ctx    context.Context
	conn   *p4rt.Conn
	failed chan error // capacity 1: why the term can't go on
	back   chan func()
	ready  bool // what the switch knew is taken in
}

// Ready is the session's word that the switch is ours until ctx ends. It implements p4rt.Handler.
func (g *Gateway) Ready(ctx context.Context, conn *p4rt.Conn) error {
	t := &term{ctx: ctx, conn: conn, failed: make(chan error, 1), back: make(chan func())}
	select {
	case g.terms <- t:
	case <-ctx.Done():
		return nil
	case <-g.stopped:
		return ErrStopped
	}
	select {
	case err := <-t.failed:
		return err
	case <-ctx.Done():
		return nil
	case <-g.stopped:
		return ErrStopped
	}
}

// beside runs work next to the owner and gives the owner what it returns. What comes after the term is over is
// dropped.
func (g *Gateway) beside(t *term, work func() func()) {
	g.helpers.Add(1)
	go func() {
		defer g.helpers.Done()
		result := work()
		select {
		case t.back <- result:
		case <-t.ctx.Done():
		case <-g.stopped:
		}
	}()
}

// tickEvery is how often timers are looked at.
const tickEvery = 20 * time.Millisecond

// Run is the gateway's life. It returns when ctx has ended, and once what it started has ended too, which takes
// until the term's own context ends.
func (g *Gateway) Run(ctx context.Context) {
	defer g.helpers.Wait()
	defer close(g.stopped)
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	for {
		var over <-chan struct{}
		var back <-chan func()
		var digests <-chan *p4v1.DigestList
		var packets <-chan *p4v1.PacketIn
		if t := g.term; t != nil {
			over, back = t.ctx.Done(), t.back
			if t.ready {
				digests, packets = t.conn.Digests(), t.conn.Packets()
			}
		}
		select {
		case <-ctx.Done():
			return
		case f := <-g.mail:
			f()
		case t := <-g.terms:
			g.begin(t)
		case <-over:
			g.end()
		case f := <-back:
			f()
		case list := <-digests:
			g.role.digest(list, g.now())
		case p := <-packets:
			g.packet(p)
		case <-ticker.C:
			g.tick()
		}
		g.work()
	}
}

func (g *Gateway) begin(t *term) {
	g.end()
	g.term = t
	g.job.dirty, g.job.written, g.job.retry = true, nil, 0
	g.beside(t, func() func() {
		routes, err := t.conn.ReadAll(t.ctx, g.role.router().ReadBack()...)
		var adopt func(gap, now time.Duration)
		if err == nil {
			adopt, err = g.role.readBack(t.ctx, t.conn)
		}
		return func() {
			if err != nil {
				g.fail(t, fmt.Errorf("read back: %w", err))
				return
			}
			now := g.now()
			// A switch that kept its program and lost its tables, as Stratum does when it starts again, is as closed as
			// one that was just given it.
			g.door.shut(t.conn.Fresh() || !g.role.router().Routed(routes), now)
			g.slow.Restore(g.role.router().Restore(routes, g.routing, g.hops), now)
			g.slow.Configure(g.routing, g.wanted())
			adopt(now-g.door.passed, now)
			t.ready = true
		}
	})
}

func (g *Gateway) end() {
	if g.term == nil {
		return
	}
	now := g.now()
	g.remember(g.term, now)
	g.term = nil
	if !g.door.closed {
		g.door.passed = now
	}
	g.job.running = false
	g.role.idle()
}

// remember takes in what the switch had told before the term ended: a claim that it knew only by its slot would be lost
// with it.
func (g *Gateway) remember(t *term, now time.Duration) {
	for {
		select {
		case list := <-t.conn.Digests():
			g.role.digest(list, now)
		default:
			return
		}
	}
}

func (g *Gateway) fail(t *term, err error) {
	select {
	case t.failed <- err:
	default:
	}
}

func (g *Gateway) tick() {
	if g.term == nil || !g.term.ready {
		return
	}
	now := g.now()
	out, changed := g.slow.Tick(now)
	g.send(out)
	if changed {
		g.job.dirty = true
	}
	g.role.tick(now)
}

// work starts what is due: table changes and the role's own reads and writes.
func (g *Gateway) work() {
	if g.term == nil || !g.term.ready {
		return
	}
	now := g.now()
	g.reconcile(now)
	g.role.work(now)
}

func (g *Gateway) packet(p *p4v1.PacketIn) {
	port, reason, err := g.role.packets().decode(p)
	if err != nil {
		g.log.Warn("packet without a header", "err", err)
		return
	}
	if slowpath.Reason(reason) == slowpath.NoRoute && (g.door.closed || !g.role.plain(p.GetPayload())) {
		g.slow.Ignore()
		return
	}
	out, changed := g.slow.Packet(port, slowpath.Reason(reason), p.GetPayload(), g.now())
	g.send(out)
	if changed {
		g.job.dirty = true
	}
}

func (g *Gateway) send(out []slowpath.Out) {
	for _, o := range out {
		p, err := g.role.packets().encode(o.Port, o.Frame)
		if err == nil {
			err = g.term.conn.PacketOut(p)
		}
		if err != nil {
			g.log.Warn("packet not sent", "port", o.Port, "err", err)
		}
	}
}
