package steer

import (
	"cmp"
	"encoding/csv"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"
)

const ms = time.Millisecond

// host answers SYNs: a replica, or the server.
type host struct {
	addr      netip.Addr
	direct    time.Duration // round trip from the client gateway
	discovery time.Duration // by way of the server
	dead      bool
	refuse    bool // answers discovered SYNs only
}

// world is a network with one client gateway and one service, in virtual time.
type world struct {
	t       *testing.T
	rand    *rand.Rand
	service *Service
	now     time.Duration
	hosts   []*host
	server  *host // nil: it does not race
	jitter  time.Duration
	loss    float64
	latency time.Duration // of what the service is told
	events  []event
	due     map[netip.Addr]time.Duration // what the switch's watches hold
	changes int
	after   func() // of each connection
}

type event struct {
	at time.Duration
	do func() bool
}

// connection is what became of one.
type connection struct {
	way       Way
	winner    *host // nil: nobody answered
	handshake time.Duration
	copies    int
	attempts  int
}

func newWorld(t *testing.T, p Policy, seed uint64, hosts ...*host) *world {
	for i, h := range hosts {
		if !h.addr.IsValid() && h.discovery == 0 {
			h.discovery = h.direct
		}
		if h.addr == (netip.Addr{}) {
			h.addr = addr(i)
		}
	}
	return &world{
		t: t, rand: rand.New(rand.NewPCG(seed, 0)), service: New(p), hosts: hosts, due: map[netip.Addr]time.Duration{},
	}
}

func addr(i int) netip.Addr { return netip.AddrFrom4([4]byte{198, 51, 100, byte(10 + i)}) }

func (w *world) serve(h *host) { h.addr, w.server = Server, h }

func (w *world) host(a netip.Addr) *host {
	if a == Server {
		return w.server
	}
	for _, h := range w.hosts {
		if h.addr == a {
			return h
		}
	}
	w.t.Fatalf("a SYN to %v, which nobody has", a)
	return nil
}

// pass lets everything happen that is due by then.
func (w *world) pass(until time.Duration) {
	for {
		next := w.service.Next()
		slices.SortStableFunc(w.events, func(a, b event) int { return cmp.Compare(a.at, b.at) })
		if len(w.events) > 0 && w.events[0].at <= until && (next == 0 || w.events[0].at <= next) {
			e := w.events[0]
			w.events = w.events[1:]
			w.now = max(w.now, e.at)
			if e.do() {
				w.changes++
			}
			w.check()
			continue
		}
		if next == 0 || next > until {
			break
		}
		if next < w.now {
			w.t.Fatalf("wants to be called at %v, which is before %v", next, w.now)
		}
		w.now = next
		if w.service.Tick(w.now) {
			w.changes++
		}
		w.check()
	}
	w.now = max(w.now, until)
}

// check looks at what must hold of any choice.
func (w *world) check() {
	w.t.Helper()
	c := w.service.Choice()
	p := &w.service.policy
	replicas := 0
	for _, a := range c.Legs {
		if a != Server {
			replicas++
		}
	}
	total := c.Total()
	switch {
	case total > p.Group:
		w.t.Fatalf("weights sum to %d: %+v", total, *c)
	case replicas > p.Legs:
		w.t.Fatalf("%d legs: %+v", replicas, *c)
	case total > 0 && replicas == 0:
		w.t.Fatalf("nobody to race: %+v", *c)
	case p.Furthest != Direct && len(c.Direct) > 0, p.Furthest == Discover && total > 0:
		w.t.Fatalf("beyond the policy: %+v", *c)
	case !slices.IsSortedFunc(c.Legs, netip.Addr.Compare):
		w.t.Fatalf("legs out of order: %+v", *c)
	case c.Scout > 0 && len(c.Scouts) == 0:
		w.t.Fatalf("a discovery without company: %+v", *c)
	}
	for _, d := range c.Direct {
		if d.Weight == 0 || d.Patience < p.Patience {
			w.t.Fatalf("share %+v", d)
		}
		if !slices.Contains(c.Legs, d.Replica) && len(c.Direct) <= p.Legs {
			w.t.Fatalf("%v has a share but is not raced: %+v", d.Replica, *c)
		}
	}
	for i := range w.service.candidates {
		if k := &w.service.candidates[i]; (k.out || k.suspect) && slices.ContainsFunc(c.Direct, func(d Share) bool { return d.Replica == k.addr }) {
			w.t.Fatalf("%v has a share but is out or a suspect", k.addr)
		}
	}
}

// answer is a SYN-ACK on its way.
type answer struct {
	from  *host
	delay time.Duration
}

func (w *world) to(list []answer, h *host, delay time.Duration) []answer {
	if h == nil || h.dead || w.loss > 0 && w.rand.Float64() < w.loss {
		return list
	}
	if w.jitter > 0 {
		delay += time.Duration(w.rand.Int64N(int64(w.jitter)))
	}
	return append(list, answer{h, delay})
}

func (w *world) discover(list []answer, first bool) ([]answer, int) {
	for _, h := range w.hosts {
		list = w.to(list, h, h.discovery)
	}
	if w.server != nil || !first {
		list = w.to(list, w.server, w.discoveryOfServer())
	}
	return list, 1
}

func (w *world) discoveryOfServer() time.Duration {
	if w.server == nil {
		return 0
	}
	return w.server.direct
}

func (w *world) race(list []answer, legs []netip.Addr) ([]answer, int) {
	for _, a := range legs {
		if h := w.host(a); h == nil || !h.refuse {
			list = w.to(list, h, w.host(a).direct)
		}
	}
	return list, len(legs)
}

// connect opens a connection now and says what becomes of it; what the service hears of it comes in time.
func (w *world) connect() connection {
	w.t.Helper()
	c := connection{way: w.service.Choice().Pick(w.rand.Uint32())}
	start := w.now
	choice := w.service.Choice()
	mode := c.way.Mode
	var list []answer
	var n int
	switch mode {
	case Discover:
		list, n = w.discover(nil, true)
	case Race:
		list, n = w.race(nil, c.way.Legs)
		if c.way.Scout {
			var more []answer
			more, extra := w.discover(nil, true)
			n += extra
			for _, a := range more { // who has it already sends nothing new
				if !slices.ContainsFunc(list, func(o answer) bool { return o.from == a.from }) {
					list = append(list, a)
				}
			}
		}
	default:
		to := c.way.Replica
		due, owes := w.due[to]
		if owes && due <= w.now {
			w.tell(0, func() bool { return w.service.Overdue(w.now, to) })
			list, n = w.race(nil, slices.Clone(choice.Legs))
		} else {
			if !owes {
				for _, d := range choice.Direct {
					if d.Replica == to {
						w.due[to] = w.now + d.Patience
					}
				}
			}
			list, n = w.race(nil, []netip.Addr{to})
		}
	}
	c.copies = n
	rto := time.Second
	for len(list) == 0 && c.attempts < 6 {
		c.attempts++
		at := start + rto - w.now
		if mode == Race {
			w.tell(at, func() bool { return w.service.RaceUnanswered(w.now) })
		} else if mode != Discover {
			to := c.way.Replica
			w.tell(at, func() bool { return w.service.Unanswered(w.now, to) })
		}
		var again []answer
		again, n = w.discover(nil, false)
		c.copies += n
		for _, a := range again {
			list = append(list, answer{a.from, a.delay + rto})
		}
		rto = 2*rto + time.Second
	}
	slices.SortStableFunc(list, func(a, b answer) int { return cmp.Compare(a.delay, b.delay) })
	for i, a := range list {
		if i == 0 {
			c.winner, c.handshake = a.from, a.delay
		}
		told := Answer{Replica: a.from.addr, Delay: a.delay, Mode: mode, Attempt: uint8(c.attempts), Late: i > 0}
		w.tell(a.delay, func() bool {
			delete(w.due, told.Replica)
			return w.service.Observe(w.now, told)
		})
	}
	if w.after != nil {
		w.after()
	}
	return c
}

func (w *world) tell(after time.Duration, do func() bool) {
	w.events = append(w.events, event{w.now + after + w.latency, do})
}

// fetch opens a connection and waits until it has fetched something, which takes a round trip after the handshake, and
// then for the pause.
func (w *world) fetch(pause time.Duration) connection {
	w.t.Helper()
	c := w.connect()
	if c.winner != nil {
		w.pass(w.now + c.handshake + c.winner.direct + pause)
	} else {
		w.pass(w.now + time.Minute)
	}
	return c
}

// nearest is the shortest round trip there is.
func (w *world) nearest() (least time.Duration) {
	for _, h := range append(slices.Clone(w.hosts), w.server) {
		if h != nil && !h.dead && !h.refuse && (least == 0 || h.direct < least) {
			least = h.direct
		}
	}
	return least
}

// right says whether a connection's replica is as near as the nearest.
func (w *world) right(c connection) bool {
	return c.winner != nil && c.winner.direct <= w.service.policy.near(w.nearest())
}

// regions is the table of round trips between ten regions.
func regions(t testing.TB) (names []string, rtt [][]time.Duration) {
	t.Helper()
	f, err := os.Open("../../topo/spec/rtt-ibm-cloud-2024-10.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		names = append(names, row[0])
		line := make([]time.Duration, len(row)-1)
		for i, cell := range row[1:] {
			n, err := strconv.ParseFloat(cell, 64)
			if err != nil {
				t.Fatal(err)
			}
			line[i] = max(time.Duration(n*float64(ms)), ms) // within a region it takes a moment too
		}
		rtt = append(rtt, line)
	}
	return names, rtt
}

// placed puts client, origin and replicas into regions.
func placed(t *testing.T, p Policy, seed uint64, rtt [][]time.Duration, client, origin int, replicas []int) *world {
	var hosts []*host
	for _, r := range replicas {
		hosts = append(hosts, &host{direct: rtt[client][r], discovery: (rtt[client][origin] + rtt[origin][r] + rtt[r][client]) / 2})
	}
	w := newWorld(t, p, seed, hosts...)
	if p.Origin {
		w.serve(&host{direct: rtt[client][origin]})
	}
	return w
}
