package simulate

import (
	"testing"
	"time"

	"github.com/firstack/firstack/controller/steer"
)

// What is queued at a device makes its answers wait, and too much makes it silent; servers work it off.
func TestLoadStep(t *testing.T) {
	devices := []Device{{}, {Servers: 2, Service: 10 * time.Millisecond, Backlog: 3}}
	s := newScene(2, nil, &Settings{})
	l := newLoad(devices)
	ms := int64(time.Millisecond)
	for i, c := range []struct {
		arrived int64 // ms of work
		wait    time.Duration
		full    bool
	}{
		{30, 0, false}, {30, 10 * time.Millisecond, false}, {20, 15 * time.Millisecond, true}, {0, 10 * time.Millisecond, false}, {0, 5 * time.Millisecond, false},
	} {
		l.step(s, 5*time.Millisecond, []int64{1000 * ms, c.arrived * ms})
		if s.wait[1] != c.wait || s.full[1] != c.full || s.answers(1) == c.full || s.wait[0] != 0 || s.full[0] {
			t.Errorf("step %d: waits %v, full %v", i, s.wait, s.full)
		}
	}
}

// Everybody learns of a change in his own time.
func TestWhoKnows(t *testing.T) {
	changes := []Change{{At: 10 * time.Second, Device: 1, Kind: Down}, {At: 60 * time.Second, Device: 1, Kind: Up}, {At: 100 * time.Second, Device: 1, Kind: Busy}}
	s := newScene(2, changes, &Settings{Detect: 3 * time.Second, Converge: 30 * time.Second})
	for _, c := range []struct {
		at                     time.Duration
		answers, known, routed bool
	}{
		{9 * time.Second, true, true, true}, {10 * time.Second, false, true, true}, {13 * time.Second, false, false, true},
		{40 * time.Second, false, false, false}, {60 * time.Second, true, false, false}, {63 * time.Second, true, true, false},
		{90 * time.Second, true, true, true}, {101 * time.Second, false, true, true}, {103 * time.Second, false, false, true},
	} {
		s.advance(c.at)
		if s.answers(1) != c.answers || s.known[1] != c.known || s.routed[1] != c.routed {
			t.Errorf("at %v: answers %v, known %v, routed %v", c.at, s.answers(1), s.known[1], s.routed[1])
		}
	}
	for at, known := range map[time.Duration]bool{12 * time.Second: true, 13 * time.Second: false, 62 * time.Second: false, 63 * time.Second: true} {
		if s.knownAt(1, at) != known {
			t.Errorf("looking back at %v: known %v", at, !known)
		}
	}
}

// trained is a steered gateway in Frankfurt that sends direct to London.
func trained(t *testing.T) (*gateway, *steered, *scene, time.Duration) {
	t.Helper()
	d := deployed(t, "London", "Madrid")
	s := Settings{Seed: 1, Jitter: -1}.Complete()
	g := newGateway(0, d.World.Site("Frankfurt"), &d, Policies[indexOf("steer")], &s)
	g.tally, g.orders, g.left = newTally(3), curvePoints, 20
	sc := newScene(3, nil, &s)
	g.run(sc, forever)
	st := g.strategy.(*steered)
	if c := st.service.Choice(); len(c.Direct) != 1 || device(c.Direct[0].Replica) != 1 {
		t.Fatalf("the choice is %+v", c)
	}
	return g, st, sc, g.next
}

// open sends one SYN and returns what became of the connection by then.
func (g *gateway) open(s *scene, now time.Duration) connection {
	g.current = connection{start: now, number: 100, best: answer{device: -1}}
	g.attempt(s, now, &g.current)
	return g.current
}

// A SYN that finds its device overdue is raced, as the switch does, before any SYN is sent again; then nothing is sent to
// that device alone.
func TestOverdue(t *testing.T) {
	g, st, s, now := trained(t)
	s.up[1] = false
	s.version++
	var at time.Duration // of the first that was not answered, by direct SYN
	for at = now; steer.Mode(g.open(s, at).way) != steer.Direct; at += time.Millisecond {
	}
	if st.watches[1].due == 0 {
		t.Fatal("nothing is owed")
	}
	for w := 10 * time.Millisecond; w < 60*time.Millisecond; w += 10 * time.Millisecond {
		if c := g.open(s, at+w); steer.Mode(c.way) == steer.Direct && c.best.device >= 0 {
			t.Fatalf("after %v the dead answered", w)
		}
	}
	// 13 ms twice, and 50 ms.
	for w := 80 * time.Millisecond; w < 95*time.Millisecond; w += 2 * time.Millisecond {
		if c := g.open(s, at+w); c.best.device != 2 {
			t.Fatalf("after %v: %+v", w, c)
		}
	}
}

// A SYN that went direct and is sent again makes the device a suspect; a discovery answers it.
func TestSentAgain(t *testing.T) {
	g, st, s, now := trained(t)
	s.up[1] = false
	s.version++
	for steer.Mode(g.open(s, now).way) != steer.Direct {
		now += 10 * time.Second
	}
	st.watches[1] = watch{} // so that it is not the next SYN that tells
	g.run(s, forever)
	if g.tally.again == 0 || g.tally.failed > 0 {
		t.Errorf("%d sent again, %d failed", g.tally.again, g.tally.failed)
	}
	st.listen(s, now+10*time.Second)
	for _, v := range st.service.Views() {
		if v.Replica == address(1) && v.Standing != "suspect" {
			t.Errorf("who did not answer is %s", v.Standing)
		}
	}
}

// Of two answers of one device, the second teaches nothing.
func TestRepeats(t *testing.T) {
	g, st, _, now := trained(t)
	st.news = nil
	c := connection{start: now, best: answer{device: -1}, way: uint8(steer.Race)}
	st.answered(g, now, &c, []answer{{1, 10}, {2, 20}, {1, 30}, {0, forgotten + 1}})
	if len(st.news) != 2 || st.news[0].late || !st.news[1].late {
		t.Errorf("%+v", st.news)
	}
}

// Before a name's first refresh everybody has what was so at the beginning.
func TestFirstName(t *testing.T) {
	d := deployed(t, "London")
	s := Settings{Seed: 1, Jitter: -1, DNSLife: time.Hour}.Complete()
	g := newGateway(0, d.World.Site("Frankfurt"), &d, Policies[indexOf("dns")], &s)
	g.tally = newTally(2)
	sc := newScene(2, []Change{{At: 0, Device: 1, Kind: Down}}, &s)
	sc.advance(10 * time.Second)
	old := 0
	for client := range uint64(1000) {
		c := connection{start: 10 * time.Second, client: client, best: answer{device: -1}}
		g.answers = g.answers[:0]
		g.strategy.send(g, sc, c.start, &c)
		if len(g.answers) == 0 {
			old++
		}
	}
	about(t, "share that still goes to the dead", float64(old)/1000, 1-7.0/3600, 0.005)
}
