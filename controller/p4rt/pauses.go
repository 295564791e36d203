package p4rt

import (
	"math/rand/v2"
	"time"
)

// pauses spaces attempts out: each wait up to twice as long as the one before, between a half and the whole of
// it by chance, so that many controllers do not come back at once.
type pauses struct {
	min, max time.Duration
	next     time.Duration
	random   func() float64
}

func newPauses(min, max time.Duration) *pauses {
	return &pauses{min: min, max: max, random: rand.Float64}
}

func (b *pauses) wait() time.Duration {
	if b.next == 0 {
		b.next = b.min
	}
	d := b.next
	b.next = min(2*b.next, b.max)
	return d/2 + time.Duration(b.random()*float64(d)/2)
}

// reset is for when an attempt has held long enough to count as a success.
func (b *pauses) reset() { b.next = 0 }
