package simulate

import (
	"math"
	"math/rand/v2"
	"time"
)

// random draws numbers for one gateway.
type random struct{ pcg rand.PCG }

func (r *random) seed(seed, stream uint64) { r.pcg.Seed(seed, mix(stream+1)) }

func (r *random) uint64() uint64 { return r.pcg.Uint64() }

// float is from [0, 1).
func (r *random) float() float64 { return float64(r.pcg.Uint64()>>11) / (1 << 53) }

// below is from [0, n); n > 0.
func (r *random) below(n uint64) uint64 { return r.pcg.Uint64() % n }

// exponential has the given mean.
func (r *random) exponential(mean float64) float64 { return -math.Log(1-r.float()) * mean }

// upTo is from [0, d), or 0.
func (r *random) upTo(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return time.Duration(r.below(uint64(d)))
}

// mix spreads a number over 64 bits (the finaliser of splitmix64): what a client is, is drawn by its number.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// hit says whether a number drawn by mix is among a share of all.
func hit(x uint64, share float64) bool { return float64(x>>11)/(1<<53) < share }
