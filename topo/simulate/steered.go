package simulate

import (
	"net/netip"
	"time"

	"github.com/firstack/firstack/controller/steer"
)

// steered is firstack's own way: a steer.Service decides, fed as the controller of a client gateway feeds it, and the
// switch does what it says, as p4src/common/client/steering.p4 does.
type steered struct {
	policy  OriginPolicy
	service *steer.Service
	news    heap[news]
	watches []watch // by device
	known   []bool  // what the service was told of probes
	version uint32  // of the scene it was told of
}

// news reaches the service when the controller has it.
type news struct {
	timed
	delay   time.Duration
	kind    newsKind
	device  int8
	mode    steer.Mode
	attempt uint8
	late    bool
}

type newsKind uint8

const (
	hasAnswered newsKind = iota
	isOverdue            // or a SYN that went to it alone is sent again
	raceIsOver           // a SYN that was raced is sent again
)

// watch is the switch's cell for a device that owes an answer.
type watch struct {
	due     time.Duration // 0: nothing is owed
	cleared time.Duration // when an answer comes; 0: none is on its way
}

// forgotten is how long an unclaimed slot lives (docs/protocol.md): later answers prove nothing.
const forgotten = 3 * time.Second

func newSteered(s *Settings, devices []Device) *steered {
	p := steer.Default()
	p.Origin = s.Origin == OriginRace
	for d := 1; d < len(devices); d++ {
		if w := devices[d].Weight; w > 1 {
			if p.Weights == nil {
				p.Weights = map[netip.Addr]uint16{}
			}
			p.Weights[address(d)] = w
		}
	}
	t := &steered{
		policy: s.Origin, service: steer.New(p), watches: make([]watch, len(devices)), known: make([]bool, len(devices)),
	}
	for d := range t.known {
		t.known[d] = true
	}
	return t
}

// address is a device's in the service's eyes; its number is the last byte.
func address(d int) netip.Addr {
	if d == 0 {
		return steer.Server
	}
	return netip.AddrFrom4([4]byte{198, 51, 100, byte(d)})
}

func device(a netip.Addr) int {
	if a == steer.Server {
		return 0
	}
	return int(a.As4()[3])
}

func (t *steered) send(g *gateway, s *scene, now time.Duration, c *connection) {
	t.listen(s, now)
	if c.attempt > 0 {
		if c.attempt == 1 {
			switch steer.Mode(c.way) {
			case steer.Direct, steer.DirectServer:
				t.tell(g, now, news{kind: isOverdue, device: c.to})
			case steer.Race:
				t.tell(g, now, news{kind: raceIsOver})
			}
		}
		discover(g, s, now, c, t.policy)
		return
	}
	choice := t.service.Choice()
	way := choice.Pick(uint32(g.draw.uint64() >> 32))
	c.way = uint8(way.Mode)
	switch way.Mode {
	case steer.Discover:
		g.tally.discovered++
		discover(g, s, now, c, t.policy)
	case steer.Race:
		g.tally.raced++
		t.race(g, s, now, c, way.Legs)
		if way.Scout {
			discover(g, s, now, c, t.policy)
		}
	default:
		d := device(way.Replica)
		c.to = int8(d)
		w := &t.watches[d]
		if w.cleared != 0 && w.cleared <= now {
			*w = watch{}
		}
		if w.due != 0 && w.due <= now {
			g.tally.raced++
			t.tell(g, now, news{kind: isOverdue, device: c.to})
			t.race(g, s, now, c, choice.Legs)
			return
		}
		g.tally.direct++
		if w.due == 0 {
			for i := range choice.Direct {
				if choice.Direct[i].Replica == way.Replica {
					w.due = now + choice.Direct[i].Patience
				}
			}
		}
		g.answer(s, now, c, d, g.direct[d])
	}
}

func (t *steered) race(g *gateway, s *scene, now time.Duration, c *connection, legs []netip.Addr) {
	for _, a := range legs {
		d := device(a)
		g.answer(s, now, c, d, g.direct[d])
	}
}

// answered sends word of every answer to the service, and clears the watches of those who gave them.
func (t *steered) answered(g *gateway, now time.Duration, c *connection, answers []answer) {
	for i, a := range answers {
		if a.delay > forgotten || i > 0 && repeats(answers[:i], a.device) {
			continue
		}
		at := c.start + a.delay
		if w := &t.watches[a.device]; w.due != 0 && (w.cleared == 0 || at < w.cleared) {
			w.cleared = at
		}
		late := i > 0 || c.best.device >= 0 && c.best.delay <= a.delay
		t.tell(g, at, news{
			kind: hasAnswered, device: a.device, delay: a.delay, mode: steer.Mode(c.way), attempt: c.attempt, late: late,
		})
	}
}

// repeats says whether a device has answered before: raced and discovered at once, it answers twice.
func repeats(before []answer, device int8) bool {
	for _, b := range before {
		if b.device == device {
			return true
		}
	}
	return false
}

func (t *steered) tell(g *gateway, at time.Duration, n news) {
	g.seq++
	n.timed = timed{at + g.settings.Learn, g.seq}
	t.news.push(n)
}

// listen lets the service hear what it would have heard by now.
func (t *steered) listen(s *scene, now time.Duration) {
	for {
		next := t.service.Next()
		if len(t.news) > 0 && t.news[0].at <= now && (next == 0 || t.news[0].at <= next) {
			t.hear(t.news.pop())
			continue
		}
		if next == 0 || next > now {
			break
		}
		t.service.Tick(next)
	}
	if t.version == s.version {
		return
	}
	t.version = s.version
	for d := 1; d < len(s.known); d++ {
		if s.known[d] == t.known[d] {
			continue
		}
		t.known[d] = s.known[d]
		if s.known[d] {
			t.service.Revive(now, address(d))
		} else {
			t.service.Remove(now, address(d))
		}
	}
}

func (t *steered) hear(n news) {
	a := address(int(n.device))
	switch n.kind {
	case isOverdue:
		t.service.Unanswered(n.at, a)
	case raceIsOver:
		t.service.RaceUnanswered(n.at)
	default:
		t.service.Observe(n.at, steer.Answer{Replica: a, Delay: n.delay, Mode: n.mode, Attempt: n.attempt, Late: n.late})
	}
}
