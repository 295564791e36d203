package config

import (
	"reflect"
	"time"

	"github.com/firstack/firstack/controller/internal/shape"
)

// Timers are the lives of slots and translations. Slots count ticks of 1.024 ms in 32 bits and compare them by
// signed difference, which is why none may pass 2^31 ticks (610 hours); 600 hours is the round figure below it.
type Timers struct {
	// Life of a slot nobody claimed.
	SlotPending time.Duration `yaml:"slot-pending" rule:"min=10ms,max=600h" default:"3s"`
	// Idle life of a claimed slot.
	SlotClaimed time.Duration `yaml:"slot-claimed" rule:"min=10ms,max=600h" default:"5m"`
	// Least time between two digests about one slot.
	Tell time.Duration `yaml:"tell" rule:"min=2ms,max=600h" default:"500ms"`
	// Idle life of a translation (RFC 5382 REQ-5).
	Idle time.Duration `yaml:"idle" rule:"min=10ms,max=600h" default:"2h4m"`
	// The same once a FIN or RST was seen (RFC 5382 REQ-5).
	Transitory time.Duration `yaml:"transitory" rule:"min=10ms,max=600h" default:"4m"`
	// From a RST to the retirement of the translation.
	LingerReset time.Duration `yaml:"linger-reset" rule:"min=0s,max=600h" default:"2s"`
	// From the FINs of both sides to the retirement of the translation.
	LingerFIN time.Duration `yaml:"linger-fin" rule:"min=0s,max=600h" default:"1m"`
}

// Health says how replicas and origin servers are probed.
type Health struct {
	// Time between two probes of one target; 0 when off.
	Interval time.Duration `yaml:"interval" rule:"min=0s,max=1h" default:"2s"`
	// Time after which a probe has failed; at most the interval.
	Timeout time.Duration `yaml:"timeout" rule:"min=1ms,max=1h" default:"1s"`
	// Good probes in a row that make a dead one live.
	Rise int `yaml:"rise" rule:"min=1,max=100" default:"2"`
	// Failed probes in a row that make a live one dead.
	Fall int `yaml:"fall" rule:"min=1,max=100" default:"3"`
	// Makes the probe an HTTP GET of this path: below 500 is active, 503 is busy, anything else has failed. Empty:
	// a TCP connection.
	Path string `yaml:"path" rule:"format=path"`
	// No probes: every replica counts as active.
	Off bool `yaml:"off"`
}

func (c *Config) validateTimers(r *report) {
	t := c.Timers
	if t.SlotPending >= t.SlotClaimed {
		r.add("timers.slot-pending", "%s is not less than slot-claimed, %s", text(t.SlotPending), text(t.SlotClaimed))
	}
	if t.Tell >= t.SlotClaimed {
		r.add("timers.tell", "%s is not less than slot-claimed, %s: the controller would hear of a slot once at most", text(t.Tell), text(t.SlotClaimed))
	}
	if t.Transitory > t.Idle {
		r.add("timers.transitory", "%s is more than idle, %s", text(t.Transitory), text(t.Idle))
	}
}

func (c *Config) validateHealth(r *report) {
	h := c.Health
	switch {
	case h.Off:
	case h.Interval < minInterval:
		r.add("health.interval", "%s is less than %s; no probes at all is off: true", text(h.Interval), text(minInterval))
	case h.Timeout > h.Interval:
		r.add("health.timeout", "%s is more than interval, %s", text(h.Timeout), text(h.Interval))
	}
}

// Probing more often than this measures the prober.
const minInterval = 10 * time.Millisecond

// text gives a time as it would be written: 5m, not 5m0s.
func text(d time.Duration) string { return shape.Text(reflect.ValueOf(d)) }
