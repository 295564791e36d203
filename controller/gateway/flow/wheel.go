package flow

import "time"

// wheel is a hashed timing wheel: adding and removing cost the same however many flows there are. A flow that is
// due in a later turn is passed over until its turn comes.
type wheel struct {
	spokes [spokes]*Flow
	tick   int64 // the last one that was handled
}

const (
	spokes    = 4096
	wheelTick = 20 * time.Millisecond
)

func (w *wheel) add(f *Flow, due time.Duration) {
	w.remove(f)
	tick := max(int64((due+wheelTick-1)/wheelTick), w.tick+1)
	f.due = due
	f.listed = true
	f.spoke = uint16(tick % spokes)
	head := &w.spokes[f.spoke]
	f.next = *head
	if f.next != nil {
		f.next.prev = f
	}
	*head = f
}

func (w *wheel) remove(f *Flow) {
	if !f.listed {
		return
	}
	if f.prev != nil {
		f.prev.next = f.next
	} else {
		w.spokes[f.spoke] = f.next
	}
	if f.next != nil {
		f.next.prev = f.prev
	}
	f.next, f.prev, f.listed = nil, nil, false
}

// advance takes out every flow that is due and hands it over.
func (w *wheel) advance(now time.Duration, due func(*Flow)) {
	to := int64(now / wheelTick)
	from := max(w.tick+1, to-spokes+1)
	w.tick = max(w.tick, to)
	for tick := from; tick <= to; tick++ {
		for f := w.spokes[tick%spokes]; f != nil; {
			next := f.next
			if f.due <= now {
				w.remove(f)
				due(f)
			}
			f = next
		}
	}
}
