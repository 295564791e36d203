package flow

import (
	"net/netip"
	"testing"
	"time"

	"github.com/firstack/firstack/controller/target"
)

// v1model is the clock of BMv2 and firstack-switch.
var v1model = target.Named(target.Auto).Clock

var limits = Limits{
	Clock:    v1model,
	Capacity: 8, Idle: 2 * time.Hour, Transitory: 4 * time.Minute, LingerReset: 2 * time.Second,
	LingerFIN: time.Minute, Answer: time.Second, Retry: time.Second, Delay: 2 * time.Second,
	Restore: time.Minute,
}

func key(client uint16, server string) Key {
	return KeyOf(netip.AddrPortFrom(netip.MustParseAddr("10.0.0.1"), client), netip.MustParseAddrPort(server))
}

func winner(end string, form Form) Winner { return WinnerOf(netip.MustParseAddrPort(end), form) }

// fake is the two tables of a switch, with counters and faults.
type fake struct {
	t        *testing.T
	book     *Book
	now      time.Duration
	tick     uint32
	out      map[Key]Winner
	in       map[Key]Op
	outCount map[Key]uint32
	inCount  map[Key]uint32
	room     int
	fault    func(Op) (Outcome, bool)
}

func newFake(t *testing.T) *fake {
	return &fake{
		t: t, book: New(limits), room: 1 << 20,
		out: map[Key]Winner{}, in: map[Key]Op{}, outCount: map[Key]uint32{}, inCount: map[Key]uint32{},
	}
}

func (s *fake) apply(op Op) Outcome {
	if s.fault != nil {
		if o, yes := s.fault(op); yes {
			return o
		}
	}
	_, has := s.out[op.Entry]
	if op.Table == Inbound {
		_, has = s.in[op.Entry]
	}
	switch {
	case op.Kind == Insert && has:
		return Exists
	case op.Kind != Insert && !has:
		return NotFound
	case op.Kind == Insert && len(s.out)+len(s.in) >= s.room:
		return NoRoom
	case op.Kind == Delete && op.Table == Outbound:
		delete(s.out, op.Entry)
	case op.Kind == Delete:
		delete(s.in, op.Entry)
	case op.Table == Outbound:
		s.out[op.Entry] = op.Winner
		s.outCount[op.Entry] = 0
	default:
		s.in[op.Entry] = op
		s.inCount[op.Entry] = 0
	}
	return OK
}

// flush writes until nothing is left, or the rounds are over.
func (s *fake) flush() {
	s.t.Helper()
	for range 20 {
		ops := s.book.Flush(6, s.now)
		seen := map[[2]any]bool{}
		outcomes := make([]Outcome, len(ops))
		for i, op := range ops {
			if id := [2]any{op.Table, op.Entry}; seen[id] {
				s.t.Fatalf("two operations of one batch on the same entry: %+v", op)
			} else {
				seen[id] = true
			}
			outcomes[i] = s.apply(op)
		}
		if len(ops) > 0 {
			s.book.Done(ops, outcomes, s.now)
		}
	}
}

// pass lets time go by in steps, with the looks that fall due.
func (s *fake) pass(d time.Duration) {
	s.t.Helper()
	step := max(d/50, 20*time.Millisecond)
	for end := s.now + d; s.now < end; {
		s.now = min(s.now+step, end)
		s.look()
		s.flush()
	}
}

func (s *fake) look() {
	s.book.Tick(s.now)
	for {
		flows := s.book.Looks(3)
		if len(flows) == 0 {
			return
		}
		for _, f := range flows {
			_, out := s.out[f.Key()]
			_, in := s.in[f.InboundKey()]
			s.book.Looked(f, Counts{Out: s.outCount[f.Key()], In: s.inCount[f.InboundKey()], OutFound: out, InFound: in}, s.now)
		}
	}
}

func (s *fake) event(k Key, fromClient bool, flags uint8, isn uint32) Event {
	s.tick = max(s.tick+1, uint32(s.now/v1model.Tick))
	return Event{Key: k, FromClient: fromClient, Flags: flags, ISN: isn, Tick: s.tick, At: s.now}
}

func (s *fake) claim(k Key, w Winner, isn uint32) {
	s.t.Helper()
	e := s.event(k, false, SYN|0x10, isn)
	e.Winner = w
	s.book.Claimed(e)
	s.flush()
}

// runs checks that the tables translate k to w, both ways; the zero Winner: not at all.
func (s *fake) runs(k Key, w Winner) {
	s.t.Helper()
	if got := s.out[k]; !got.alike(w) {
		s.t.Errorf("outbound %v: got %v, want %v", k, got, w)
	}
	if w == (Winner{}) {
		return
	}
	op, ok := s.in[inboundKey(k, w)]
	if !ok || op.Flow != k || !op.Winner.alike(w) {
		s.t.Errorf("inbound of %v: got %v for %v, want %v", k, op.Winner, op.Flow, w)
	}
}

func (s *fake) move(k Key, w Winner, out, in bool) {
	if out {
		s.outCount[k]++
	}
	if in {
		s.inCount[inboundKey(k, w)]++
	}
}

func (s *fake) sizes(out, in int) {
	s.t.Helper()
	if len(s.out) != out || len(s.in) != in {
		s.t.Errorf("tables have %d outbound and %d inbound entries, want %d and %d", len(s.out), len(s.in), out, in)
	}
}
