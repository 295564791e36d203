package steer

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// trials are how many worlds of different seeds each change is tried in.
const trials = 60

// within says how many connections after a change all are right, tries n at most, and fails when they are not or when one
// of them was not answered. It gives the number of SYNs that had to be sent again.
func (w *world) within(n int) (again int, err error) {
	wrong := -1
	for i := range n + 20 {
		c := w.fetch(0)
		if c.winner == nil {
			return again, fmt.Errorf("connection %d after the change was not answered", i)
		}
		again += c.attempts
		if !w.right(c) && c.attempts == 0 {
			wrong = i
		} else if !w.right(c) {
			wrong = max(wrong, i)
		}
	}
	if wrong >= n {
		return again, fmt.Errorf("connection %d after the change is not on the nearest", wrong)
	}
	return again, nil
}

func three(t *testing.T, seed uint64) *world {
	w := newWorld(t, Default(), seed,
		&host{direct: 20 * ms, discovery: 150 * ms}, &host{direct: 60 * ms, discovery: 140 * ms}, &host{direct: 110 * ms, discovery: 160 * ms})
	w.jitter = ms
	w.serve(&host{direct: 130 * ms})
	for range 40 {
		w.fetch(0)
	}
	return w
}

// each runs a test in many worlds and counts how many of them broke it; the switch's hash is what differs.
func each(t *testing.T, most int, test func(w *world) error) {
	t.Helper()
	broken := 0
	var last error
	for seed := range uint64(trials) {
		if err := test(three(t, seed)); err != nil {
			broken++
			last = fmt.Errorf("seed %d: %w", seed, err)
		}
	}
	if broken > most {
		t.Errorf("%d of %d worlds, the last: %v", broken, trials, last)
	}
}

// The nearest dies: one connection has to send its SYN again, the others are where they should be.
func TestDeath(t *testing.T) {
	each(t, 0, func(w *world) error {
		w.hosts[0].dead = true
		again, err := w.within(10)
		if err == nil && again > 1 {
			err = fmt.Errorf("%d SYNs were sent again", again)
		}
		return err
	})
}

// And it comes back, by itself: nobody says so.
func TestReturn(t *testing.T) {
	for _, away := range []int{5, 60, 200} {
		t.Run(fmt.Sprint(away), func(t *testing.T) {
			each(t, 2, func(w *world) error { // one of two connections races: of 1024 worlds one does not see it
				w.hosts[0].dead = true
				for range away {
					w.fetch(0)
				}
				w.hosts[0].dead = false
				_, err := w.within(10)
				return err
			})
		})
	}
}

// After long absence it is the probes that find it first.
func TestReturnByProbe(t *testing.T) {
	each(t, 0, func(w *world) error {
		w.hosts[0].dead = true
		w.service.Remove(w.now, w.hosts[0].addr)
		for range 3000 {
			if c := w.fetch(0); c.winner == w.hosts[0] {
				return fmt.Errorf("a dead one was used")
			}
		}
		w.hosts[0].dead = false
		if !w.service.Revive(w.now, w.hosts[0].addr) {
			return fmt.Errorf("news changed nothing")
		}
		_, err := w.within(1)
		return err
	})
}

// A removed replica is not used even while it answers, which it does for connections that are open.
func TestRemoved(t *testing.T) {
	each(t, 0, func(w *world) error {
		w.service.Remove(w.now, w.hosts[0].addr)
		for i := range 300 {
			if c := w.fetch(0); c.winner == w.hosts[0] && c.way.Mode != Discover && !c.way.Scout {
				return fmt.Errorf("connection %d is on it: %+v", i, c)
			}
		}
		return nil
	})
}

func TestSlower(t *testing.T) {
	for _, by := range []time.Duration{100 * ms, 50 * ms, time.Second} {
		t.Run(by.String(), func(t *testing.T) {
			each(t, 0, func(w *world) error {
				w.hosts[0].direct += by
				w.hosts[0].discovery += by
				_, err := w.within(10)
				return err
			})
		})
	}
}

func TestFasterElsewhere(t *testing.T) {
	// Nobody tells that a far replica has become the nearest but the few connections that race.
	each(t, 2, func(w *world) error {
		w.hosts[2].direct = 10 * ms
		for range 128 * 7 {
			w.fetch(0)
		}
		_, err := w.within(0)
		return err
	})
}

// A busy replica answers nothing; the controller knows by its probes or by silence.
func TestBusy(t *testing.T) {
	for _, told := range []bool{true, false} {
		t.Run(fmt.Sprint(told), func(t *testing.T) {
			each(t, 0, func(w *world) error {
				w.hosts[0].dead = true
				if told {
					w.service.Suspect(w.now, w.hosts[0].addr)
				}
				again, err := w.within(10)
				if most := map[bool]int{true: 0, false: 1}[told]; err == nil && again > most {
					err = fmt.Errorf("%d SYNs were sent again", again)
				}
				return err
			})
		})
	}
}

// A replica that answers only some SYNs is depended on less and less.
func TestFlickering(t *testing.T) {
	each(t, 0, func(w *world) error {
		again := 0
		for range 2000 {
			w.hosts[0].dead = w.rand.IntN(5) == 0
			c := w.fetch(0)
			if c.winner == nil {
				return fmt.Errorf("a connection was not answered")
			}
			again += c.attempts
		}
		if again > 40 {
			return fmt.Errorf("%d of 2000 SYNs were sent again", again)
		}
		return nil
	})
}

// Lost SYNs here and there change nothing for long, and cost little.
func TestLoss(t *testing.T) {
	each(t, 4, func(w *world) error {
		w.loss = 0.005
		copies, off := 0, 0
		for range 2000 {
			c := w.fetch(0)
			copies += c.copies
			if !w.right(c) {
				off++
			}
		}
		if copies > 2000*115/100 || off > 40 {
			return fmt.Errorf("%.3f copies a connection, %d of 2000 not on the nearest", float64(copies)/2000, off)
		}
		return nil
	})
}

// A replica that answers discovered SYNs only, because direct ones do not reach it, is left to the discoveries.
func TestMute(t *testing.T) {
	w := newWorld(t, Default(), 1, &host{direct: 20 * ms, discovery: 50 * ms, refuse: true}, &host{direct: 60 * ms, discovery: 70 * ms})
	for range 10 {
		w.fetch(0)
	}
	for range 200 {
		if c := w.fetch(0); c.attempts > 0 || c.winner != w.hosts[1] && !c.way.Scout {
			t.Fatalf("%+v", c)
		}
	}
}

// New replicas are found by the discoveries that go along.
func TestNewReplica(t *testing.T) {
	each(t, 2, func(w *world) error {
		w.hosts = append(w.hosts, &host{addr: addr(9), direct: 5 * ms, discovery: 140 * ms})
		for range 256 * 7 {
			w.fetch(0)
		}
		_, err := w.within(0)
		return err
	})
}

// All die: everything is discovered, and so found again when they come back.
func TestAllDie(t *testing.T) {
	each(t, 0, func(w *world) error {
		for _, h := range w.hosts {
			h.dead = true
		}
		w.server.dead = true
		w.fetch(0)
		w.fetch(0)
		if w.service.Choice().Total() != 0 {
			return fmt.Errorf("the choice is %+v", *w.service.Choice())
		}
		for _, h := range w.hosts {
			h.dead = false
		}
		_, err := w.within(3)
		return err
	})
}

// Whatever happens, the invariants hold (world.check) and no connection is lost that somebody would answer.
func TestAnything(t *testing.T) {
	const seed = 7
	draw := rand.New(rand.NewPCG(seed, 2))
	for round := range 100 {
		p := Default()
		p.Origin = draw.IntN(2) == 0
		p.Furthest = Mode(draw.IntN(3))
		p.Legs = 1 + draw.IntN(6)
		p.Group = []int{4, 16, 64, 256}[draw.IntN(4)]
		p.RaceEvery, p.ScoutEvery = 2+draw.IntN(255), 2+draw.IntN(255)
		var hosts []*host
		for range 1 + draw.IntN(9) {
			d := time.Duration(1+draw.IntN(300)) * ms
			hosts = append(hosts, &host{direct: d, discovery: d/2 + time.Duration(1+draw.IntN(300))*ms})
		}
		w := newWorld(t, p, draw.Uint64(), hosts...)
		if draw.IntN(2) == 0 {
			w.serve(&host{direct: time.Duration(1+draw.IntN(300)) * ms})
		}
		w.jitter = time.Duration(draw.IntN(10)) * ms
		w.latency = time.Duration(draw.IntN(30)) * ms
		for range 400 {
			h := hosts[draw.IntN(len(hosts))]
			switch draw.IntN(40) {
			case 0:
				h.dead = !h.dead
			case 1:
				h.direct = time.Duration(1+draw.IntN(300)) * ms
			case 2:
				w.service.Remove(w.now, h.addr)
			case 3:
				w.service.Revive(w.now, h.addr)
			case 4:
				w.service.Suspect(w.now, h.addr)
			case 5:
				w.pass(w.now + time.Duration(draw.IntN(1200))*time.Second)
			case 6:
				w.service.SetPolicy(w.now, p)
			}
			w.check()
			alive := w.server != nil && !w.server.dead
			for _, h := range hosts {
				alive = alive || !h.dead
			}
			if c := w.connect(); c.winner == nil && alive {
				t.Fatalf("seed %d, round %d: %+v was not answered", seed, round, c)
			}
			w.pass(w.now + time.Duration(draw.IntN(400))*ms)
		}
	}
}

// One SYN lost among many answered ones says nothing of the replica; many do.
func TestLostAmongAnswered(t *testing.T) {
	s := learn(t, Default(), 20*ms, 60*ms)
	now := time.Minute
	answered := func(n int) {
		for range n {
			now += 10 * ms
			s.Observe(now, Answer{Replica: addr(0), Delay: 20 * ms, Mode: Direct})
		}
	}
	for i := range 20 {
		answered(20)
		if s.Unanswered(now, addr(0)) || s.Doubtful() {
			t.Fatalf("lost SYN %d: %+v", i, *s.Choice())
		}
	}
	answered(20)
	lost := 1
	for ; !s.Unanswered(now, addr(0)) && lost < 100; lost++ {
		answered(2)
	}
	if lost != 4 || s.Views()[0].Standing != "suspect" {
		t.Errorf("after %d SYNs of three each were lost it is %s", lost, s.Views()[0].Standing)
	}
	s = learn(t, Default(), 20*ms, 60*ms)
	if !s.Overdue(now, addr(0)) || s.Views()[0].Standing != "suspect" {
		t.Errorf("an overdue replica is %s", s.Views()[0].Standing)
	}
	// All of a race's legs silent at once, though they answer others: the fault is here.
	s = learn(t, Default(), 20*ms, 60*ms)
	race(s, now, []time.Duration{20 * ms, 60 * ms})
	if s.RaceUnanswered(now + 100*ms) {
		t.Errorf("%+v", *s.Choice())
	}
	if !s.RaceUnanswered(now+2*time.Second) || s.Choice().Total() != 0 {
		t.Errorf("%+v", *s.Choice())
	}
}
