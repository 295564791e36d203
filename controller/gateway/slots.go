package gateway

import (
	"errors"
	"fmt"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/controller/p4rt"
	"github.com/firstack/firstack/controller/target"
	"github.com/firstack/firstack/tables"
)

// Slots tells of a client gateway's flow slots.
type Slots struct {
	Capacity int64
	// InUse is how many were live when a count ended at the time At, which is zero while it is not known: before the first
	// count, and of switches that do not serve their registers (quirkNoRegisters), for only the registers know.
	InUse int
	At    time.Time
}

// slots counts the live ones all the time, a part of them after the other: to read them all at once would hold up what
// else the switch is told for a while.
type slots struct {
	every   time.Duration // a whole count
	clock   switchClock
	next    time.Duration // when the next part is due; 0: the term has just begun
	from    int64         // where that begins
	live    int           // in the parts before
	reading bool
	refused bool // the switch does not serve its registers
	inUse   int
	at      time.Time
}

// slotsEvery is how long a count of the slots takes, and how long after its beginning a term first asks. A count of 65536
// takes the controller 85 ms of a CPU and firstack-switch 100 ms (profiled on a busy machine), so 0.3 % of one each; while
// firstack-switch reads a part, which takes a sixteenth of that, writes to it wait.
const (
	slotsEvery = 30 * time.Second
	slotsPart  = 4096
)

// idle forgets what a term knew.
func (s *slots) idle() { *s = slots{every: s.every, clock: s.clock} }

// due says whether to read a part now. Before the switch told anything its time is not known, and hence not what is live.
func (s *slots) due(now time.Duration) bool {
	if s.next == 0 {
		s.next = now + s.every
	}
	return !s.reading && !s.refused && s.clock.known && now >= s.next
}

// countSlots reads a part of the register of owners when that is due, beside the gateway's owner.
func (c *client) countSlots(now time.Duration) {
	s, size := &c.slots, c.program.OwnerRegister.Size()
	if !s.due(now) {
		return
	}
	s.reading = true
	t, tick, life, from, to := c.term, s.clock.tick(now), c.target.Clock.Ticks(c.timers().SlotClaimed), s.from, min(s.from+slotsPart, size)
	c.beside(t, func() func() {
		live, err := c.readSlots(t, from, to, tick, life)
		return func() {
			s.reading = false
			s.next = now + s.every*time.Duration(to-from)/time.Duration(max(size, 1))
			switch {
			case err == nil && to == size:
				s.inUse, s.at = s.live+live, time.Now()
				s.from, s.live = 0, 0
			case err == nil:
				s.from, s.live = to, s.live+live
			case status.Code(err) == codes.Unimplemented, errors.Is(err, p4rt.ErrUnsupported), errors.Is(err, tables.ErrAbsent):
				s.refused = true
				c.log.Info("slots in use are not known: the switch does not serve its registers")
			default:
				s.from, s.live, s.next = 0, 0, c.now()+s.every
				c.log.Warn("slots in use not counted", "err", err)
			}
		}
	})
}

// readSlots counts the slots that are live at a switch's time, from one (included) to another (excluded).
func (c *client) readSlots(t *term, from, to int64, tick, life uint32) (live int, err error) {
	what := make([]*p4v1.Entity, 0, to-from)
	for i := from; i < to; i++ {
		e, err := c.program.OwnerRegister.Read(i)
		if err != nil {
			return 0, err
		}
		what = append(what, e)
	}
	if len(what) == 0 {
		return 0, tables.ErrAbsent
	}
	cells := 0
	for e, err := range t.conn.Read(t.ctx, what...) {
		if err != nil {
			return 0, err
		}
		_, owner, err := c.program.OwnerRegister.Decode(e.GetRegisterEntry())
		if err != nil {
			return 0, err
		}
		if liveSlot(uint32(owner), tick, life) {
			live++
		}
		cells++
	}
	if cells != len(what) {
		return 0, fmt.Errorf("the switch gives %d of %d cells of the register", cells, len(what))
	}
	return live, nil
}

// liveSlot says whether a slot that expires at a tick is live, as p4src/arch/v1model/slots.p4 has it: what expires within
// the longest life. Slots that are taken while they are read expire a little later than that.
func liveSlot(expiry, now, life uint32) bool {
	left := expiry - now
	return left != 0 && left <= life+readingMost
}

// readingMost is how long reading a part of the slots may take: about 10 s, in v1model's ticks. The register is not there
// on other targets in this form.
const readingMost = 10_000

// switchClock knows a switch's time, by the digest that was the least on its way of late.
type switchClock struct {
	unit  target.Clock
	at    time.Duration
	told  uint32
	known bool
}

// clockHolds is how long a digest is better than every slower one: clocks drift apart.
const clockHolds = time.Minute

func (c *switchClock) hear(tick uint32, at time.Duration) {
	late := at - c.at - time.Duration(c.unit.Between(c.told, tick))*c.unit.Tick
	if !c.known || late < 0 || at-c.at > clockHolds {
		*c = switchClock{unit: c.unit, at: at, told: tick, known: true}
	}
}

func (c *switchClock) tick(at time.Duration) uint32 { return c.told + uint32((at-c.at)/c.unit.Tick) }

// slotsView tells of the slots.
func (c *client) slotsView() Slots {
	return Slots{Capacity: c.program.OwnerRegister.Size(), InUse: c.slots.inUse, At: c.slots.at}
}
