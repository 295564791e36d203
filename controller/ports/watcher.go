package ports

import (
	"context"
	"crypto/tls"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
	"time"
)

// Options of a Watcher.
type Options struct {
	// Dial connects to the switch; nil: TCP.
	Dial func(ctx context.Context, address string) (net.Conn, error)
	// TLS gives the settings of the next connection; nil: plaintext.
	TLS func() (*tls.Config, error)
	// OnChange is told that other ports are down than before. It must not wait, nor call the watcher.
	OnChange func()
	// Sample is how often counters are asked for; 0: every 10 s.
	Sample time.Duration
	// Relearn is how often the interfaces are looked through for new ones; 0: every 30 s.
	Relearn time.Duration
	Logger  *slog.Logger
}

// Settings are what the configuration says of a switch's ports.
type Settings struct {
	Address string // host:port of its gNMI server; "": it is not asked
	// Ports are those that are configured, and what is wanted of each.
	Ports map[uint32]Wanted
}

// Wanted is what an operator wants of a port.
type Wanted int

// AsItIs leaves the port's admin state alone.
const (
	AsItIs Wanted = iota
	Enabled
	Disabled
)

// Equal tells whether two settings say the same.
func (s Settings) Equal(o Settings) bool {
	return s.Address == o.Address && maps.Equal(s.Ports, o.Ports)
}

// Watcher follows one switch. Its methods may be called at any time, by anybody.
type Watcher struct {
	options Options

	mu       sync.Mutex
	settings Settings
	changed  chan struct{} // closed when the settings change
	view     View
	told     map[uint32]bool // ports that were down when OnChange was told
}

// New makes a watcher; Run brings it to life.
func New(s Settings, o Options) *Watcher {
	if o.Sample == 0 {
		o.Sample = 10 * time.Second
	}
	if o.Relearn == 0 {
		o.Relearn = 30 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.OnChange == nil {
		o.OnChange = func() {}
	}
	return &Watcher{options: o, settings: s, changed: make(chan struct{}), view: View{Followed: s.Address != "", Since: time.Now()}}
}

// Configure changes the settings. With another address the switch is asked anew.
func (w *Watcher) Configure(s Settings) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.settings.Equal(s) {
		return
	}
	if s.Address != w.settings.Address {
		w.view = View{Followed: s.Address != "", Since: time.Now()}
	}
	w.settings = s
	close(w.changed)
	w.changed = make(chan struct{})
	w.options.OnChange()
}

// current gives the settings, and what is closed when they change.
func (w *Watcher) current() (Settings, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.settings, w.changed
}

// View gives what is known.
func (w *Watcher) View() View {
	w.mu.Lock()
	defer w.mu.Unlock()
	v := w.view
	v.Ports = slices.Clone(v.Ports)
	return v
}

// Down gives the numbers of the ports that are down: the switch says so, or the operator wants it.
func (w *Watcher) Down() map[uint32]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.down()
}

func (w *Watcher) down() map[uint32]bool {
	down := map[uint32]bool{}
	for i := range w.view.Ports {
		if w.view.Ports[i].IsDown() {
			down[w.view.Ports[i].ID] = true
		}
	}
	for id, wanted := range w.settings.Ports {
		if wanted == Disabled {
			down[id] = true
		}
	}
	return down
}

// publish makes ports what is known; connected says that they are followed.
func (w *Watcher) publish(address string, t table) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.settings.Address != address {
		return // of another switch by now
	}
	if !w.view.Connected {
		w.view.Connected, w.view.Since = true, time.Now()
	}
	w.view.Ports = t.list()
	if down := w.down(); !maps.Equal(down, w.told) {
		w.told = down
		w.options.OnChange()
	}
}

// lost takes in that the switch can't be asked.
func (w *Watcher) lost(address string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.settings.Address != address {
		return
	}
	if w.view.Connected {
		w.view.Connected, w.view.Since = false, time.Now()
	}
	w.view.Err = err
}

// Pauses between attempts to reach a switch.
const (
	pauseLeast = 100 * time.Millisecond
	pauseMost  = 5 * time.Second
)

// Run is the watcher's life: it returns when ctx has ended.
func (w *Watcher) Run(ctx context.Context) {
	pause, last := pauseLeast, ""
	for ctx.Err() == nil {
		s, changed := w.current()
		if s.Address == "" {
			select {
			case <-changed:
			case <-ctx.Done():
			}
			continue
		}
		began := time.Now()
		err := w.follow(ctx, s.Address)
		if ctx.Err() != nil {
			return
		}
		if err == nil { // another address, or other interfaces
			pause, last = pauseLeast, ""
			continue
		}
		w.lost(s.Address, err)
		level := slog.LevelDebug
		if err.Error() != last {
			level, last = slog.LevelWarn, err.Error()
		}
		w.options.Logger.Log(ctx, level, "ports are not followed", "address", s.Address, "err", err)
		if time.Since(began) > pauseMost {
			pause = pauseLeast
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		pause = min(2*pause, pauseMost)
	}
}
