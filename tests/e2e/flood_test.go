package e2e

import (
	"encoding/binary"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/tests/e2e/lab"
	"github.com/firstack/firstack/tests/packet"
	"github.com/firstack/firstack/topo/host"
	"github.com/firstack/firstack/topo/live"
)

// slots of a client gateway (p4src/common/sizes.p4).
const slots = 65536

// TestFlood: ten times as many spoofed SYNs as there are slots come in from the clients' side, and no slot expires while
// they do. Connections of honest clients succeed all the while, raced or plain, and those that are open go on;
// afterwards memory and goroutines are what they were.
func TestFlood(t *testing.T) {
	n := lab.Start(t, lab.Default(t), live.Options{Edit: func(c *config.Config) {
		noProbes(c)
		c.Timers.SlotPending, c.Timers.SlotClaimed = time.Hour, 2*time.Hour
	}})
	open := dial(t, n)
	n.Await("the connection is learned", func() bool { return translated(n, open) })
	n.Fetch(host.Request{Size: 100_000}) // whatever is made once is made
	before := measure()

	var flooding atomic.Bool
	var honest, raced atomic.Int64
	flooding.Store(true)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for flooding.Load() && !t.Failed() {
				r, err := n.TryFetch(host.Request{Size: 20_000})
				if err != nil {
					t.Errorf("an honest client failed: %v (%+v)", err, r)
				}
				honest.Add(1)
				if r.ServedBy != "Washington DC" {
					raced.Add(1)
				}
			}
		})
	}
	wg.Go(func() {
		for flooding.Load() && !t.Failed() {
			ask(t, open, 1000)
		}
	})
	gateway := n.Switch(lab.ClientGateway)
	spoof := newSpoof(netip.MustParseAddrPort("203.0.113.9:80")) // raced, though nobody is there
	for i := range 10 * slots {
		gateway.Receive(lab.LAN, spoof.syn(uint32(i)))
	}
	many := newSpoof(n.Server()) // and some to a service, whose replicas all answer
	for i := range 1000 {
		gateway.Receive(lab.LAN, many.syn(uint32(i)))
	}
	flooding.Store(false)
	wg.Wait()
	for range 5 {
		n.Fetch(host.Request{Size: 20_000})
		honest.Add(1)
	}
	if busy := n.Decisions(lab.ClientGateway, "untagged_busy"); busy < 9*slots {
		t.Errorf("only %d SYNs found their slot in use", busy)
	}
	n.Quiet()
	after := measure()
	t.Logf("%d honest connections, %d of them raced; heap %d KiB before, %d KiB after; goroutines %d, %d",
		honest.Load(), raced.Load(), before.heap>>10, after.heap>>10, before.goroutines, after.goroutines)
	if after.heap > before.heap+64<<20 || after.goroutines > before.goroutines+100 {
		t.Errorf("memory or goroutines grew: %+v, then %+v", before, after)
	}
}

type usage struct {
	heap       uint64 // bytes, garbage collected
	goroutines int
}

func measure() usage {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{m.HeapAlloc, runtime.NumGoroutine()}
}

// spoof makes SYNs from as many clients as are asked for.
type spoof struct{ frame []byte }

func newSpoof(server netip.AddrPort) *spoof {
	return &spoof{packet.New().Eth("aa", "bb").IP("100.64.0.0", server.Addr().String()).DF().
		TCP(0, server.Port(), "S").Options(packet.MSS(1460)).Build()}
}

// syn is the n-th client's. It is valid until the next call.
func (s *spoof) syn(n uint32) []byte {
	ip, tcp := s.frame[14:34], s.frame[34:]
	binary.BigEndian.PutUint32(ip[12:], 100<<24|64<<16|n>>14) // RFC 6598: no client of the network has them
	binary.BigEndian.PutUint16(tcp, uint16(1024+n&0x3fff))
	binary.BigEndian.PutUint32(tcp[4:], n*2654435761)
	binary.BigEndian.PutUint16(ip[10:], 0)
	binary.BigEndian.PutUint16(ip[10:], ^packet.Sum(ip))
	binary.BigEndian.PutUint16(tcp[16:], 0)
	pseudo := [4]byte{0, packet.ProtoTCP, byte(len(tcp) >> 8), byte(len(tcp))}
	binary.BigEndian.PutUint16(tcp[16:], ^packet.Sum(ip[12:20], pseudo[:], tcp))
	return s.frame
}
