package soak

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"github.com/firstack/firstack/tests/e2e/lab"
	"github.com/firstack/firstack/topo/host"
)

// race is one connection as it was drawn.
type race struct {
	number  int
	client  string
	server  netip.AddrPort
	request host.Request
	abort   time.Duration // the client gives up after this time; 0: never
}

// Ports that clients use one after the other, so that a connection is known before it is open.
const (
	firstPort = 10_000
	ports     = 50_000
)

// draw draws the number-th race.
func draw(n *lab.Network, random *rand.Rand, number int) race {
	service := n.World.Topology().Services[random.IntN(len(services))]
	r := race{
		number: number, client: clientName(clientSites[random.IntN(len(clientSites))], random.IntN(clientsPerSite)),
		server: netip.AddrPortFrom(service.Server.Addr, service.Port),
	}
	size := int64(1 + random.IntN(20_000))
	switch random.IntN(20) {
	case 0:
		size = int64(random.IntN(500_000))
	case 1, 2, 3, 4:
		size = int64(random.IntN(200_000))
	}
	local := netip.AddrPortFrom(n.Address(r.client), uint16(firstPort+number%ports))
	r.request = host.Request{Server: r.server, Size: size, Seed: random.Uint64(), Local: local}
	if random.IntN(10) == 0 {
		r.request.Pause = time.Duration(random.IntN(100)) * time.Millisecond
	}
	if random.IntN(20) == 0 {
		r.abort = time.Duration(random.IntN(300)) * time.Millisecond
	}
	return r
}

// tally is what became of the races.
type tally struct {
	mu                            sync.Mutex
	done, replica, origin         int
	aborted, cut, again, untagged int
	slowest                       time.Duration
	slow                          string // the slowest race
	faults                        []error
}

// maxFaults is how many of the races' faults are told.
const maxFaults = 20

func (t *tally) fault(err error) {
	if len(t.faults) < maxFaults {
		t.faults = append(t.faults, err)
	}
}

// patience is how long a client waits for everything.
const patience = time.Minute

// run runs a race and judges its outcome: all bytes and all right, from the one who won it; or, where the client did not
// give up itself, an error whose cause is that the winner was cut off the network.
func (r race) run(ctx context.Context, n *lab.Network, cuts *cuts, t *tally) {
	began := time.Now()
	deadline := patience
	if r.abort > 0 {
		deadline = r.abort
	}
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	result, err := n.World.Host(r.client).Fetch(ctx, r.request)
	opening, seen := n.Witness.Opening(r.request.Local)
	winner := n.HostOf(opening.Winner)

	t.mu.Lock()
	defer t.mu.Unlock()
	t.done++
	if result.Total > t.slowest {
		t.slowest = result.Total
		t.slow = fmt.Sprintf("race %d, %s to %v, won by %s: %d SYNs, connected after %v, first byte after %v, %d bytes after %v",
			r.number, r.client, r.server, winner, result.SYNs, result.Connect, result.FirstByte, result.Bytes, result.Total)
	}
	if result.SYNs > 1 {
		t.again++
	}
	if seen && opening.Tagged == 0 {
		t.untagged++
	}
	switch {
	case err == nil && winner == "origin":
		t.origin++
	case err == nil:
		t.replica++
	case r.abort > 0 && errors.Is(err, context.DeadlineExceeded):
		t.aborted++
		return
	case seen && cuts.touched(winner, began, time.Now()):
		t.cut++
		return
	default:
		t.fault(fmt.Errorf("race %d, %s to %v, won by %s after %d SYNs: %w (%+v; %+v)", r.number, r.client, r.server, winner, result.SYNs, err, result, opening))
		return
	}
	if h := n.World.Plan().Host(winner); seen && opening.Winner.IsValid() && (h == nil || h.Site != result.ServedBy) {
		t.fault(fmt.Errorf("race %d: %s won, but %s served", r.number, winner, result.ServedBy))
	}
	if result.Client != r.request.Local.String() {
		t.fault(fmt.Errorf("race %d: the client is %v, the server saw %s", r.number, r.request.Local, result.Client))
	}
}
