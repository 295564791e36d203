package flow

import (
	"testing"
	"time"
)

const server = "203.0.113.10:80"

func TestLearnsEachForm(t *testing.T) {
	for _, form := range []Form{FormA, FormB, FormC} {
		t.Run(form.String(), func(t *testing.T) {
			s := newFake(t)
			k, w := key(1000, server), winner("198.51.100.1:8080", form)
			s.claim(k, w, 7)
			s.runs(k, w)
			s.sizes(1, 1)
			wantIn := Key{Client: k.Client, ClientPort: 1000, Server: w.Addr, ServerPort: 8080}
			if form == FormC {
				wantIn = k
			}
			if _, ok := s.in[wantIn]; !ok {
				t.Errorf("no inbound entry at %v", wantIn)
			}
			if f, _ := s.book.Get(k); f.State() != "open" {
				t.Errorf("state %q", f.State())
			}
		})
	}
}

// A connection counts as unwritten from its claim until the tables have it, the batch under way included.
func TestUnwritten(t *testing.T) {
	s := newFake(t)
	is := func(what string, want int) {
		t.Helper()
		if got := s.book.Unwritten(); got != want {
			t.Errorf("%s: %d unwritten, want %d", what, got, want)
		}
	}
	for i := range uint16(3) {
		e := s.event(key(1000+i, server), false, SYN, 7)
		e.Winner = winner("198.51.100.1:8080", FormA)
		s.book.Claimed(e)
	}
	is("claimed", 3)
	ops := s.book.Flush(4, s.now)
	is("two under way", 3)
	s.book.Done(ops, make([]Outcome, len(ops)), s.now)
	is("two written", 1)
	ops = s.book.Flush(4, s.now)
	s.book.Done(ops, []Outcome{OK, Unclear}, s.now)
	is("half written", 1)
	for range 3 {
		ops = s.book.Flush(4, s.now)
		s.book.Done(ops, make([]Outcome, len(ops)), s.now)
	}
	is("written", 0)
}

func TestRepeatedAndStaleClaims(t *testing.T) {
	s := newFake(t)
	k := key(1000, server)
	first, second := winner("198.51.100.1:80", FormA), winner("198.51.100.2:80", FormC)
	old := s.event(k, false, SYN, 7)
	old.Winner = first
	s.claim(k, second, 9)
	s.book.Claimed(old) // reordered: the connection before
	s.flush()
	s.runs(k, second)
	s.sizes(1, 1)
	if s.book.Stats().Stale != 1 {
		t.Errorf("stale %d, want 1", s.book.Stats().Stale)
	}
}

func TestNewConnectionMovesToNewWinner(t *testing.T) {
	for _, forms := range [][2]Form{{FormA, FormA}, {FormA, FormC}, {FormC, FormA}, {FormC, FormC}, {FormB, FormA}} {
		s := newFake(t)
		k := key(1000, server)
		first, second := winner("198.51.100.1:80", forms[0]), winner("198.51.100.2:80", forms[1])
		s.claim(k, first, 7)
		s.claim(k, second, 70)
		s.runs(k, second)
		s.sizes(1, 1)
	}
}

func TestInboundKeyIsHandedOver(t *testing.T) {
	// Two connections from one client port to two servers, both won by the same replica end: there they are one.
	s := newFake(t)
	a, b := key(1000, server), key(1000, "203.0.113.11:80")
	w := winner("198.51.100.1:80", FormA)
	s.claim(a, w, 7)
	s.claim(b, w, 8)
	s.runs(b, w)
	s.runs(a, Winner{})
	s.sizes(1, 1)
	s.claim(a, w, 9)
	s.runs(a, w)
	s.sizes(1, 1)
}

func TestToldAgainRepairs(t *testing.T) {
	s := newFake(t)
	k, w := key(1000, server), winner("198.51.100.1:80", FormA)
	s.claim(k, w, 7)
	clear(s.out)
	again := func() {
		e := s.event(k, true, 0x10, 12345) // a data packet: its sequence number is not the SYN's
		e.Winner = w
		s.book.Claimed(e)
		s.flush()
	}
	again() // may have been on its way before the entries were there
	s.sizes(0, 1)
	s.now += 2 * time.Second
	again()
	s.runs(k, w)
	s.sizes(1, 1)
}

func TestFullBookLeavesFlowsToTheirSlots(t *testing.T) {
	s := newFake(t)
	w := winner("198.51.100.1:80", FormC)
	for i := range uint16(12) {
		s.claim(key(i+1, server), w, 7)
	}
	s.sizes(8, 8)
	if s.book.Len() != 8 || s.book.Stats().Full != 4 {
		t.Errorf("%d flows, %d without room", s.book.Len(), s.book.Stats().Full)
	}
}

func TestFullTableLeavesNoHalf(t *testing.T) {
	for _, room := range []int{4, 5} {
		s := newFake(t)
		s.room = room
		w := winner("198.51.100.1:80", FormA)
		for i := range uint16(4) {
			s.claim(key(i+1, server), w, 7)
		}
		s.sizes(2, 2)
		if s.book.Len() != 2 {
			t.Errorf("room %d: %d flows in the book", room, s.book.Len())
		}
	}
}

func TestWritesAreTriedAgain(t *testing.T) {
	for _, o := range []Outcome{Refused, Unclear, Exists, NotFound} {
		s := newFake(t)
		k, w := key(1000, server), winner("198.51.100.1:80", FormA)
		left := 3
		s.fault = func(op Op) (Outcome, bool) {
			if left == 0 || op.Table != Inbound {
				return 0, false
			}
			left--
			return o, true
		}
		s.claim(k, w, 7)
		s.pass(10 * time.Second)
		s.runs(k, w)
		s.sizes(1, 1)
	}
}

func TestHopelessWriteIsGivenUp(t *testing.T) {
	s := newFake(t)
	k, w := key(1000, server), winner("198.51.100.1:80", FormA)
	s.fault = func(op Op) (Outcome, bool) { return Refused, op.Table == Inbound && op.Kind != Delete }
	s.claim(k, w, 7)
	s.pass(time.Minute)
	s.sizes(0, 0)
	if s.book.Len() != 0 || s.book.Stats().Retired[Failed] != 1 {
		t.Errorf("%d flows left, %+v", s.book.Len(), s.book.Stats())
	}
}

func TestClaimsThatWereTooLongOnTheirWay(t *testing.T) {
	s := newFake(t)
	w := winner("198.51.100.1:80", FormA)
	old := s.event(key(1, server), false, SYN, 7)
	old.Winner = w
	s.now += 3 * time.Second
	s.claim(key(2, server), w, 7) // on time
	old.At = s.now
	s.book.Claimed(old)
	if s.book.Len() != 1 || s.book.Stats().Stale != 1 {
		t.Errorf("%d flows, %+v", s.book.Len(), s.book.Stats())
	}
}

func TestClaimOfNewConnectionRepairs(t *testing.T) {
	s := newFake(t)
	k, w := key(1, server), winner("198.51.100.1:80", FormA)
	s.claim(k, w, 7)
	clear(s.out)
	clear(s.in)
	s.now += 2 * time.Second
	s.claim(k, w, 70) // the switch raced it, so it has no translation
	s.runs(k, w)
}

func TestCopyOfAClaimDoesNotBringBack(t *testing.T) {
	s := newFake(t)
	quick := limits
	quick.LingerReset = 200 * time.Millisecond
	s.book.SetLimits(quick)
	k, w := key(1, server), winner("198.51.100.1:80", FormA)
	e := s.event(k, false, SYN, 7)
	e.Winner = w
	s.book.Claimed(e)
	s.flush()
	s.book.Closing(s.event(k, true, RST, 1))
	s.fault = func(op Op) (Outcome, bool) { return Refused, op.Kind == Delete }
	s.pass(500 * time.Millisecond)
	e.At = s.now
	s.book.Claimed(e)
	s.fault = nil
	s.pass(2 * time.Second)
	s.sizes(0, 0)
}
