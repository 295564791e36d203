package flow

import (
	"testing"
	"time"
)

func TestEnds(t *testing.T) {
	k, w := key(1000, server), winner("198.51.100.1:80", FormA)
	type end struct {
		fromClient bool
		flags      uint8
	}
	for _, c := range []struct {
		name  string
		ends  []end
		stays time.Duration // still there then
		gone  time.Duration // gone then
		why   Reason
	}{
		{"reset", []end{{false, RST}}, 1500 * time.Millisecond, 3 * time.Second, Ended},
		{"both FINs", []end{{true, FIN}, {false, FIN}}, 50 * time.Second, 65 * time.Second, Ended},
		{"the client's FIN only", []end{{true, FIN}}, 3 * time.Minute, 9 * time.Minute, IdleOut},
		{"the same FIN twice", []end{{true, FIN}, {true, FIN}}, 3 * time.Minute, 9 * time.Minute, IdleOut},
		{"FINs, then a reset", []end{{true, FIN}, {false, FIN}, {true, RST}}, 1500 * time.Millisecond, 3 * time.Second, Ended},
		{"none", nil, 100 * time.Minute, 4 * time.Hour, IdleOut},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newFake(t)
			s.claim(k, w, 7)
			for _, e := range c.ends {
				s.move(k, w, e.fromClient, !e.fromClient)
				s.book.Closing(s.event(k, e.fromClient, e.flags, 1))
			}
			s.pass(c.stays)
			s.runs(k, w)
			s.pass(c.gone - c.stays)
			s.sizes(0, 0)
			if s.book.Len() != 0 || s.book.Stats().Retired[c.why] != 1 {
				t.Errorf("%d flows left, %+v", s.book.Len(), s.book.Stats())
			}
		})
	}
}

func TestWhatMovesIsNeverIdle(t *testing.T) {
	for _, dir := range []string{"out", "in"} {
		s := newFake(t)
		k, w := key(1000, server), winner("198.51.100.1:80", FormC)
		s.claim(k, w, 7)
		for range 20 {
			s.pass(110 * time.Minute)
			s.move(k, w, dir == "out", dir == "in")
			s.runs(k, w)
		}
		s.pass(4 * time.Hour)
		s.sizes(0, 0)
	}
}

func TestEndThatWasNone(t *testing.T) {
	s := newFake(t)
	k, w := key(1000, server), winner("198.51.100.1:80", FormA)
	s.claim(k, w, 7)
	s.book.Closing(s.event(k, false, RST, 1)) // forged: its receiver refuses it
	s.pass(1100 * time.Millisecond)
	s.move(k, w, true, false)
	s.pass(time.Hour)
	s.runs(k, w)
	s.move(k, w, true, true)
	s.pass(100 * time.Minute)
	s.runs(k, w)
}

func TestReuse(t *testing.T) {
	k := key(1000, server)
	for _, c := range []struct {
		name    string
		form    Form
		ended   bool
		isns    []uint32 // of the SYNs that met the translation, a second apart
		answers bool
		runs    bool
	}{
		{"new connection, answered", FormA, true, []uint32{99}, true, true},
		{"new connection, nobody answers", FormA, true, []uint32{99, 99}, false, false},
		{"new connection, answers get lost on the way to the client", FormA, true, []uint32{99, 99, 99}, true, true},
		{"retransmission, nobody answers", FormC, false, []uint32{7}, false, false},
		{"retransmission, answered", FormC, false, []uint32{7}, true, true},
		{"B: one stray copy of the SYN", FormB, false, []uint32{7}, false, true},
		{"B: the replica is gone", FormB, false, []uint32{7, 7, 7}, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newFake(t)
			w := winner("198.51.100.1:80", c.form)
			s.claim(k, w, 7)
			if c.ended {
				s.book.Closing(s.event(k, true, FIN, 1))
				s.book.Closing(s.event(k, false, FIN, 1))
				s.pass(20 * time.Second)
			}
			for _, isn := range c.isns {
				s.move(k, w, true, false)
				s.book.Reused(s.event(k, true, SYN, isn))
				s.pass(200 * time.Millisecond)
				s.move(k, w, false, c.answers)
				s.pass(1800 * time.Millisecond)
			}
			want := w
			if !c.runs {
				want = Winner{}
			}
			s.runs(k, want)
			s.pass(30 * time.Minute) // the old connection's end must not be the new one's
			s.runs(k, want)
		})
	}
}

func TestClaimWhileRetiring(t *testing.T) {
	s := newFake(t)
	k, w := key(1000, server), winner("198.51.100.1:80", FormA)
	s.claim(k, w, 7)
	s.fault = func(op Op) (Outcome, bool) { return Refused, op.Kind == Delete }
	s.book.Closing(s.event(k, true, RST, 1))
	s.pass(5 * time.Second)
	if f, _ := s.book.Get(k); f.State() != "retiring" {
		t.Fatalf("state %q", f.State())
	}
	s.fault = nil
	other := winner("198.51.100.2:80", FormC)
	s.claim(k, other, 77)
	s.runs(k, other)
	s.pass(10 * time.Second)
	s.runs(k, other)
	s.sizes(1, 1)
}

func TestVanishedEntriesAreLetGo(t *testing.T) {
	s := newFake(t)
	k, w := key(1000, server), winner("198.51.100.1:80", FormA)
	s.claim(k, w, 7)
	clear(s.out)
	s.pass(2 * time.Hour)
	s.sizes(0, 0)
	if s.book.Len() != 0 || s.book.Stats().Retired[Vanished] != 1 {
		t.Errorf("%d flows left, %+v", s.book.Len(), s.book.Stats())
	}
}
