package gateway

import (
	"net/netip"
	"time"
)

// RaceKey is one side of a service's races: a replica, or the server itself.
type RaceKey struct{ Server, Replica netip.AddrPort }

// Race counts how one side did.
type Race struct {
	Wins, Losses uint64
	Min, Last    time.Duration // from the SYN to the answer, as the client gateway sees it
	Sum          time.Duration // of all measured delays
	Measured     uint64
	Buckets      [len(RaceBounds) + 1]uint64 // delays up to the bounds, and above
}

// RaceBounds are the histogram's, in seconds: from a rack to the far side of the world.
var RaceBounds = [...]float64{0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2}

// maxRaces bounds how many sides are kept: addresses come from outside.
const maxRaces = 4096

// races are the results seen by one client gateway.
type races map[RaceKey]*Race

func (r races) of(server, replica netip.AddrPort) *Race {
	k := RaceKey{server, replica}
	one := r[k]
	if one == nil {
		if len(r) >= maxRaces {
			return &Race{}
		}
		one = &Race{}
		r[k] = one
	}
	return one
}

func (r races) won(server, replica netip.AddrPort, delay time.Duration) {
	one := r.of(server, replica)
	one.Wins++
	one.measure(delay)
}

func (r races) lost(server, replica netip.AddrPort, delay time.Duration) {
	one := r.of(server, replica)
	one.Losses++
	one.measure(delay)
}

// measure takes in a delay. A digest that comes again has none.
func (r *Race) measure(delay time.Duration) {
	if delay <= 0 {
		return
	}
	if r.Measured == 0 || delay < r.Min {
		r.Min = delay
	}
	r.Last = delay
	r.Sum += delay
	r.Measured++
	i := 0
	for i < len(RaceBounds) && delay.Seconds() > RaceBounds[i] {
		i++
	}
	r.Buckets[i]++
}

// Add joins what two gateways saw of the same side.
func (r *Race) Add(o *Race) {
	if o.Measured > 0 && (r.Measured == 0 || o.Min < r.Min) {
		r.Min = o.Min
	}
	if o.Measured > 0 {
		r.Last = o.Last
	}
	r.Wins += o.Wins
	r.Losses += o.Losses
	r.Sum += o.Sum
	r.Measured += o.Measured
	for i := range r.Buckets {
		r.Buckets[i] += o.Buckets[i]
	}
}
