// Package soak runs randomised races over networks in one process and looks for what must never happen: two answers
// to one client, an address other than the server's, a late answer that is not reset, a wrong checksum, a wrong byte.
package soak

import (
	"flag"
	"math/rand/v2"
	"testing"
	"time"

	"go.uber.org/goleak"
)

var (
	races      = flag.Int("races", 300, "connections to race")
	seed       = flag.Uint64("seed", 1, "seed of every random choice")
	concurrent = flag.Int("concurrent", 100, "connections at a time")
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// roundRaces is how many races share a network; the next round has another one.
const roundRaces = 500

// TestSoak: over networks with jitter, loss, duplication and reordering, with replicas in mixed configurations that go
// busy, fall silent and come back, and a controller that is killed and started again, every fetch is answered with the
// right bytes, and the witness on the wire finds nothing wrong.
func TestSoak(t *testing.T) {
	t.Logf("-races %d -seed %d -concurrent %d", *races, *seed, *concurrent)
	var total report
	start := time.Now()
	for left, round := *races, 0; left > 0; round++ {
		n := min(left, roundRaces)
		left -= n
		if !t.Run("round", func(t *testing.T) {
			r := newRound(t, rand.New(rand.NewPCG(*seed, uint64(round))))
			total.add(r.run(n))
		}) {
			t.Fatalf("round %d failed; -seed %d repeats its choices", round, *seed)
		}
		t.Logf("%d of %d races in %v", *races-left, *races, time.Since(start).Round(time.Second))
	}
	t.Logf("%v\n%v", time.Since(start).Round(time.Second), total)
	if total.replica == 0 {
		t.Error("no race was won by a replica")
	}
}
