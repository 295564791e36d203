package slowpath

import (
	"net/netip"
	"time"

	"github.com/firstack/firstack/controller/gateway/plan"
	"github.com/firstack/firstack/tables"
)

// Reason is why the switch handed a packet over (p4src/common/constants.p4).
type Reason uint8

// The reasons.
const (
	TTL     Reason = 1 // it has no hops left
	Local   Reason = 2 // it is for the switch itself
	ARP     Reason = 3 // a reply to a request of ours
	NoRoute Reason = 4 // nobody knows the way, or who has the address
)

// Out is a frame for the switch to send.
type Out struct {
	Port  uint16
	Frame []byte
}

// Stats count since the router began.
type Stats struct {
	Packets     uint64 // handed over by the switch
	Ignored     uint64 // of those, without an answer
	Errors      uint64 // ICMP errors sent
	Echoes      uint64 // echo replies sent
	Limited     uint64 // answers that the rate limit kept back
	Asked       uint64 // ARP requests sent
	Learned     uint64 // neighbors that answered for the first time, or with another address
	Unanswered  uint64 // addresses given up
	Overflowing uint64 // addresses not asked for, since too many were already
}

// Router answers for one switch.
type Router struct {
	routing *plan.Routing
	asking  resolver
	icmp    limiter
	stats   Stats
}

// Limits of a router, by which outside packets are kept from using it up.
const (
	icmpRate  = 100 // messages a second
	icmpBurst = 100
)

// New makes a router that knows no neighbors.
func New(routing *plan.Routing) *Router {
	return &Router{routing: routing, asking: newResolver(), icmp: newLimiter(icmpRate, icmpBurst)}
}

// Configure replaces the configuration. wanted are the hops to be asked for without waiting for a packet. Learned
// neighbors whose network is gone, or that are configured now, are forgotten.
// Nobody is asked for on a port that is down; who was known there is asked again when it is up.
func (r *Router) Configure(routing *plan.Routing, wanted []plan.Hop) {
	r.routing = routing
	r.asking.setUp(routing.Up)
	r.asking.want(wanted, func(h plan.Hop) bool {
		_, static := routing.Static(h)
		if static || !routing.HasPort(h.Port) {
			return false
		}
		for _, find := range []func(netip.Addr) (plan.Hop, bool, bool){routing.Configured, routing.Lookup} {
			if at, direct, ok := find(h.Address); ok && at == h && (direct || at.Address == h.Address) {
				return true
			}
		}
		return false
	})
}

// Restore takes in neighbors that a switch knows from before; they are asked again soon.
func (r *Router) Restore(n plan.Neighbors, now time.Duration) { r.asking.restore(n, now) }

// Neighbors gives what was learned.
func (r *Router) Neighbors() plan.Neighbors { return r.asking.known() }

// Stats gives the counts.
func (r *Router) Stats() Stats { return r.stats }

// Tick asks for neighbors as it is time; changed says that Neighbors gives something new.
func (r *Router) Tick(now time.Duration) (out []Out, changed bool) {
	ask, lost, changed := r.asking.due(now)
	for _, q := range ask {
		mac, own := r.routing.Source(q.hop.Port, q.hop.Address)
		if !own.IsValid() {
			continue
		}
		to := broadcast
		if q.confirm {
			to = q.mac
		}
		r.stats.Asked++
		out = append(out, Out{q.hop.Port, request(to, mac, own, q.hop.Address)})
	}
	for _, held := range lost {
		r.stats.Unanswered++
		if held.frame != nil {
			out = append(out, r.report(held.port, held.frame, icmpUnreachable, codeHost, now)...)
		}
	}
	return out, changed
}

// Packet takes in a packet that came to a port. The frame may be kept.
func (r *Router) Packet(port uint16, why Reason, frame []byte, now time.Duration) (out []Out, changed bool) {
	r.stats.Packets++
	before := r.stats.Errors + r.stats.Echoes + r.stats.Limited
	switch why {
	case ARP:
		return r.reply(port, frame, now)
	case TTL:
		out = r.report(port, frame, icmpTimeExceeded, 0, now)
	case Local:
		out = r.local(port, frame, now)
	case NoRoute:
		asking, o := r.noRoute(port, frame, now)
		if out = o; asking {
			return out, false
		}
	}
	if r.stats.Errors+r.stats.Echoes+r.stats.Limited == before {
		r.stats.Ignored++
	}
	return out, false
}

// Ignore counts a packet that is not to be heeded.
func (r *Router) Ignore() {
	r.stats.Packets++
	r.stats.Ignored++
}

// reply learns from an ARP reply, and sends what waited for it. Only what was asked for is learned.
func (r *Router) reply(port uint16, frame []byte, now time.Duration) ([]Out, bool) {
	sender, mac, ok := parseReply(frame)
	if !ok {
		r.stats.Ignored++
		return nil, false
	}
	hop := plan.Hop{Port: port, Address: sender}
	waiting, asked, news := r.asking.answered(hop, mac, now)
	switch {
	case !asked:
		r.stats.Ignored++
	case news:
		r.stats.Learned++
	}
	if waiting.frame == nil {
		return nil, news
	}
	src, _ := r.routing.Source(port, sender)
	return []Out{{port, ethernet(mac, src, typeIPv4, waiting.frame[ethernetLength:])}}, news
}

// noRoute asks for the packet's receiver when it is on a connected network, if that is not known by configuration, and
// tells its sender otherwise.
func (r *Router) noRoute(port uint16, frame []byte, now time.Duration) (asking bool, out []Out) {
	p, ok := parseIPv4(frame)
	if !ok {
		return false, nil
	}
	hop, direct, ok := r.routing.Lookup(p.dst())
	if !ok {
		return false, r.report(port, frame, icmpUnreachable, codeNet, now)
	}
	if !direct || !single(p.dst()) {
		return false, nil
	}
	if mac, known := r.routing.Static(hop); known { // the switch does not know it yet
		src, _ := r.routing.Source(hop.Port, hop.Address)
		return true, []Out{{hop.Port, ethernet(mac, src, typeIPv4, frame[ethernetLength:])}}
	}
	if r.asking.hold(hop, held{port: port, frame: frame}, now) {
		return true, nil
	}
	r.stats.Overflowing++
	return true, nil
}

// local answers what was sent to the switch itself.
func (r *Router) local(port uint16, frame []byte, now time.Duration) []Out {
	p, ok := parseIPv4(frame)
	if !ok {
		return nil
	}
	if _, own := r.routing.Own(p.dst()); !own {
		return nil
	}
	if m, ok := echoReply(p); ok {
		if !single(p.src()) {
			return nil
		}
		if !r.icmp.allow(now) {
			r.stats.Limited++
			return nil
		}
		r.stats.Echoes++
		return r.back(port, frame, makeIPv4(p.dst(), p.src(), protocolICMP, p.header[1], m))
	}
	switch p.protocol() {
	case protocolUDP:
		return r.report(port, frame, icmpUnreachable, codePort, now)
	case protocolICMP, protocolTCP:
		return nil // no listener is a matter for the sender's own patience
	}
	return r.report(port, frame, icmpUnreachable, codeProtocol, now)
}

// report tells a packet's sender of an error, from the address of the port it came to (RFC 1812 section 4.3.2.4).
func (r *Router) report(port uint16, frame []byte, kind, code uint8, now time.Duration) []Out {
	p, ok := parseIPv4(frame)
	if !ok || !mayAnswer(p) || frame[0]&1 != 0 {
		return nil
	}
	_, own := r.routing.Source(port, p.src())
	if !own.IsValid() {
		return nil
	}
	if !r.icmp.allow(now) {
		r.stats.Limited++
		return nil
	}
	r.stats.Errors++
	return r.back(port, frame, makeIPv4(own, p.src(), protocolICMP, 0xc0, icmpError(kind, code, p)))
}

// back sends a packet where a frame came from.
func (r *Router) back(port uint16, frame, packet []byte) []Out {
	_, from := macsOf(frame)
	mac, _ := r.routing.Source(port, netip.Addr{})
	if (mac == tables.MAC{}) {
		mac, _ = macsOf(frame)
	}
	return []Out{{port, ethernet(from, mac, typeIPv4, packet)}}
}
