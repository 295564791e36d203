package controller

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/gateway/plan"
	"github.com/firstack/firstack/controller/health"
	"github.com/firstack/firstack/controller/state"
)

// Controller runs any number of switches.
type Controller struct {
	options Options
	prober  *health.Prober
	news    chan struct{} // holds one token when a probe, or a port, changed something
	mail    chan change
	started chan struct{} // closed by Run once it listens
	stopped chan struct{}
	roster  atomic.Pointer[roster]
	cut     atomic.Pointer[cut]
	// heard counts what was told by the prober and the watchers of ports, known is up to where gateways know of it.
	heard, known atomic.Uint64
}

// roster is a configuration and the switches that run it. It is never changed, but replaced.
type roster struct {
	config  *config.Config
	units   []*unit
	targets map[[2]string]health.Target // by the names of service and server
}

type change struct {
	config *config.Config
	done   chan error
}

// New makes a controller for a complete and valid configuration (config.Load gives one). Run brings it to life.
func New(c *config.Config, o Options) (*Controller, error) {
	o.complete()
	k := &Controller{
		options: o, news: make(chan struct{}, 1), mail: make(chan change), started: make(chan struct{}), stopped: make(chan struct{}),
	}
	k.prober = health.New(health.Options{Settings: c.Health, Dial: o.Probe, OnChange: k.probed})
	r, _, err := k.next(&roster{config: &config.Config{}}, c)
	if err != nil {
		return nil, err
	}
	k.install(r)
	return k, nil
}

// probed is told by the prober, which it must not hold up.
func (k *Controller) probed(c health.Change) {
	k.options.Logger.Info("health", "service", c.Target.Service, "server", c.Target.Server, "address", c.Target.Address, "from", c.Old, "to", c.New, "err", c.Err)
	k.tell()
}

// health answers for a gateway's plan.
func (k *Controller) health(service, server string) plan.Health {
	r := k.roster.Load()
	if r == nil {
		return plan.Active // while New is at work
	}
	if k.cutFrom(service, server) != "" {
		return plan.Dead
	}
	t, ok := r.targets[[2]string{service, server}]
	if !ok {
		return plan.Active
	}
	switch k.prober.State(t) {
	case health.Busy:
		return plan.Busy
	case health.Dead:
		return plan.Dead
	}
	return plan.Active
}

// next makes the roster of a new configuration out of the old one's units, and says which of those are left over.
// Units that are new do not run yet.
func (k *Controller) next(old *roster, c *config.Config) (r *roster, left []*unit, err error) {
	r = &roster{config: c, targets: map[[2]string]health.Target{}}
	for _, t := range health.Targets(c) {
		r.targets[[2]string{t.Service, t.Server}] = t
	}
	stays := map[*unit]bool{}
	for i := range c.Switches {
		s := &c.Switches[i]
		u := old.unit(s.Name)
		if u == nil || !u.reach.equal(reachOf(s)) || old.config.Controller.ElectionID != c.Controller.ElectionID {
			if u, err = newUnit(c, s, k.health, k.tell, &k.options); err != nil {
				return nil, nil, err
			}
		}
		stays[u] = true
		r.units = append(r.units, u)
	}
	for _, u := range old.units {
		if !stays[u] {
			left = append(left, u)
		}
	}
	return r, left, nil
}

func (r *roster) unit(name string) *unit {
	for _, u := range r.units {
		if u.name == name {
			return u
		}
	}
	return nil
}

func (k *Controller) install(r *roster) {
	k.roster.Store(r)
	k.cutOff(r)
	k.prober.SetSettings(r.config.Health)
	k.prober.SetTargets(health.Targets(r.config))
}

// Run is the controller's life: it returns when ctx has ended and everything has stopped, or at once when the state's
// address can't be listened to.
func (k *Controller) Run(ctx context.Context) error {
	defer close(k.stopped)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	served, err := k.serve(ctx)
	if err != nil {
		return err
	}
	close(k.started)
	probing := make(chan struct{})
	go func() {
		defer close(probing)
		k.awaitTables(ctx)
		k.prober.Run(ctx)
	}()
	for _, u := range k.roster.Load().units {
		u.run(ctx)
	}
	k.tell() // some ports may be meant to be down
	for {
		select {
		case <-ctx.Done():
			for _, u := range k.roster.Load().units {
				u.end()
			}
			<-probing
			return <-served
		case <-k.news:
			k.spread(ctx)
		case c := <-k.mail:
			c.done <- k.apply(ctx, c.config)
		}
	}
}

// Started is closed once Run has begun and the state is served. Switches may be still to come: see Ready.
func (k *Controller) Started() <-chan struct{} { return k.started }

// probesWait is how long probes are put off for switches that do not have their tables yet.
const probesWait = 10 * time.Second

// awaitTables returns when every switch holds what it should, or after probesWait: probes go through the switches, and
// would take every server for dead that a gateway can't lead to yet.
func (k *Controller) awaitTables(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, probesWait)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for k.Ready(ctx) != nil {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// ErrStopped says that the controller no longer runs.
var ErrStopped = errors.New("the controller has stopped")

// Apply replaces the configuration, which has to be complete and valid; Run has to be running. What the switches hold
// follows by itself. Where a switch is reached in another way its session starts over; the state's own address
// stays until the controller is started again.
func (k *Controller) Apply(ctx context.Context, c *config.Config) error {
	m := change{config: c, done: make(chan error, 1)}
	select {
	case k.mail <- m:
	case <-k.stopped:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-m.done:
		return err
	case <-k.stopped:
		return ErrStopped
	}
}

func (k *Controller) apply(ctx context.Context, c *config.Config) error {
	old := k.roster.Load()
	r, left, err := k.next(old, c)
	if err != nil {
		return err
	}
	for _, d := range config.Diff(old.config, c) {
		k.options.Logger.Info("configuration changed", "change", d.String())
	}
	for i := range c.Switches {
		if u := r.unit(c.Switches[i].Name); old.unit(u.name) == u {
			u.ports.Configure(portsOf(&c.Switches[i]))
		}
	}
	k.install(r)
	for _, u := range left {
		u.end()
	}
	var errs []error
	for _, u := range r.units {
		if old.unit(u.name) == u {
			errs = append(errs, u.gateway.Apply(ctx, c))
		} else {
			u.run(ctx)
		}
	}
	k.tell()
	return errors.Join(errs...)
}

// ReloadTLS looks at the files of certificates, as every new session does, and says which can't be used: there what was
// read before stays in use. Sessions go on.
func (k *Controller) ReloadTLS() error {
	var errs []error
	for _, u := range k.roster.Load().units {
		if u.tls != nil {
			if err := u.tls.Reload(); err != nil {
				errs = append(errs, fmt.Errorf("switch %s: %w", u.name, err))
			}
		}
	}
	return errors.Join(errs...)
}

// Handler serves the state over HTTP.
func (k *Controller) Handler() http.Handler { return state.Handler(k) }

// serve listens at the configured address until ctx ends; served gives nil once it stopped.
func (k *Controller) serve(ctx context.Context) (served <-chan error, err error) {
	done := make(chan error, 1)
	address := cmp.Or(k.options.Listen, k.roster.Load().config.Controller.Listen)
	if address == "" || address == config.ListenOff {
		done <- nil
		return done, nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for state: %w", err)
	}
	server := &http.Server{Handler: k.Handler(), ReadHeaderTimeout: 5 * time.Second}
	go func() {
		failed := make(chan error, 1)
		go func() { failed <- server.Serve(listener) }()
		select {
		case err := <-failed:
			k.options.Logger.Error("state is not served any more", "err", err)
			done <- fmt.Errorf("serve state: %w", err)
		case <-ctx.Done():
			server.Close()
			<-failed
			done <- nil
		}
	}()
	k.options.Logger.Info("state", "address", listener.Addr())
	return done, nil
}
