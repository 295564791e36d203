package flow

import (
	"net/netip"
	"testing"
	"time"
)

// restart gives the tables to a book that knows nothing of them.
func (s *fake) restart() {
	s.book = New(limits)
	s.adopt(false)
}

func (s *fake) adopt(lost bool) {
	s.t.Helper()
	var out []OutboundEntry
	for k, w := range s.out {
		out = append(out, OutboundEntry{Key: k, Winner: w})
	}
	var in []InboundEntry
	for k, op := range s.in {
		e := InboundEntry{Key: k, Form: FormA, Addr: op.Flow.Server, Port: op.Flow.ServerPort}
		if op.Winner.Form == FormC {
			e = InboundEntry{Key: k, Form: FormC, Addr: op.Winner.Addr}
		}
		in = append(in, e)
	}
	s.book.Adopt(out, in, lost, s.now)
	s.flush()
}

func TestRestartAdoptsEverything(t *testing.T) {
	s := newFake(t)
	winners := map[Key]Winner{
		key(1, server): winner("198.51.100.1:80", FormA),
		key(2, server): winner("198.51.100.2:81", FormB),
		key(3, server): winner("198.51.100.3:80", FormC),
	}
	for k, w := range winners {
		s.claim(k, w, 7)
	}
	touched := 0
	s.fault = func(Op) (Outcome, bool) { touched++; return 0, false }
	s.restart()
	if touched != 0 {
		t.Errorf("a restart wrote %d entries", touched)
	}
	s.pass(110 * time.Minute) // fresh timers, whatever went by before
	for k, w := range winners {
		s.runs(k, w)
	}
	s.pass(3 * time.Hour)
	s.sizes(0, 0)
}

func TestHalves(t *testing.T) {
	k := key(1000, server)
	for _, form := range []Form{FormA, FormC} {
		w := winner("198.51.100.1:80", form)
		t.Run("outbound only, "+form.String(), func(t *testing.T) {
			s := newFake(t)
			s.claim(k, w, 7)
			clear(s.in)
			s.restart()
			s.runs(k, w) // packets follow it already: complete it
		})
		t.Run("inbound only, "+form.String(), func(t *testing.T) {
			s := newFake(t)
			s.claim(k, w, 7)
			clear(s.out)
			s.restart()
			s.sizes(0, 1) // nobody says that the connection still runs there
			e := s.event(k, true, 0x10, 5)
			e.Winner = w
			s.book.Claimed(e)
			s.flush()
			s.runs(k, w)
			s.pass(100 * time.Minute)
			s.runs(k, w)
		})
		t.Run("inbound only, another winner is claimed, "+form.String(), func(t *testing.T) {
			s := newFake(t)
			s.claim(k, w, 7)
			clear(s.out)
			s.restart()
			other := winner("198.51.100.9:80", FormA)
			s.claim(k, other, 8)
			s.runs(k, other)
			s.sizes(1, 1)
		})
		t.Run("inbound only, never claimed, "+form.String(), func(t *testing.T) {
			s := newFake(t)
			s.claim(k, w, 7)
			clear(s.out)
			s.restart()
			s.pass(3 * time.Minute)
			s.sizes(0, 1)
			s.pass(10 * time.Minute)
			s.sizes(0, 0)
		})
	}
}

func TestTwoOutboundWithOneInbound(t *testing.T) {
	s := newFake(t)
	a, b := key(1000, server), key(1000, "203.0.113.11:80")
	w := winner("198.51.100.1:80", FormA)
	s.claim(a, w, 7)
	s.claim(b, w, 8)
	s.out[a] = w // left over by a controller that died in between
	s.restart()
	s.runs(b, w)
	s.sizes(1, 1)
}

func TestSwitchRestarted(t *testing.T) {
	for _, c := range []struct {
		lost bool
		want int
	}{{true, 1}, {false, 0}} {
		s := newFake(t)
		k, w := key(1000, server), winner("198.51.100.1:80", FormA)
		s.claim(k, w, 7)
		clear(s.out)
		clear(s.in)
		s.tick = 1 // its clock starts over
		s.adopt(c.lost)
		s.sizes(c.want, c.want)
		other := winner("198.51.100.2:80", FormA)
		s.claim(k, other, 9) // and its claims count all the same
		s.runs(k, other)
	}
}

// TestLostBeforeItWasWritten has the switch die under a claim, and be away for longer than a claim is believed otherwise.
func TestLostBeforeItWasWritten(t *testing.T) {
	s := newFake(t)
	k, w := key(1000, server), winner("198.51.100.1:80", FormA)
	s.fault = func(Op) (Outcome, bool) { return Unclear, true }
	s.claim(k, w, 7)
	s.now += limits.Delay + time.Second
	s.adopt(true)
	s.now += limits.Delay + time.Second // the session is lost again, with the switch still closed
	s.fault = nil
	s.adopt(true)
	s.runs(k, w)
}

func TestUntranslated(t *testing.T) {
	client, origin, replica := netip.MustParseAddrPort("10.0.0.1:1000"), netip.MustParseAddrPort(server), netip.MustParseAddrPort("198.51.100.1:80")
	for _, form := range []Form{FormA, FormB, FormC} {
		s := newFake(t)
		k := KeyOf(client, origin)
		s.claim(k, WinnerOf(replica, form), 7)
		for _, c := range []struct {
			from, to netip.AddrPort
			tunnel   bool
			want     bool
		}{
			{client, origin, false, true},
			{client, replica, false, false},
			{client, origin, true, false},
			{replica, client, false, form != FormC},
			{origin, client, false, false},
			{origin, client, true, form == FormC},
			{replica, client, true, form != FormC},
			{netip.MustParseAddrPort("198.51.100.2:80"), client, false, false},
		} {
			if got := s.book.Untranslated(c.from, c.to, c.tunnel); got != c.want {
				t.Errorf("%v: %v to %v, tunnel %t: %t", form, c.from, c.to, c.tunnel, got)
			}
		}
	}
}

func TestReconnectKeepsWhatWasEnding(t *testing.T) {
	s := newFake(t)
	k, w := key(1000, server), winner("198.51.100.1:80", FormA)
	s.claim(k, w, 7)
	s.book.Closing(s.event(k, true, RST, 1))
	s.fault = func(op Op) (Outcome, bool) { return Unclear, op.Kind == Delete }
	s.pass(3 * time.Second)
	s.fault = nil
	s.adopt(false)
	s.runs(k, w)
	s.pass(1500 * time.Millisecond)
	s.move(k, w, true, true) // a new connection came to use it meanwhile
	s.pass(time.Hour)
	s.runs(k, w)
}

// TestHalfGivenUp has the outbound entry of an ended connection removed and the inbound one not, and then another
// connection raced. No restart may send that one after the first.
func TestHalfGivenUp(t *testing.T) {
	for _, fresh := range []bool{true, false} {
		s := newFake(t)
		k, w := key(1000, server), winner("198.51.100.1:80", FormA)
		s.claim(k, w, 7)
		s.book.Closing(s.event(k, true, RST, 1))
		s.fault = func(op Op) (Outcome, bool) { return Refused, op.Kind == Delete && op.Table == Inbound }
		s.pass(3 * time.Second)
		s.sizes(0, 1)
		s.fault = nil
		if fresh {
			s.book = New(limits)
		}
		s.adopt(false)
		s.runs(k, Winner{})
		s.pass(10 * time.Minute)
		s.sizes(0, 0)
	}
}
