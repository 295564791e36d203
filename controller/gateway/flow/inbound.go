package flow

import "net/netip"

// stray is an inbound entry that has to go although its connection stays: it runs to another winner now.
type stray struct{ key Key }

// owner finds whose inbound key k is. In form C that is the connection's own key.
func (b *Book) owner(k Key) *Flow {
	if f, ok := b.owners[k]; ok {
		return f
	}
	if f, ok := b.flows[k]; ok && f.winner.Form == FormC {
		return f
	}
	return nil
}

// leave lets go of an inbound key; what the switch has under it is to be removed.
func (b *Book) leave(f *Flow, key Key) {
	if b.owner(key) != f {
		return
	}
	if b.owners[key] == f {
		delete(b.owners, key)
	}
	if f.in != (Winner{}) || f.underway {
		b.putStray(key)
	}
	f.in = Winner{}
}

func (b *Book) putStray(key Key) {
	if _, has := b.strays[key]; !has {
		s := &stray{key: key}
		b.strays[key] = s
		b.loose.push(s)
	}
}

// take makes f the owner of the inbound key that w gives it. Another connection that had it lost its place at the
// replica, too: the two look the same there, and the replica has just accepted the newer one.
func (b *Book) take(f *Flow, w Winner) {
	key := inboundKey(f.key, w)
	if _, has := b.strays[key]; has {
		delete(b.strays, key) // its removal may be under way: what is there afterwards, the next write finds out
		f.in = Winner{Form: formUnknown}
	}
	if other := b.owner(key); other != nil && other != f {
		other.in = Winner{}
		f.in = Winner{Form: formUnknown}
		if w.Form == FormC {
			delete(b.owners, key)
		}
		b.drop(other, Taken)
	}
	if w.Form != FormC {
		b.owners[key] = f
	}
}

// Untranslated tells whether a packet from one end to another, in a tunnel or not, is one of a connection in the book
// before its translation.
func (b *Book) Untranslated(from, to netip.AddrPort, tunnel bool) bool {
	if !tunnel {
		if f := b.flows[KeyOf(from, to)]; f != nil && !f.retiring {
			return true // from the client to the server
		}
	}
	f := b.owner(KeyOf(to, from))
	return f != nil && !f.retiring && (tunnel || f.winner.Form != FormC)
}
