package target

import "time"

// Clock is how a switch's program counts time: ticks of a length, modulo 2^Bits, from a zero of its own.
type Clock struct {
	Tick time.Duration
	Bits int // at most 32
}

// Between is how many ticks b is after a, by signed difference: right as long as they are less than half of the clock's
// range apart.
func (c Clock) Between(a, b uint32) int32 {
	unused := 32 - c.Bits
	return int32((b-a)<<unused) >> unused
}

// Ticks rounds up, so that nothing that is meant to last becomes 0.
func (c Clock) Ticks(d time.Duration) uint32 { return uint32((d + c.Tick - 1) / c.Tick) }
