package p4rt_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/firstack/firstack/controller/p4rt"
)

func TestElectionIDOrder(t *testing.T) {
	ordered := []p4rt.ElectionID{{}, {Low: 1}, {Low: math.MaxUint64}, {High: 1}, {High: 1, Low: 5}, {High: 2}}
	for i, a := range ordered {
		for j, b := range ordered {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := a.Compare(b); got != want {
				t.Errorf("%v compared with %v: %d, want %d", a, b, got, want)
			}
		}
	}
	if got := (p4rt.ElectionID{Low: math.MaxUint64}).Next(); got != (p4rt.ElectionID{High: 1}) {
		t.Errorf("no carry: %v", got)
	}
	if got := (p4rt.ElectionID{High: 3, Low: 4}).String(); got != "3,4" {
		t.Error(got)
	}
}

// Two controllers: the second waits as a backup and takes over when the first is gone; the first, back again,
// does not take it from the second.
func TestBackupWaitsAndTakesOver(t *testing.T) {
	srv := server(t)
	first := newTerms()
	oa := options(t, srv)
	oa.Election = p4rt.ElectionID{Low: 10}
	a, stopA := startStoppable(t, oa, first)
	await(t, first.began, "the first's term")

	second := newTerms()
	ob := options(t, srv)
	ob.Election = p4rt.ElectionID{Low: 5}
	b := start(t, ob, second)
	awaitState(t, b, p4rt.Backup)
	if h := b.Status().Highest; h != (p4rt.ElectionID{Low: 10}) {
		t.Errorf("backup was told of %v", h)
	}

	stopA()
	if a.Status().State != p4rt.Disconnected {
		t.Errorf("first is %v", a.Status().State)
	}
	await(t, second.began, "the second's term")
	if e := b.Status().Election; e != (p4rt.ElectionID{Low: 11}) {
		t.Errorf("second took over with %v", e)
	}
	if n := len(srv.Pushes()); n != 1 {
		t.Errorf("%d pushes", n)
	}

	again := start(t, oa, newTerms())
	awaitState(t, again, p4rt.Backup)
	awaitState(t, b, p4rt.Primary)
}

func TestStandByNeverTakesOver(t *testing.T) {
	srv := server(t)
	oa := options(t, srv)
	oa.Election = p4rt.ElectionID{Low: 10}
	first := newTerms()
	_, stopA := startStoppable(t, oa, first)
	await(t, first.began, "the first's term")
	ob := options(t, srv)
	ob.StandBy = true
	second := newTerms()
	b := start(t, ob, second)
	awaitState(t, b, p4rt.Backup)
	stopA()
	until(t, "the first has left", func() bool { return srv.Controllers() == 1 })
	select {
	case <-second.began:
		t.Error("it took over")
	case <-time.After(50 * time.Millisecond):
	}
	awaitState(t, b, p4rt.Backup)
}

func TestLosingPrimaryEndsTheTerm(t *testing.T) {
	srv := server(t)
	s, conn, h := connected(t, srv)
	rival := newTerms()
	o := options(t, srv)
	o.Election = p4rt.ElectionID{High: 1}
	_, stopRival := startStoppable(t, o, rival)
	if cause := await(t, h.ended, "the term's end"); !errors.Is(cause, p4rt.ErrNotPrimary) {
		t.Errorf("the term ended for %v", cause)
	}
	awaitState(t, s, p4rt.Backup)
	await(t, rival.began, "the rival's term")
	p := program(t)
	if err := conn.Write(ctx(t), inserts(translation(t, p, 1, "198.51.100.1"))...); err == nil {
		t.Error("a controller that is not primary could write")
	}
	if s.Status().Stats.Connects != 1 {
		t.Error("losing primary cost the connection")
	}
	stopRival()
	await(t, h.began, "another term")
	if e := s.Status().Election; e != (p4rt.ElectionID{High: 1, Low: 1}) {
		t.Errorf("took over with %v", e)
	}
}

// The same id twice, as after a crash whose connection the switch has not missed yet: come in as a backup, and
// take over once the other is gone.
func TestElectionIDInUse(t *testing.T) {
	srv := server(t)
	first := newTerms()
	_, stopA := startStoppable(t, options(t, srv), first)
	await(t, first.began, "the first's term")
	second := newTerms()
	b := start(t, options(t, srv), second)
	awaitState(t, b, p4rt.Backup)
	stopA()
	await(t, second.began, "the second's term")
	if e := b.Status().Election; e != (p4rt.ElectionID{Low: 2}) {
		t.Errorf("took over with %v", e)
	}
}

// A switch that has forgotten everything takes the first bid again.
func TestSwitchRestarts(t *testing.T) {
	srv := server(t)
	_, _, h := connected(t, srv)
	srv.Forget()
	srv.Configure(nil)
	srv.Cut()
	if next := await(t, h.began, "another term"); !next.conn.Fresh() {
		t.Error("a switch without a pipeline was not given one")
	}
}
