package flow

import (
	"net/netip"
	"time"
)

// OutboundEntry is an outbound entry as it was read. Form is A (which stands for B, too) or C.
type OutboundEntry struct {
	Key    Key
	Winner Winner
}

// InboundEntry is an inbound entry as it was read: in form A (and B) the server, in form C the replica.
type InboundEntry struct {
	Key  Key // Server is the peer
	Form Form
	Addr uint32
	Port uint16
}

// connection tells which connection an inbound entry belongs to, and whom that runs to.
func (k Key) connection(e InboundEntry) (Key, Winner) {
	if e.Form == FormC {
		return k, Winner{Addr: e.Addr, Form: FormC}
	}
	flow := Key{Client: k.Client, ClientPort: k.ClientPort, Server: e.Addr, ServerPort: e.Port}
	return flow, Winner{Addr: k.Server, Port: k.ServerPort, Form: FormA}
}

// Adopt takes in what the tables have at the start of a session. What runs there goes on with fresh timers; half a
// translation is completed when that can be told to be right, and otherwise left alone until it is idle or claimed.
//
// lost says that the switch was started again, lost its tables a short while ago, and lets nothing pass until it has
// them. Then the connections that the book knows are written again: they can live on, and those that were never written
// as well. Otherwise what is gone was given up by somebody.
func (b *Book) Adopt(out []OutboundEntry, in []InboundEntry, lost bool, now time.Duration) {
	b.busy = false
	b.dirty.clear()
	b.loose.clear()
	b.looks.clear()
	clear(b.strays)
	b.lag = lag{}
	if len(b.flows) == 0 { // a controller that starts: make room once, not by doubling
		b.flows = make(map[Key]*Flow, len(out))
		b.owners = make(map[Key]*Flow, len(in))
	}
	for _, f := range b.flows {
		f.out, f.in = Winner{}, Winner{}
		f.bornKnown, f.queued, f.underway, f.looking = false, false, false, false
		f.failures = 0
	}
	for _, e := range out {
		b.adoptOut(e, now)
	}
	for _, e := range in {
		b.adoptIn(e, now)
	}
	for _, f := range b.flows {
		b.resume(f, lost, now)
	}
}

// adoptOut trusts the table: packets follow its entries, whatever was known before.
func (b *Book) adoptOut(e OutboundEntry, now time.Duration) {
	f := b.flows[e.Key]
	switch {
	case f == nil:
		f = &Flow{key: e.Key, winner: e.Winner, moved: now}
		b.flows[e.Key] = f
		b.stats.Adopted++
		b.take(f, e.Winner)
	case !f.winner.alike(e.Winner):
		b.leave(f, f.InboundKey())
		b.take(f, e.Winner)
		f.winner, f.retiring, f.isnKnown = e.Winner, false, false
		f.reopen()
	}
	f.orphan = false
	f.out = e.Winner
}

func (b *Book) adoptIn(e InboundEntry, now time.Duration) {
	key, winner := e.Key.connection(e)
	f := b.flows[key]
	switch {
	case f != nil && f.InboundKey() == e.Key:
		b.take(f, winner) // from another outbound entry with the same replica, if there is one
		f.in = winner
	case f != nil || b.owner(e.Key) != nil:
		b.putStray(e.Key) // its connection runs elsewhere
		if other := b.owner(e.Key); other != nil {
			delete(b.strays, e.Key)
			other.in = Winner{Form: formUnknown}
		}
	default:
		f = &Flow{key: key, winner: winner, orphan: true, in: winner, moved: now}
		b.flows[key] = f
		b.stats.Adopted++
		b.take(f, winner)
	}
}

// resume says how a flow goes on, by what the tables have of it.
func (b *Book) resume(f *Flow, lost bool, now time.Duration) {
	switch {
	case b.owner(f.InboundKey()) != f:
		f.retiring = true
	case f.out != (Winner{}):
		f.placed = true
		// While nobody watched, a new connection may have come to use what was about to go: look again first.
		f.retiring = false
		f.until = now + b.limits.Delay
	case lost && f.in == (Winner{}):
		f.until = now + b.limits.Restore
	case !f.placed && !f.orphan:
		// A claim that did not get there yet has its own time, until.
	case f.in != (Winner{}):
		// Without the outbound entry the connection was given up, or another is raced by now.
		f.orphan = true
	default:
		f.retiring = true
	}
	if f.retiring {
		b.wheel.remove(f)
		b.sweep(f)
		b.soil(f)
		return
	}
	if f.ended() && !f.orphan {
		f.stage = stageSettling
		b.wheel.add(f, now+b.linger(f)/2)
	} else {
		f.stage, f.again = stageIdle, 0
		b.touch(f, now)
	}
	b.soil(f)
}

// InboundOf packs an inbound entry; the address has to be IPv4.
func InboundOf(k Key, names netip.AddrPort, form Form) InboundEntry {
	return InboundEntry{Key: k, Form: form, Addr: pack(names.Addr()), Port: names.Port()}
}
