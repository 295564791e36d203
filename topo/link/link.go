package link

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// Stats counts the frames of a link since it was made.
type Stats struct {
	Sent, SentBytes           uint64 // entered, including those lost
	Delivered, DeliveredBytes uint64
	Lost                      uint64 // by chance, or because the link was down
	Duplicated, Reordered     uint64
	Overflow                  uint64 // no room in the link or the fabric
}

// Link is one direction between two nodes. It is a Port to the node that sends.
type Link struct {
	fabric       *Fabric
	id, from, to string
	receive      Receiver
	down, closed atomic.Bool

	// The rest belongs to the fabric's lock.
	shape    Shape
	rand     *rand.Rand
	inFlight int
	last     int64 // when the frame sent last is due: an ordered link delivers none earlier
	free     int64 // when the line has sent what it was given
	stats    Stats
}

var _ Port = (*Link)(nil)

// Name returns the link's id.
func (l *Link) Name() string { return l.id }

// From names the node that sends.
func (l *Link) From() string { return l.from }

// To names the node that receives.
func (l *Link) To() string { return l.to }

// Shape returns how the link treats its frames now.
func (l *Link) Shape() Shape {
	l.fabric.mu.Lock()
	defer l.fabric.mu.Unlock()
	return l.shape
}

// SetShape changes how the link treats frames that are sent from now on.
func (l *Link) SetShape(s Shape) error {
	if err := s.Validate(); err != nil {
		return fmt.Errorf("link %s: %w", l.id, err)
	}
	l.fabric.mu.Lock()
	defer l.fabric.mu.Unlock()
	l.shape = s.withDefaults()
	return nil
}

// SetDown cuts the link, or mends it. Frames in flight on a link that is cut are lost.
func (l *Link) SetDown(down bool) { l.down.Store(down) }

// Down tells whether the link is cut.
func (l *Link) Down() bool { return l.down.Load() }

// Stats returns the counters.
func (l *Link) Stats() Stats {
	l.fabric.mu.Lock()
	defer l.fabric.mu.Unlock()
	return l.stats
}

// Close makes later calls of Send fail and drops what is in flight.
func (l *Link) Close() error {
	l.closed.Store(true)
	return nil
}

// Send puts a copy of the frame on its way. A frame that is lost by chance gives no error: no sender
// would know. ErrOverflow tells of a bound that was met, ErrFrameSize of a frame that no Ethernet
// carries, ErrClosed of the end.
func (l *Link) Send(data []byte) error {
	if len(data) < minFrame || len(data) > maxFrame {
		return fmt.Errorf("link %s: %d bytes: %w", l.id, len(data), ErrFrameSize)
	}
	if l.closed.Load() {
		return ErrClosed
	}
	when := l.fabric.tapTime()
	fate, err := l.enqueue(data)
	if err == nil || fate != Sent {
		l.fabric.tap(l, when, fate, data)
	}
	return err
}

func (l *Link) enqueue(data []byte) (Fate, error) {
	f := l.fabric
	first := copyFrame(data)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		first.release()
		return Sent, ErrClosed
	}
	l.stats.Sent++
	l.stats.SentBytes += uint64(len(data))
	if l.down.Load() || l.chance(l.shape.Loss) {
		l.stats.Lost++
		first.release()
		return Lost, nil
	}
	if !l.room(len(data)) {
		l.stats.Overflow++
		first.release()
		return Overflow, ErrOverflow
	}
	now := f.now()
	left := l.transmit(now, len(data))
	l.schedule(now, left, first)
	if l.chance(l.shape.Duplicate) && l.room(len(data)) {
		l.stats.Duplicated++
		l.schedule(now, left, copyFrame(data))
	}
	return Sent, nil
}

func (l *Link) chance(p float64) bool { return p > 0 && l.rand.Float64() < p }

func (l *Link) room(size int) bool {
	f := l.fabric
	return l.inFlight < l.shape.Queue && len(f.heap) < f.opts.MaxFrames && f.bytes+int64(size) <= f.opts.MaxBytes
}

// transmit returns when the frame's last bit has left, behind those that wait for the line.
func (l *Link) transmit(now int64, size int) int64 {
	if l.shape.Bandwidth == 0 {
		return now
	}
	l.free = max(l.free, now) + l.fabric.scaled(time.Duration(float64(size)*8e9/float64(l.shape.Bandwidth)))
	return l.free
}

// schedule puts a frame that has left the sender into the heap.
func (l *Link) schedule(now, left int64, fr *frame) {
	f := l.fabric
	delay := l.shape.Delay
	if l.shape.Jitter > 0 {
		delay += time.Duration(l.rand.Int64N(int64(2*l.shape.Jitter)+1)) - l.shape.Jitter
	}
	if l.chance(l.shape.Reorder) {
		delay += l.shape.ReorderDelay
		l.stats.Reordered++
	}
	due := max(left+f.scaled(delay), now)
	if l.shape.ordered() {
		due = max(due, l.last)
	}
	l.last = due
	f.seq++
	f.heap.push(event{due: due, seq: f.seq, link: l, frame: fr})
	f.bytes += int64(len(fr.data))
	l.inFlight++
	if f.sleeping > due {
		f.sleeping = 0
		f.rouse()
	}
}

// leave takes a frame that is due out of the books and tells whether it is lost, for the link is down or
// closed. The caller holds the lock.
func (l *Link) leave(size int) (lost bool) {
	l.inFlight--
	l.fabric.bytes -= int64(size)
	if l.down.Load() || l.closed.Load() {
		l.stats.Lost++
		return true
	}
	l.stats.Delivered++
	l.stats.DeliveredBytes += uint64(size)
	return false
}

// arrive hands a frame to the receiver.
func (l *Link) arrive(data []byte, lost bool) {
	when := l.fabric.tapTime()
	if lost {
		l.fabric.tap(l, when, Lost, data)
		return
	}
	l.fabric.tap(l, when, Delivered, data)
	l.receive(data)
}
