package link

import (
	"fmt"
	"math"
	"time"
)

// Shape is how a link treats its frames. The zero value delivers at once and loses nothing.
type Shape struct {
	Delay  time.Duration // one way
	Jitter time.Duration // each frame's delay is drawn evenly from Delay ± Jitter, so frames may overtake
	Loss   float64       // probability that a frame is lost
	// Duplicate is the probability that a frame arrives twice; the copy draws a jitter of its own.
	Duplicate float64
	// Reorder is the probability that a frame is held back by ReorderDelay, so that later ones overtake.
	Reorder      float64
	ReorderDelay time.Duration // 0 = a quarter of Delay, at least 1 ms
	Bandwidth    int64         // bits per second, counted over whole frames; 0 = unlimited
	// Queue is the number of frames that may be in flight on this link; 0 = DefaultQueue. With a
	// bandwidth it must hold the product of delay and bandwidth as well as the waiting frames.
	Queue int
}

// DefaultQueue is the number of frames in flight on a link that sets none.
const DefaultQueue = 16384

// maxDelay keeps times within 63 bits of nanoseconds, far from overflow.
const maxDelay = 24 * time.Hour

// Validate tells whether the values make sense.
func (s Shape) Validate() error {
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"delay", s.Delay}, {"jitter", s.Jitter}, {"reorder delay", s.ReorderDelay}} {
		if d.value < 0 || d.value > maxDelay {
			return fmt.Errorf("%s %v outside 0 to %v", d.name, d.value, maxDelay)
		}
	}
	for _, p := range []struct {
		name  string
		value float64
	}{{"loss", s.Loss}, {"duplicate", s.Duplicate}, {"reorder", s.Reorder}} {
		if math.IsNaN(p.value) || p.value < 0 || p.value > 1 {
			return fmt.Errorf("%s %v outside 0 to 1", p.name, p.value)
		}
	}
	if s.Bandwidth < 0 || s.Queue < 0 {
		return fmt.Errorf("bandwidth %d and queue %d must not be negative", s.Bandwidth, s.Queue)
	}
	return nil
}

func (s Shape) withDefaults() Shape {
	if s.Queue == 0 {
		s.Queue = DefaultQueue
	}
	if s.ReorderDelay == 0 {
		s.ReorderDelay = max(s.Delay/4, time.Millisecond)
	}
	return s
}

// ordered tells whether nothing in the shape asks for frames to overtake each other.
func (s *Shape) ordered() bool { return s.Jitter == 0 && s.Reorder == 0 }
