package witness

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/firstack/firstack/tests/packet"
	"github.com/firstack/firstack/topo/link"
	"github.com/firstack/firstack/topo/plan"
	"github.com/firstack/firstack/topo/spec"
)

// maxFaults is how many faults are kept; the rest are counted.
const maxFaults = 20

// Totals counts what was seen.
type Totals struct {
	Frames      uint64 // checked
	Opened      uint64 // first SYNs of connections
	SYNsAgain   uint64 // SYNs that clients sent again
	Answers     uint64 // SYN-ACKs that reached a client gateway
	Late        uint64
	Resets      uint64
	Repeated    uint64 // SYN-ACKs that a client was given again
	ToClients   uint64 // frames
	Faults      uint64
	Connections int // remembered now
}

// Witness watches. All methods may be called at the same time.
type Witness struct {
	clients  map[string]bool // hosts
	hosts    map[string]bool // all of them
	gateways map[string]bool // client gateways

	mu          sync.Mutex
	tolerated   func(link.TapEvent) bool
	connections map[connectionID]*connection
	latest      map[endpoint]uint32                // the client's newest ISN
	asked       map[endpoint]map[endpoint]struct{} // whom a client's port has sent to
	faults      []error
	totals      Totals
}

// New makes a witness for a planned network; give its See to the fabric as a tap.
func New(p *plan.Plan) *Witness {
	w := &Witness{
		clients: make(map[string]bool), hosts: make(map[string]bool), gateways: make(map[string]bool),
		connections: make(map[connectionID]*connection), latest: make(map[endpoint]uint32),
		asked: make(map[endpoint]map[endpoint]struct{}),
	}
	for _, h := range p.Hosts {
		w.hosts[h.Name] = true
		w.clients[h.Name] = h.Role == spec.Client
	}
	for _, g := range p.Gateways {
		w.gateways[g.Name] = g.Role == spec.ClientGateway
	}
	return w
}

// Tolerate names frames that are wrong on purpose: of those for which f is true nothing is asked.
func (w *Witness) Tolerate(f func(link.TapEvent) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tolerated = f
}

// See takes one frame on one link into account. It is a link.Tap.
func (w *Witness) See(ev link.TapEvent) {
	entered := ev.Fate == link.Sent || ev.Fate == link.Lost
	var wrong error
	if entered {
		wrong = packet.CheckFrame(ev.Frame)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.tolerated != nil && w.tolerated(ev) {
		return
	}
	if entered {
		w.totals.Frames++
	}
	if wrong != nil {
		w.fault(ev, "wrong frame: %w", wrong)
	}
	ip, ok := network(ev.Frame)
	if !ok || len(ip) < 20 {
		return
	}
	s, tcp := read(ip)
	switch {
	case entered && w.hosts[ev.To]:
		w.toHost(ev, ip, s, tcp)
	case entered && w.gateways[ev.From] && tcp:
		w.fromGateway(ev, s)
	case ev.Fate == link.Delivered && w.gateways[ev.To] && tcp && w.clients[ev.From]:
		w.fromClient(ev, s)
	case ev.Fate == link.Delivered && w.gateways[ev.To] && tcp && !w.hosts[ev.From] && s.answer():
		w.answer(ev, s)
	}
}

func (w *Witness) fault(ev link.TapEvent, format string, args ...any) {
	w.totals.Faults++
	if len(w.faults) < maxFaults {
		err := fmt.Errorf(format, args...)
		w.faults = append(w.faults, fmt.Errorf("%s (%v): %w: %s", ev.LinkID, ev.Fate, err, packet.Decode(ev.Frame)))
	}
}

// Owing tells whether a late answer has been seen of which the reset has not been: it may be on its way.
func (w *Witness) Owing() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.connections {
		if c.unreset() != nil {
			return true
		}
	}
	return false
}

// Asked tells the witness that a client sends to a server in a way that it can't see, such as in fragments.
func (w *Witness) Asked(client, server netip.AddrPort) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ask(endpointOf(client), endpointOf(server))
}

func (w *Witness) ask(client, server endpoint) {
	peers := w.asked[client]
	if peers == nil {
		peers = make(map[endpoint]struct{}, 1)
		w.asked[client] = peers
	}
	peers[server] = struct{}{}
}

// fromClient takes a client's packet as it reaches the gateway.
func (w *Witness) fromClient(ev link.TapEvent, s segment) {
	w.ask(s.src, s.dst)
	if !s.start() {
		return
	}
	id := connectionID{s.src, s.seq}
	c := w.connections[id]
	if c == nil {
		c = &connection{server: s.dst, started: ev.Time, winner: -1, resets: make(map[[4]byte]int)}
		w.connections[id] = c
		w.latest[s.src] = s.seq
		w.totals.Opened++
	} else {
		w.totals.SYNsAgain++
	}
	c.syns++
}

// answer takes a SYN-ACK as it reaches a client gateway.
func (w *Witness) answer(ev link.TapEvent, s segment) {
	w.totals.Answers++
	c := w.connections[connectionID{s.dst, s.ack - 1}]
	if c == nil {
		return
	}
	a := answer{speaker: s.speaker(c.server.addr), isn: s.seq, at: ev.Time}
	if won, ok := c.first(); ok && won.speaker != a.speaker {
		w.totals.Late++
	}
	c.answers = append(c.answers, a)
}

// fromGateway takes what a client gateway sends into the wide area.
func (w *Witness) fromGateway(ev link.TapEvent, s segment) {
	to := s.dst.addr
	if s.tunnel {
		to = s.outerDst
	}
	switch {
	case s.start():
		if c := w.connections[connectionID{s.src, s.seq}]; c != nil && s.tagged {
			c.tagged++
		}
	case s.reset():
		if c := w.connections[connectionID{s.src, s.seq - 1}]; c != nil {
			w.totals.Resets++
			c.resets[to]++
		}
	default:
		c := w.connections[connectionID{s.src, w.latest[s.src]}]
		if c == nil || s.tunnel && s.dst != c.server {
			return
		}
		if won, ok := c.first(); ok && won.speaker != to {
			w.fault(ev, "a connection that %v won sends to %v", netip.AddrFrom4(won.speaker), netip.AddrFrom4(to))
		}
	}
}

// toHost takes what a gateway sends to a host.
func (w *Witness) toHost(ev link.TapEvent, ip []byte, s segment, tcp bool) {
	if ip[9] == protocolIPIP {
		w.fault(ev, "a host is given a tunnel")
		return
	}
	if tcp && s.tagged {
		w.fault(ev, "a host is given a tag")
	}
	if !w.clients[ev.To] {
		return
	}
	w.totals.ToClients++
	if ip[9] == protocolICMP {
		w.icmpToClient(ev, ip)
		return
	}
	if !tcp {
		return
	}
	if _, ok := w.asked[s.dst][s.src]; !ok {
		w.fault(ev, "a client hears from %v, which it never sent to", s.src.addrPort())
		return
	}
	if s.answer() {
		w.given(ev, s)
	}
}

// given takes an answer that a client is given.
func (w *Witness) given(ev link.TapEvent, s segment) {
	c := w.connections[connectionID{s.dst, s.ack - 1}]
	switch {
	case c == nil:
		return
	case c.given == 0:
		c.isn, c.won = s.seq, ev.Time
		for i, a := range c.answers {
			if a.isn == s.seq {
				c.winner = i
			}
		}
	case c.isn != s.seq || c.server != s.src:
		w.fault(ev, "a client is given two answers to one SYN: sequence numbers %d and %d", c.isn, s.seq)
	default:
		w.totals.Repeated++
	}
	c.given++
}

// icmpToClient checks that an error is about a packet which the client sent.
func (w *Witness) icmpToClient(ev link.TapEvent, ip []byte) {
	_, message, ok := ipv4(ip)
	if !ok || len(message) < 8+20+8 {
		return
	}
	if kind := message[0]; kind != 3 && kind != 11 && kind != 12 {
		return
	}
	quoted := message[8:]
	switch quoted[9] {
	case protocolIPIP:
		w.fault(ev, "a client is told of a tunnel")
	case protocolTCP:
		size := int(quoted[0]&15) * 4
		if len(quoted) < size+4 {
			return
		}
		src := endpoint{[4]byte(quoted[12:16]), uint16(quoted[size])<<8 | uint16(quoted[size+1])}
		dst := endpoint{[4]byte(quoted[16:20]), uint16(quoted[size+2])<<8 | uint16(quoted[size+3])}
		if _, ok := w.asked[src][dst]; !ok {
			w.fault(ev, "a client is told of a packet to %v, which it never sent to", dst.addrPort())
		}
	}
}

// Opening tells how the newest connection from a client's address and port began.
func (w *Witness) Opening(client netip.AddrPort) (Opening, bool) {
	if !client.Addr().Is4() {
		return Opening{}, false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	e := endpointOf(client)
	c := w.connections[connectionID{e, w.latest[e]}]
	if c == nil {
		return Opening{}, false
	}
	return c.opening(), true
}

// Winner returns who won the newest connection from a client's address and port, when that is known.
func (w *Witness) Winner(client netip.AddrPort) netip.Addr {
	o, _ := w.Opening(client)
	return o.Winner
}

// Settle judges all connections that began before a moment and forgets them. What arrives for them
// later is not looked at, but for the rules that concern every packet.
func (w *Witness) Settle(before time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, c := range w.connections {
		if !c.started.Before(before) {
			continue
		}
		if err := c.unreset(); err != nil {
			w.totals.Faults++
			if len(w.faults) < maxFaults {
				w.faults = append(w.faults, fmt.Errorf("%v > %v: %w", id.client.addrPort(), c.server.addrPort(), err))
			}
		}
		delete(w.connections, id)
		if w.latest[id.client] == id.isn {
			delete(w.latest, id.client)
		}
	}
}

// Totals returns what was counted.
func (w *Witness) Totals() Totals {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.totals
	t.Connections = len(w.connections)
	return t
}

// Err returns the faults found so far, joined.
func (w *Witness) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := int(w.totals.Faults) - len(w.faults); n > 0 {
		return errors.Join(append(w.faults[:len(w.faults):len(w.faults)], fmt.Errorf("and %d faults more", n))...)
	}
	return errors.Join(w.faults...)
}
