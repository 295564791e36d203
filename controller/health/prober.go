package health

import (
	"context"
	"maps"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/firstack/firstack/controller/config"
)

// DefaultConcurrent is how many probes run at the same time at most, if Options says nothing else.
const DefaultConcurrent = 64

// Options of a prober.
type Options struct {
	Settings   config.Health
	Dial       Dial           // nil: the machine's own network
	Concurrent int            // probes at the same time at most; 0: DefaultConcurrent
	Rand       func() float64 // in [0, 1), spreads the first probes over an interval; nil: math/rand
	OnChange   func(Change)   // called by the goroutine of Run, which it must not hold up; nil: nobody is told
}

// Prober probes a set of targets that can be replaced while it runs. All methods may be called at any time.
type Prober struct {
	options Options
	wake    chan struct{} // holds one token when settings or targets changed

	mu       sync.Mutex
	settings config.Health
	targets  []Target
	status   map[Target]Status
	version  uint64 // of settings and targets
}

// New makes a prober without targets.
func New(o Options) *Prober {
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	if o.Concurrent <= 0 {
		o.Concurrent = DefaultConcurrent
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	if o.OnChange == nil {
		o.OnChange = func(Change) {}
	}
	return &Prober{
		options: o, wake: make(chan struct{}, 1),
		settings: o.Settings, status: map[Target]Status{}, version: 1,
	}
}

// SetTargets replaces the targets. Those that stay keep their state and their schedule; new ones count as active;
// nothing more is told of those that go.
func (p *Prober) SetTargets(targets []Target) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.targets = append([]Target(nil), targets...)
	now, status := time.Now(), make(map[Target]Status, len(targets))
	for _, t := range targets {
		s, ok := p.status[t]
		if !ok {
			s = Status{Since: now}
		}
		status[t] = s
	}
	p.status = status
	p.changed()
}

// SetSettings replaces the settings; targets keep their states, but when probing goes off all become active.
func (p *Prober) SetSettings(settings config.Health) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settings = settings
	p.changed()
}

// changed is called with the lock held.
func (p *Prober) changed() {
	p.version++
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// State gives what is known of a target; one that is not probed is active.
func (p *Prober) State(t Target) State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.status[t].State
}

// Snapshot gives the status of all targets.
func (p *Prober) Snapshot() map[Target]Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.status)
}

// Run probes until ctx is done, and returns when the last probe has ended. It is to be called once.
func (p *Prober) Run(ctx context.Context) {
	r := newRound(p)
	for {
		r.update()
		r.start(ctx)
		select {
		case <-ctx.Done():
			r.drain()
			return
		case <-p.wake:
		case result := <-r.results:
			r.finish(result)
		case <-r.timer.C:
		}
	}
}

// probe runs one probe under the settings it was started with.
func (p *Prober) probe(ctx context.Context, t Target, settings config.Health) outcome {
	ctx, cancel := context.WithTimeout(ctx, settings.Timeout)
	defer cancel()
	if settings.Path == "" {
		return connect(ctx, p.options.Dial, t.Address.String())
	}
	return get(ctx, p.options.Dial, t.Address.String(), settings.Path)
}

// publish makes a status visible, unless its target has gone meanwhile.
func (p *Prober) publish(t Target, s Status) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, wanted := p.status[t]
	if wanted {
		p.status[t] = s
	}
	return wanted
}

// wanted gives the settings and targets as they are now, and whether they are others than those of the version seen.
func (p *Prober) wanted(seen *uint64) (config.Health, []Target, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if *seen == p.version {
		return config.Health{}, nil, false
	}
	*seen = p.version
	return p.settings, p.targets, true
}
