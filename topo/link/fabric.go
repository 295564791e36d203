package link

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

// Options of a fabric.
type Options struct {
	// Scale multiplies every delay: 0.1 runs the network ten times faster. 0 = 1. The timers of the
	// hosts' TCP are not scaled, so below about 0.05 they no longer fit the round trips.
	Scale float64
	Seed  uint64 // of all chances
	// MaxFrames and MaxBytes bound what is in flight on all links; 0 = DefaultMaxFrames, DefaultMaxBytes.
	MaxFrames int
	MaxBytes  int64
}

// Bounds of a fabric that sets none.
const (
	DefaultMaxFrames = 1 << 18
	DefaultMaxBytes  = 256 << 20
)

// Fabric is the set of links of one network, and the clock that moves their frames.
type Fabric struct {
	opts  Options
	start time.Time
	taps  atomic.Pointer[[]*Tap]
	wake  chan struct{}
	done  chan struct{}

	mu       sync.Mutex
	links    map[string]*Link
	heap     eventHeap
	seq      uint64
	bytes    int64
	sleeping int64 // when the run loop wakes by itself; 0 while it works
	closed   bool
}

// NewFabric starts a fabric; Close stops it.
func NewFabric(opts Options) (*Fabric, error) {
	if opts.Scale == 0 {
		opts.Scale = 1
	}
	if math.IsNaN(opts.Scale) || opts.Scale < 0 || opts.Scale > 1000 {
		return nil, fmt.Errorf("time scale %v outside 0 to 1000", opts.Scale)
	}
	if opts.MaxFrames == 0 {
		opts.MaxFrames = DefaultMaxFrames
	}
	if opts.MaxBytes == 0 {
		opts.MaxBytes = DefaultMaxBytes
	}
	f := &Fabric{
		opts:  opts,
		start: time.Now(),
		wake:  make(chan struct{}, 1),
		done:  make(chan struct{}),
		links: make(map[string]*Link),
	}
	go f.run()
	return f, nil
}

// Scale returns the factor from the delays asked for to those that pass.
func (f *Fabric) Scale() float64 { return f.opts.Scale }

// Connect makes a link in one direction. The id must be new; from and to name the nodes for taps.
func (f *Fabric) Connect(id, from, to string, shape Shape, receive Receiver) (*Link, error) {
	if err := shape.Validate(); err != nil {
		return nil, fmt.Errorf("link %s: %w", id, err)
	}
	h := fnv.New64a()
	h.Write([]byte(id))
	l := &Link{
		fabric: f, id: id, from: from, to: to, receive: receive, shape: shape.withDefaults(),
		rand: rand.New(rand.NewPCG(f.opts.Seed, h.Sum64())),
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, fmt.Errorf("link %s: %w", id, ErrClosed)
	}
	if f.links[id] != nil {
		return nil, fmt.Errorf("link %s: %w", id, ErrDuplicate)
	}
	f.links[id] = l
	return l, nil
}

// Link returns the link with this id, or nil.
func (f *Fabric) Link(id string) *Link {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.links[id]
}

// Links returns all links, sorted by id.
func (f *Fabric) Links() []*Link {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]*Link, 0, len(f.links))
	for _, l := range f.links {
		list = append(list, l)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].id < list[j].id })
	return list
}

// InFlight returns how many frames are on their way, and their bytes.
func (f *Fabric) InFlight() (frames int, bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.heap), f.bytes
}

// Close drops what is in flight, makes every Send fail and returns when no receiver runs any more. It
// must not be called by a receiver.
func (f *Fabric) Close() error {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.rouse()
	<-f.done
	return nil
}

func (f *Fabric) rouse() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// now is the fabric's clock, in nanoseconds.
func (f *Fabric) now() int64 { return int64(time.Since(f.start)) }

func (f *Fabric) scaled(d time.Duration) int64 { return int64(float64(d) * f.opts.Scale) }

// batch bounds the frames taken under one hold of the lock.
const batch = 256

// run hands frames over as they fall due. What a receiver sends meanwhile is due no earlier than the
// rest of the batch, so taking several at once keeps their order.
func (f *Fabric) run() {
	defer close(f.done)
	due := make([]event, 0, batch)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		f.mu.Lock()
		if f.closed {
			f.dropAll()
			f.mu.Unlock()
			return
		}
		now := f.now()
		for len(f.heap) > 0 && f.heap[0].due <= now && len(due) < batch {
			ev := f.heap.pop()
			ev.lost = ev.link.leave(len(ev.frame.data))
			due = append(due, ev)
		}
		wait := int64(time.Hour)
		f.sleeping = 0
		if len(due) == 0 {
			if len(f.heap) > 0 {
				wait = f.heap[0].due - now
			}
			f.sleeping = now + wait
		}
		f.mu.Unlock()

		if len(due) == 0 {
			timer.Reset(time.Duration(wait))
			select {
			case <-f.wake:
			case <-timer.C:
			}
			continue
		}
		for i := range due {
			due[i].link.arrive(due[i].frame.data, due[i].lost)
			due[i].frame.release()
			due[i] = event{}
		}
		due = due[:0]
	}
}

func (f *Fabric) dropAll() {
	for i := range f.heap {
		f.heap[i].frame.release()
	}
	f.heap = nil
	f.bytes = 0
}
