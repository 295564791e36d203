package link

import "time"

// Fate is what happened to a frame.
type Fate uint8

// The fates a tap is told. A frame is Sent or refused (Overflow, Lost) when it enters a link, and
// Delivered when it leaves; a duplicated frame is Delivered twice. Lost at the far end means that the
// link was cut while the frame was in flight.
const (
	Sent Fate = iota
	Delivered
	Lost
	Overflow
)

// String gives the fate's name in lower case.
func (f Fate) String() string {
	switch f {
	case Sent:
		return "sent"
	case Delivered:
		return "delivered"
	case Lost:
		return "lost"
	default:
		return "overflow"
	}
}

// TapEvent is one frame seen on a link.
type TapEvent struct {
	Time     time.Time // wall clock, with its monotonic part; not corrected by the fabric's time scale
	LinkID   string
	From, To string // the nodes at the ends
	Fate     Fate
	Frame    []byte // valid during the call only
}

// Tap sees frames. It is called from the senders' goroutines and the fabric's, also at the same time,
// and must not block. A frame without delay may be told Delivered before Sent: Time has the right order.
type Tap func(TapEvent)

// AddTap makes a tap see every frame of the fabric from now on, and returns a function that removes
// it; a call of the tap may still be running when that returns.
func (f *Fabric) AddTap(t Tap) (remove func()) {
	entry := &t
	f.mu.Lock()
	defer f.mu.Unlock()
	f.setTaps(append(f.tapList(), entry))
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		var rest []*Tap
		for _, e := range f.tapList() {
			if e != entry {
				rest = append(rest, e)
			}
		}
		f.setTaps(rest)
	}
}

// tapList returns a copy: readers hold the current list without a lock.
func (f *Fabric) tapList() []*Tap {
	if p := f.taps.Load(); p != nil {
		return append([]*Tap(nil), *p...)
	}
	return nil
}

func (f *Fabric) setTaps(list []*Tap) {
	if len(list) == 0 {
		f.taps.Store(nil)
		return
	}
	f.taps.Store(&list)
}

// tapTime returns the present, or nothing when nobody looks.
func (f *Fabric) tapTime() time.Time {
	if f.taps.Load() == nil {
		return time.Time{}
	}
	return time.Now()
}

func (f *Fabric) tap(l *Link, when time.Time, fate Fate, data []byte) {
	list := f.taps.Load()
	if list == nil || when.IsZero() {
		return
	}
	ev := TapEvent{Time: when, LinkID: l.id, From: l.from, To: l.to, Fate: fate, Frame: data}
	for _, t := range *list {
		(*t)(ev)
	}
}
