package e2e

import (
	"maps"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/firstack/firstack/tests/e2e/lab"
	"github.com/firstack/firstack/topo/host"
	"github.com/firstack/firstack/topo/link"
	"github.com/firstack/firstack/topo/live"
)

// TestGarbage: noise, and real frames that are cut short or changed at random, come in on every port of every gateway.
// Nothing panics, and connections are opened and served as before.
func TestGarbage(t *testing.T) {
	n := lab.Start(t, lab.Default(t, lab.InConfiguration("A", "B", "C")), live.Options{Edit: noProbes})
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))

	// Frames of a whole connection, by the gateway and port that they came in at.
	var mu sync.Mutex // a tap may still run when it has been removed
	collected := map[string][][]byte{}
	remove := n.World.Fabric().AddTap(func(ev link.TapEvent) {
		if ev.Fate == link.Delivered && n.World.Plan().Gateway(ev.To) != nil {
			mu.Lock()
			defer mu.Unlock()
			collected[ev.To] = append(collected[ev.To], append([]byte(nil), ev.Frame...))
		}
	})
	n.Fetch(host.Request{Size: 20_000})
	n.Quiet()
	remove()
	mu.Lock()
	samples := maps.Clone(collected)
	mu.Unlock()

	n.Witness.Tolerate(func(link.TapEvent) bool { return true }) // what goes in wrong comes out wrong
	frame := make([]byte, 0, 2048)
	for _, g := range n.World.Plan().Gateways {
		for _, port := range []uint32{lab.WAN, lab.LAN} {
			for range 3000 {
				frame = frame[:0]
				if list := samples[g.Name]; len(list) > 0 && random.IntN(4) > 0 {
					frame = append(frame, list[random.IntN(len(list))]...)
				} else {
					for range random.IntN(200) {
						frame = append(frame, byte(random.Uint32()))
					}
				}
				n.Switch(g.Name).Receive(port, mangle(random, frame))
			}
		}
	}
	n.Quiet()
	// Errors about the garbage may come as late as address resolution gives up.
	n.Witness.Tolerate(isICMP)
	for i := range 5 {
		r := n.Fetch(host.Request{Size: 100_000, Seed: uint64(i)})
		if r.ServedBy == "" {
			t.Errorf("%+v", r)
		}
	}
}

func isICMP(ev link.TapEvent) bool {
	f := ev.Frame
	return len(f) > 23 && f[12] == 8 && f[13] == 0 && f[23] == 1
}

// mangle cuts a frame short or changes a few of its bytes, most of them in its headers.
func mangle(random *rand.Rand, frame []byte) []byte {
	if len(frame) == 0 {
		return frame
	}
	if random.IntN(3) == 0 {
		return frame[:random.IntN(len(frame))]
	}
	for range 1 + random.IntN(4) {
		frame[random.IntN(min(len(frame), 80))] = byte(random.Uint32())
	}
	return frame
}
