package steer

import (
	"math/rand/v2"
	"testing"
	"time"
)

// Fifty placements at random over ten regions, each from nothing: from the third connection on the nearest.
func TestPlacements(t *testing.T) {
	_, rtt := regions(t)
	const seed = 20260807
	for _, origin := range []bool{true, false} {
		draw := rand.New(rand.NewPCG(seed, 1))
		var on, off, copies, steady int
		var handshakes, limits time.Duration
		for range 50 {
			order := draw.Perm(len(rtt))
			p := Default()
			p.Origin = origin
			w := placed(t, p, draw.Uint64(), rtt, draw.IntN(len(rtt)), order[0], order[1:5])
			for i := range 300 {
				c := w.fetch(0)
				if i < 2 {
					continue
				}
				if w.right(c) {
					on++
				} else {
					off++
				}
				handshakes += c.handshake
				limits += w.nearest()
				if i >= 10 {
					copies += c.copies
					steady++
				}
			}
		}
		share := float64(on) / float64(on+off)
		t.Logf("seed %d, origin races: %v: %.4f on the nearest, handshake %.4f of the limit, %.3f copies", seed, origin, share,
			float64(handshakes)/float64(limits), float64(copies)/float64(steady))
		if share < 0.99 {
			t.Errorf("%.4f of the connections from the third on are on the nearest", share)
		}
		if ratio := float64(handshakes) / float64(limits); ratio > 1.03 {
			t.Errorf("the mean handshake is %.4f of the shortest there is", ratio)
		}
		if n := float64(copies) / float64(steady); n > 1.1 {
			t.Errorf("%.3f copies a connection", n)
		}
	}
}
