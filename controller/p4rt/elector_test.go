package p4rt_test

import (
	"context"
	"errors"
	"testing"

	"github.com/firstack/firstack/controller/p4rt"
	"github.com/firstack/firstack/controller/p4rt/p4rttest"
)

// elector does as the test says.
type elector struct {
	reached chan bool
	elect   chan p4rt.ElectionID
	ended   chan struct{}
}

func newElector() *elector {
	return &elector{make(chan bool, 100), make(chan p4rt.ElectionID), make(chan struct{})}
}

func (e *elector) Campaign(ctx context.Context, reached <-chan bool, elected func(p4rt.ElectionID)) {
	defer close(e.ended)
	for {
		select {
		case <-ctx.Done():
			return
		case r := <-reached:
			e.reached <- r
		case id := <-e.elect:
			elected(id)
		}
	}
}

// contender is a session with an elector.
func contender(t *testing.T, srv *p4rttest.Server) (*p4rt.Session, *terms, *elector) {
	t.Helper()
	e, h := newElector(), newTerms()
	o := options(t, srv)
	o.Elector = e
	return start(t, o, h), h, e
}

// reachedSwitch waits for word that the switch answers.
func reachedSwitch(t *testing.T, e *elector, want bool) {
	t.Helper()
	for await(t, e.reached, "word of the switch") != want {
	}
}

// A session is backup until it is elected, primary while it is, and gives up at once when it is not any more.
func TestElected(t *testing.T) {
	srv := server(t)
	s, h, e := contender(t, srv)
	reachedSwitch(t, e, true)
	awaitState(t, s, p4rt.Backup)
	if id := s.Status().Election; id != (p4rt.ElectionID{}) {
		t.Errorf("bids %v", id)
	}
	e.elect <- p4rt.ElectionID{Low: 10}
	await(t, h.began, "a term")
	awaitState(t, s, p4rt.Primary)
	if id := s.Status().Election; id != (p4rt.ElectionID{Low: 10}) {
		t.Errorf("primary with %v", id)
	}
	e.elect <- p4rt.ElectionID{}
	if cause := await(t, h.ended, "the term's end"); !errors.Is(cause, p4rt.ErrNotPrimary) {
		t.Errorf("the term ended for %v", cause)
	}
	awaitState(t, s, p4rt.Backup)
	// Elected again, with a new id, without a word in between that was heard: the term of the old id is over.
	e.elect <- p4rt.ElectionID{Low: 12}
	await(t, h.began, "another term")
	e.elect <- p4rt.ElectionID{Low: 14}
	await(t, h.ended, "its end")
	last := await(t, h.began, "the last term")
	if err := last.conn.Write(ctx(t), inserts(translation(t, program(t), 1, "198.51.100.1"))...); err != nil {
		t.Error(err)
	}
	if n := s.Status().Stats.Connects; n != 1 {
		t.Errorf("%d connections", n)
	}
}

// The new one's bid is higher, so the switch refuses the old one, even before that knows. A switch that has nobody is
// left to whoever is elected.
func TestElectedElsewhere(t *testing.T) {
	srv := server(t)
	a, first, ea := contender(t, srv)
	reachedSwitch(t, ea, true)
	ea.elect <- p4rt.ElectionID{Low: 10}
	old := await(t, first.began, "the first's term")
	b, second, eb := contender(t, srv)
	reachedSwitch(t, eb, true)
	awaitState(t, b, p4rt.Backup)
	eb.elect <- p4rt.ElectionID{Low: 11}
	await(t, second.began, "the second's term")
	if err := old.conn.Write(ctx(t), inserts(translation(t, program(t), 1, "198.51.100.1"))...); err == nil {
		t.Error("two write")
	}
	await(t, first.ended, "the first's end")
	awaitState(t, a, p4rt.Backup)
	ea.elect <- p4rt.ElectionID{}
	eb.elect <- p4rt.ElectionID{} // the switch has nobody now, and says so
	awaitState(t, b, p4rt.Backup)
	srv.Announce()
	eb.elect <- p4rt.ElectionID{Low: 12}
	await(t, second.began, "the second's next term")
	if s := a.Status(); s.State != p4rt.Backup {
		t.Errorf("the first is %v with %v: nobody elected it", s.State, s.Election)
	}
}

// What was won is bid again after the connection was lost; what was lost meanwhile is not.
func TestElectedAcrossConnections(t *testing.T) {
	srv := server(t)
	s, h, e := contender(t, srv)
	reachedSwitch(t, e, true)
	e.elect <- p4rt.ElectionID{Low: 10}
	await(t, h.began, "a term")
	srv.Cut()
	reachedSwitch(t, e, false)
	reachedSwitch(t, e, true)
	await(t, h.began, "the next term")
	if id := s.Status().Election; id != (p4rt.ElectionID{Low: 10}) {
		t.Errorf("primary with %v", id)
	}
	e.elect <- p4rt.ElectionID{}
	awaitState(t, s, p4rt.Backup)
	srv.Cut()
	reachedSwitch(t, e, false)
	reachedSwitch(t, e, true)
	awaitState(t, s, p4rt.Backup)
}

// A switch that has seen a higher id, of another world, is taken over once nobody has it.
func TestElectedBelowHighest(t *testing.T) {
	srv := server(t)
	o := options(t, srv)
	o.Election = p4rt.ElectionID{Low: 1000}
	foreign := newTerms()
	_, stop := startStoppable(t, o, foreign)
	await(t, foreign.began, "the other's term")
	s, h, e := contender(t, srv)
	reachedSwitch(t, e, true)
	e.elect <- p4rt.ElectionID{Low: 10}
	until(t, "it has bid", func() bool { return s.Status().Election == p4rt.ElectionID{Low: 10} })
	awaitState(t, s, p4rt.Backup)
	stop()
	await(t, h.began, "a term")
	if id := s.Status().Election; id != (p4rt.ElectionID{Low: 1001}) {
		t.Errorf("primary with %v", id)
	}
}

// The campaign ends last, when nothing is written any more.
func TestCampaignEnds(t *testing.T) {
	srv := server(t)
	e, h := newElector(), newTerms()
	o := options(t, srv)
	o.Elector = e
	_, stop := startStoppable(t, o, h)
	reachedSwitch(t, e, true)
	e.elect <- p4rt.ElectionID{Low: 10}
	await(t, h.began, "a term")
	stop()
	<-e.ended
	await(t, h.ended, "the term's end")
}
