package slowpath

import (
	"slices"
	"time"

	"github.com/firstack/firstack/controller/gateway/plan"
	"github.com/firstack/firstack/tables"
)

// Limits of RFC 1122 section 2.3.2.1 and of memory.
const (
	askEvery     = time.Second      // no more often for one address
	attempts     = 3                // unanswered requests before an address counts as not there
	wantedEvery  = 5 * time.Second  // for configured hops that do not answer
	confirmEvery = 60 * time.Second // a known neighbor is asked again
	maxAsking    = 1024             // addresses asked for at once
	maxNeighbors = 2048             // learned; half of what the switch's table holds
)

// held is a packet that waits for its receiver's address: the latest, as RFC 1122 section 2.3.2.2 has it.
type held struct {
	port  uint16 // where it came from
	frame []byte
}

// query is an ARP request to be made.
type query struct {
	hop     plan.Hop
	mac     tables.MAC
	confirm bool
}

type neighbor struct {
	mac     tables.MAC // none: being asked for
	wanted  bool       // by configuration, so it is asked for without end
	asked   int        // requests since the last answer
	next    time.Duration
	waiting held
}

type resolver struct {
	hops    map[plan.Hop]*neighbor
	asking  int // hops that packets asked for and that have no address yet
	learned int
	dirty   bool
	up      func(port uint16) bool
}

func newResolver() resolver {
	return resolver{hops: map[plan.Hop]*neighbor{}, up: func(uint16) bool { return true }}
}

// setUp sets which ports are up. Those behind ports that have come up are asked for at once.
func (r *resolver) setUp(up func(port uint16) bool) {
	for h, n := range r.hops {
		if up(h.Port) && !r.up(h.Port) {
			n.asked, n.next = 0, 0
		}
	}
	r.up = up
}

// want sets the hops that are asked for by themselves; keep says which ones may stay.
func (r *resolver) want(wanted []plan.Hop, keep func(plan.Hop) bool) {
	for h, n := range r.hops {
		if !keep(h) {
			r.remove(h, n)
			continue
		}
		if n.wanted && !slices.Contains(wanted, h) {
			if n.wanted = false; n.mac == (tables.MAC{}) {
				r.asking++
			}
		}
	}
	for _, h := range wanted {
		n := r.hops[h]
		switch {
		case !keep(h):
		case n == nil:
			r.hops[h] = &neighbor{wanted: true}
		case !n.wanted:
			if n.wanted = true; n.mac == (tables.MAC{}) {
				r.asking--
			}
		}
	}
}

func (r *resolver) remove(h plan.Hop, n *neighbor) {
	if n.mac != (tables.MAC{}) {
		r.learned--
		r.dirty = true
	} else if !n.wanted {
		r.asking--
	}
	delete(r.hops, h)
}

func (r *resolver) restore(known plan.Neighbors, now time.Duration) {
	for h, mac := range known {
		n := r.hops[h]
		if n == nil {
			n = &neighbor{}
			r.hops[h] = n
		} else if n.mac != (tables.MAC{}) {
			continue // what was heard since counts more
		} else if !n.wanted {
			r.asking--
		}
		n.mac, n.asked, n.next = mac, 0, now+askEvery
		r.learned++
		r.dirty = true
	}
}

func (r *resolver) known() plan.Neighbors {
	known := plan.Neighbors{}
	for h, n := range r.hops {
		if n.mac != (tables.MAC{}) {
			known[h] = n.mac
		}
	}
	return known
}

// hold keeps a packet and asks for its receiver. It is false when too many are being asked for.
func (r *resolver) hold(h plan.Hop, p held, now time.Duration) bool {
	n := r.hops[h]
	if n == nil {
		if r.asking >= maxAsking || r.learned >= maxNeighbors {
			return false
		}
		n = &neighbor{next: now}
		r.hops[h] = n
		r.asking++
	}
	n.waiting = p
	if n.mac != (tables.MAC{}) {
		n.next = now // the switch seems not to know: due sends the packet after a confirmation
	}
	return true
}

// answered takes in a reply. asked is false when nobody had asked.
func (r *resolver) answered(h plan.Hop, mac tables.MAC, now time.Duration) (waiting held, asked, news bool) {
	n := r.hops[h]
	if n == nil {
		return held{}, false, false
	}
	if n.mac == (tables.MAC{}) {
		r.learned++
		if !n.wanted {
			r.asking--
		}
	}
	news = n.mac != mac
	waiting = n.waiting
	n.mac, n.asked, n.waiting = mac, 0, held{}
	n.next = now + confirmEvery
	return waiting, true, news
}

// due gives the requests to be made now, and the packets whose receivers do not answer. changed says that a
// neighbor is no longer known.
func (r *resolver) due(now time.Duration) (ask []query, lost []held, changed bool) {
	var ready []plan.Hop
	for h, n := range r.hops {
		if now >= n.next {
			ready = append(ready, h)
		}
	}
	slices.SortFunc(ready, compare)
	for _, h := range ready {
		n := r.hops[h]
		unknown := n.mac == tables.MAC{}
		if !r.up(h.Port) {
			if n.waiting.frame != nil {
				lost = append(lost, n.waiting)
				n.waiting = held{}
			}
			if unknown && !n.wanted {
				r.remove(h, n)
			}
			continue
		}
		if n.asked >= attempts {
			lost = append(lost, n.waiting)
			n.waiting = held{}
			if !n.wanted {
				r.remove(h, n)
				continue
			}
			if !unknown {
				r.learned--
				r.dirty = true
				n.mac, unknown = tables.MAC{}, true
			}
			n.asked, n.next = 0, now+wantedEvery
			continue
		}
		// The first request goes to the neighbor itself, the next ones to all: it may have moved.
		ask = append(ask, query{hop: h, mac: n.mac, confirm: !unknown && n.asked == 0})
		n.asked++
		n.next = now + askEvery
	}
	changed, r.dirty = r.dirty, false
	return ask, lost, changed
}

func compare(a, b plan.Hop) int {
	if a.Port != b.Port {
		return int(a.Port) - int(b.Port)
	}
	return a.Address.Compare(b.Address)
}
