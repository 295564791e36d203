package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/gateway/plan"
	"github.com/firstack/firstack/controller/gateway/slowpath"
	"github.com/firstack/firstack/controller/p4rt"
	"github.com/firstack/firstack/controller/target"
)

// Options make a Gateway. All but Logger are needed.
type Options struct {
	Config *config.Config // complete and valid
	Switch string         // the name of a switch in it
	P4Info *p4configv1.P4Info
	Target target.Capabilities // the zero value: Auto's
	Probed plan.Probed
	// Time multiplies every timer of the configuration, those that the switch keeps included: 0.1 for a network
	// that runs ten times as fast as the real one. 0 means 1.
	Time float64
	// SlotsEvery is how often a client gateway's slots in use are counted; 0: every 30 s.
	SlotsEvery time.Duration
	Logger     *slog.Logger
}

// Gateway is one switch in its role. Its methods may be called at any time, by anybody.
type Gateway struct {
	name       string
	log        *slog.Logger
	scale      float64
	start      time.Time
	target     target.Capabilities
	slotsEvery time.Duration

	mail    chan func()
	terms   chan *term
	stopped chan struct{}
	helpers sync.WaitGroup // what runs beside the owner

	// Everything below belongs to Run.
	config   *config.Config
	self     *config.Switch
	probed   plan.Probed
	routing  *plan.Routing
	down     map[uint16]bool // ports
	hops     *plan.Numbers[plan.Hop]
	slow     *slowpath.Router
	role     role
	term     *term
	door     door
	job      job
	problems []string // of the last plan
}

// role is what the three kinds of gateway do beside routing. All methods but readBack run in Run's goroutine.
type role interface {
	router() *plan.Router
	packets() packets
	// readBack reads what a switch knows at the beginning of a term, beside it; the closure takes it in.
	readBack(ctx context.Context, conn *p4rt.Conn) (adopt func(gap, now time.Duration), err error)
	// configure takes in a changed configuration.
	configure(now time.Duration)
	// hops lists the next hops to be resolved without waiting for traffic.
	hops() []plan.Hop
	// stages lists what the tables have to hold, routing apart.
	stages() (stages []plan.Stage, problems []string, err error)
	// settled is told that the tables hold all of it.
	settled()
	// restored tells whether the switch has what was remembered apart from the stages.
	restored() bool
	// plain tells whether a packet that the switch had no route for may be sent on as it stands, as far as is known: it
	// may be one that the switch should have changed, and could not.
	plain(frame []byte) bool
	digest(*p4v1.DigestList, time.Duration)
	tick(now time.Duration)
	// work starts reads and writes that are due.
	work(now time.Duration)
	// idle forgets what was under way: the term is over.
	idle()
	// decisions asks for the counters of the program's table of decisions: its entries, and the default one. Any
	// goroutine may call it.
	decisions() (entries, other *p4v1.Entity)
}

// packets are a program's headers for packets to and from the controller.
type packets struct {
	decode func(*p4v1.PacketIn) (port uint16, reason uint8, err error)
	encode func(port uint16, frame []byte) (*p4v1.PacketOut, error)
}

// New makes a gateway; Run brings it to life.
func New(o Options) (*Gateway, error) {
	if o.Target.Clock == (target.Clock{}) {
		o.Target = target.Named(target.Auto)
	}
	g := &Gateway{
		name: o.Switch, log: o.Logger, scale: o.Time, start: time.Now(), target: o.Target,
		mail: make(chan func(), 64), terms: make(chan *term), stopped: make(chan struct{}),
		probed: o.Probed,
		hops:   plan.NewNumbers[plan.Hop]("next hop", 0xffff),
	}
	if g.scale == 0 {
		g.scale = 1
	}
	if g.slotsEvery = o.SlotsEvery; g.slotsEvery == 0 {
		g.slotsEvery = slotsEvery
	}
	if g.log == nil {
		g.log = slog.Default()
	}
	g.log = g.log.With("switch", g.name)
	g.job.dirty = true
	if err := g.setConfig(o.Config); err != nil {
		return nil, err
	}
	g.slow = slowpath.New(g.routing)
	var err error
	switch g.self.Role {
	case config.ClientGateway:
		g.role, err = newClient(g, o.P4Info)
	case config.ServerGateway:
		g.role, err = newServer(g, o.P4Info)
	case config.ReplicaGateway:
		g.role, err = newReplica(g, o.P4Info)
	default:
		err = fmt.Errorf("unknown role %q", g.self.Role)
	}
	if err != nil {
		return nil, fmt.Errorf("switch %s: %w", g.name, err)
	}
	g.slow.Configure(g.routing, g.wanted())
	return g, nil
}

func (g *Gateway) setConfig(c *config.Config) error {
	for i := range c.Switches {
		if c.Switches[i].Name == g.name {
			g.config, g.self = c, &c.Switches[i]
			g.routing = plan.NewRouting(g.self, g.down)
			return nil
		}
	}
	return fmt.Errorf("switch %s is not in the configuration", g.name)
}

func (g *Gateway) wanted() []plan.Hop { return append(g.routing.Vias(), g.role.hops()...) }

// now is the gateway's clock.
func (g *Gateway) now() time.Duration { return time.Since(g.start) }

func (g *Gateway) scaled(d time.Duration) time.Duration { return time.Duration(float64(d) * g.scale) }

// timers are the configured ones on this gateway's time.
func (g *Gateway) timers() config.Timers {
	t := g.config.Timers
	for _, d := range []*time.Duration{&t.SlotPending, &t.SlotClaimed, &t.Tell, &t.Idle, &t.Transitory, &t.LingerReset, &t.LingerFIN} {
		*d = g.scaled(*d)
	}
	return t
}

// ErrStopped says that a gateway no longer runs.
var ErrStopped = errors.New("the gateway has stopped")

// do has f run by the owner and waits for it. With an error f was not run, nor will it be: what it writes to is the
// caller's again.
func (g *Gateway) do(ctx context.Context, f func()) error {
	done := make(chan struct{})
	var taken atomic.Bool // by the owner, to run f, or by the caller, to give it up
	select {
	case g.mail <- func() {
		if taken.CompareAndSwap(false, true) {
			f()
			close(done)
		}
	}:
	case <-g.stopped:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
	var err error
	select {
	case <-done:
		return nil
	case <-g.stopped:
		err = ErrStopped
	case <-ctx.Done():
		err = ctx.Err()
	}
	if taken.CompareAndSwap(false, true) {
		return err
	}
	<-done
	return nil
}

// Apply changes the configuration. Only what differs is written; connections that are open stay what they are.
func (g *Gateway) Apply(ctx context.Context, c *config.Config) error {
	var failed error
	err := g.do(ctx, func() {
		if failed = g.setConfig(c); failed != nil {
			return
		}
		g.role.configure(g.now())
		g.slow.Configure(g.routing, g.wanted())
		g.job.dirty = true
	})
	return errors.Join(err, failed)
}

// HealthChanged says that Probed has news.
func (g *Gateway) HealthChanged(ctx context.Context) error {
	return g.do(ctx, func() { g.job.dirty = true })
}

// SetPorts says which ports are down. Nothing new is sent there from now on: what leads out of them is taken out of the
// tables, and comes back with them. Translations stay, whatever they lead to.
func (g *Gateway) SetPorts(ctx context.Context, down map[uint16]bool) error {
	return g.do(ctx, func() {
		if maps.Equal(g.down, down) {
			return
		}
		g.log.Info("ports are down", "ports", slices.Sorted(maps.Keys(down)))
		g.down = down
		g.routing = plan.NewRouting(g.self, down)
		g.slow.Configure(g.routing, g.wanted())
		g.job.dirty = true
	})
}
