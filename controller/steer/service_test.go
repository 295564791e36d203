package steer

import (
	"math"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// The first connection discovers, the second races, from the third on they go direct.
func TestFirstConnections(t *testing.T) {
	w := newWorld(t, Default(), 1,
		&host{direct: 20 * ms, discovery: 160 * ms}, &host{direct: 60 * ms, discovery: 140 * ms}, &host{direct: 110 * ms, discovery: 150 * ms})
	for i, want := range []Mode{Discover, Race, Direct, Direct} {
		w.rand.Uint32()
		for w.service.Choice().Total() > 0 && w.service.Choice().Pick(0).Mode != want {
			t.Fatalf("connection %d: the choice is %+v, want mode %d", i+1, *w.service.Choice(), want)
		}
		c := w.connect()
		if i < 2 && c.way.Mode != want {
			t.Errorf("connection %d went out in mode %d, want %d", i+1, c.way.Mode, want)
		}
		w.pass(w.now + 500*ms)
	}
	want := Choice{
		Race: 2, Scout: 1, Direct: []Share{{addr(0), 253, 90 * ms}}, Legs: []netip.Addr{addr(0), addr(1), addr(2)}, Scouts: []netip.Addr{addr(0)},
	}
	if got := w.service.Choice(); !got.Equal(&want) {
		t.Errorf("the choice is %+v, want %+v", *got, want)
	}
}

// While only the first answer has come, and others are to be expected, connections are still discovered.
func TestHold(t *testing.T) {
	s := New(Default())
	if s.Observe(100*ms, Answer{Replica: addr(0), Delay: 100 * ms}) {
		t.Errorf("one answer of a discovery made the choice %+v", *s.Choice())
	}
	if s.Next() != 200*ms {
		t.Errorf("next at %v, want 200ms", s.Next())
	}
	if !s.Tick(200*ms) || s.Choice().Race != 1 || s.Next() != 0 {
		t.Errorf("nobody else answered: %+v, next %v", *s.Choice(), s.Next())
	}
	s = New(Default())
	s.Observe(100*ms, Answer{Replica: addr(0), Delay: 100 * ms})
	if !s.Observe(110*ms, Answer{Replica: addr(1), Delay: 110 * ms, Late: true}) || len(s.Choice().Legs) != 2 {
		t.Errorf("two answers: %+v", *s.Choice())
	}
}

// learn makes a service that has measured replicas with these round trips.
func learn(t *testing.T, p Policy, delays ...time.Duration) *Service {
	t.Helper()
	s := New(p)
	now := time.Second
	for i := range delays {
		s.Observe(now, Answer{Replica: addr(i), Delay: 300 * ms, Late: i > 0})
	}
	for range 10 { // enough for all of them, some legs at a time
		now += 2 * time.Second
		s.Tick(now)
		race(s, now, delays)
	}
	if len(s.Choice().Direct) == 0 && p.Furthest == Direct {
		t.Fatalf("not learned: %+v", *s.Choice())
	}
	return s
}

// race answers a race that began two seconds ago at the latest, by who is nearest first.
func race(s *Service, now time.Duration, delays []time.Duration) {
	order := slices.Clone(s.Choice().Legs)
	order = slices.DeleteFunc(order, func(a netip.Addr) bool { return a == Server })
	slices.SortFunc(order, func(a, b netip.Addr) int {
		return int(delays[a.As4()[3]-10] - delays[b.As4()[3]-10])
	})
	for i, a := range order {
		d := delays[a.As4()[3]-10]
		s.Observe(now+d, Answer{Replica: a, Delay: d, Mode: Race, Late: i > 0})
	}
}

func TestShares(t *testing.T) {
	for name, test := range map[string]struct {
		policy func(*Policy)
		delays []time.Duration
		want   []uint16
		race   uint16
		scout  uint16
	}{
		"one":            {nil, []time.Duration{20 * ms, 60 * ms}, []uint16{253, 0}, 2, 1},
		"equals":         {nil, []time.Duration{20 * ms, 22 * ms, 60 * ms}, []uint16{127, 126, 0}, 2, 1},
		"in percent":     {nil, []time.Duration{200 * ms, 210 * ms, 211 * ms}, []uint16{127, 126, 0}, 2, 1},
		"beyond":         {nil, []time.Duration{20 * ms, 22*ms + 1}, []uint16{253, 0}, 2, 1},
		"weights":        {func(p *Policy) { p.Weights = map[netip.Addr]uint16{addr(0): 3} }, []time.Duration{20 * ms, 21 * ms}, []uint16{190, 63}, 2, 1},
		"weights far":    {func(p *Policy) { p.Weights = map[netip.Addr]uint16{addr(0): 65535} }, []time.Duration{20 * ms, 21 * ms, 21 * ms}, []uint16{251, 1, 1}, 2, 1},
		"more than legs": {nil, []time.Duration{20 * ms, 20 * ms, 20 * ms, 20 * ms, 20 * ms, 20 * ms}, []uint16{64, 63, 63, 63, 0, 0}, 2, 1},
		"alone":          {nil, []time.Duration{20 * ms}, []uint16{255}, 0, 1},
		"coarse":         {func(p *Policy) { p.Group = 16 }, []time.Duration{20 * ms, 21 * ms}, []uint16{7, 7}, 1, 1},
		"least":          {func(p *Policy) { p.Group = 1 }, []time.Duration{20 * ms, 60 * ms}, []uint16{2, 0}, 1, 1},
		"few races":      {func(p *Policy) { p.RaceEvery, p.ScoutEvery = 2, 4 }, []time.Duration{20 * ms, 60 * ms}, []uint16{64, 0}, 128, 64},
		"races only":     {func(p *Policy) { p.Furthest = Race }, []time.Duration{20 * ms, 60 * ms}, []uint16{0, 0}, 255, 1},
	} {
		t.Run(name, func(t *testing.T) {
			p := wide()
			if test.policy != nil {
				test.policy(&p)
			}
			s := learn(t, p, test.delays...)
			c := s.Choice()
			got := make([]uint16, len(test.delays))
			for _, d := range c.Direct {
				got[d.Replica.As4()[3]-10] = d.Weight
			}
			if name == "more than legs" { // any of them
				slices.SortFunc(got, func(a, b uint16) int { return int(b) - int(a) })
			}
			if !slices.Equal(got, test.want) || c.Race != test.race || c.Scout != test.scout {
				t.Errorf("%v, race %d, scout %d; want %v, %d, %d", got, c.Race, c.Scout, test.want, test.race, test.scout)
			}
		})
	}
}

// Connections are picked in the proportion of the weights.
func TestPick(t *testing.T) {
	c := Choice{Race: 2, Scout: 1, Direct: []Share{{Server, 3, 0}, {addr(1), 10, 0}}, Legs: []netip.Addr{addr(0), addr(1)}, Scouts: []netip.Addr{addr(1)}}
	counts := map[string]int{}
	for n := range uint32(1600) {
		way := c.Pick(n)
		switch {
		case way.Mode == DirectServer:
			counts["server"]++
		case way.Mode == Direct && way.Replica == addr(1):
			counts["direct"]++
		case way.Mode == Race && !way.Scout && len(way.Legs) == 2:
			counts["race"]++
		case way.Mode == Race && way.Scout && len(way.Legs) == 1:
			counts["scout"]++
		}
	}
	if counts["server"] != 300 || counts["direct"] != 1000 || counts["race"] != 200 || counts["scout"] != 100 {
		t.Errorf("%v", counts)
	}
	if way := (&Choice{}).Pick(7); way.Mode != Discover {
		t.Errorf("%+v", way)
	}
}

// wide has margins in which figures are easily told.
func wide() Policy {
	p := Default()
	p.Margin, p.MarginPercent, p.Hysteresis, p.HysteresisPercent = 2*ms, 5, ms, 3
	return p
}

// Equals keep their shares whatever the network's noise, and connections spread among them by weight.
func TestNoFlapping(t *testing.T) {
	p := Default()
	p.Weights = map[netip.Addr]uint16{addr(0): 2}
	w := newWorld(t, p, 3, &host{direct: 40 * ms, discovery: 100 * ms}, &host{direct: 41 * ms, discovery: 90 * ms}, &host{direct: 80 * ms, discovery: 95 * ms})
	w.jitter = 800 * time.Microsecond
	for range 5 {
		w.fetch(0)
	}
	w.changes = 0
	used := map[*host]int{}
	for range 5000 {
		used[w.fetch(0).winner]++
	}
	if w.changes > 0 {
		t.Errorf("the choice changed %d times", w.changes)
	}
	if ratio := float64(used[w.hosts[0]]) / float64(used[w.hosts[1]]); math.Abs(ratio-2) > 0.2 {
		t.Errorf("connections %d to %d, want 2 to 1", used[w.hosts[0]], used[w.hosts[1]])
	}
}

// On the edge of the margin the hysteresis keeps what is.
func TestHysteresis(t *testing.T) {
	s := learn(t, wide(), 40*ms, 42*ms)
	now := time.Minute
	for i := range 200 {
		now += time.Second
		d := 40*ms + time.Duration(i%5)*750*time.Microsecond // to 43 ms, the edge of what keeps a share
		if s.Observe(now, Answer{Replica: addr(1), Delay: d, Mode: Direct}) {
			t.Fatalf("the choice changed to %+v", *s.Choice())
		}
	}
	for range 4 {
		now += time.Second
		s.Observe(now, Answer{Replica: addr(1), Delay: 44 * ms, Mode: Direct})
	}
	for range 4 { // a slow answer makes a doubt, which races settle
		now += time.Second
		race(s, now, []time.Duration{40 * ms, 44 * ms})
	}
	if c := s.Choice(); len(c.Direct) != 1 {
		t.Errorf("4 ms further it still has its share: %+v", *c)
	}
}

// Nothing is trusted for ever: the share's own delay is measured again after the trust has ended.
func TestTrust(t *testing.T) {
	p := Default()
	s := learn(t, p, 20*ms, 60*ms)
	next := s.Next()
	if next == 0 || next > p.Trust+time.Minute {
		t.Fatalf("next at %v", next)
	}
	if s.Tick(next-1) || !s.Tick(next) || s.Choice().Race != 1 {
		t.Errorf("after the trust has ended: %+v", *s.Choice())
	}
	race(s, next+time.Second, []time.Duration{20 * ms, 60 * ms})
	if len(s.Choice().Direct) != 1 {
		t.Errorf("measured again: %+v", *s.Choice())
	}
	// Where the share's delay is fresh, others are measured again only after some connections.
	now := next + time.Second
	races := 0
	for range 1000 {
		now += 15 * time.Second
		if s.Choice().Race == 1 {
			races++
			race(s, now, []time.Duration{20 * ms, 60 * ms})
		} else {
			s.Observe(now, Answer{Replica: addr(0), Delay: 20 * ms, Mode: Direct})
		}
	}
	if races < 5 || races > 16 {
		t.Errorf("%d of 1000 connections raced for the others' delays", races)
	}
}

func TestServerRacesOnlyWhenItDoesSo(t *testing.T) {
	answer := func(s *Service, now time.Duration, mode Mode, attempt uint8) {
		s.Observe(now, Answer{Replica: Server, Delay: 100 * ms, Mode: mode, Attempt: attempt})
		s.Observe(now+50*ms, Answer{Replica: addr(0), Delay: 150 * ms, Mode: mode, Attempt: attempt, Late: true})
	}
	raced := func(s *Service) bool { return slices.Contains(s.Choice().Legs, Server) }
	s := New(Default())
	if answer(s, time.Second, Discover, 1); raced(s) {
		t.Error("a server that answers second SYNs is raced with first ones")
	}
	if answer(s, 2*time.Second, Discover, 0); !raced(s) {
		t.Error("a server that races is not raced")
	}
	for i := range serverlessMost + 1 {
		s.Observe(time.Duration(3+i)*time.Second, Answer{Replica: addr(0), Delay: 150 * ms})
	}
	if raced(s) {
		t.Error("a server that no longer races is still raced")
	}
	p := Default()
	p.Origin = false
	s = New(p)
	if answer(s, time.Second, Discover, 0); raced(s) {
		t.Error("a server is raced against the policy")
	}
	answer(s, 2*time.Second, Discover, 0)
	s = New(Default())
	if s.Observe(time.Second, Answer{Replica: Server, Delay: 100 * ms}); s.Choice().Total() != 0 {
		t.Error("a server without replicas is steered to")
	}
}

// Delays that measure nothing change no estimate.
func TestWhatMeasures(t *testing.T) {
	for name, a := range map[string]Answer{
		"discovered":    {Replica: addr(0), Delay: ms, Mode: Discover},
		"unknown":       {Replica: addr(0), Mode: Direct},
		"retransmitted": {Replica: addr(0), Delay: ms, Mode: Direct, Attempt: 1},
		"older":         {Replica: addr(0), Delay: time.Minute, Mode: Race}, // sent before it was raced
	} {
		s := learn(t, Default(), 20*ms, 60*ms)
		s.Observe(40*time.Second, a)
		if got := s.Views()[0].Delay; got != 20*ms {
			t.Errorf("%s: %v, want 20ms", name, got)
		}
	}
}

// A scouted answer of a replica that did not have the race's own SYN is much later than it is far.
func TestScoutedDelay(t *testing.T) {
	s := learn(t, Default(), 20*ms, 60*ms)
	for range 2 {
		s.Observe(40*time.Second, Answer{Replica: addr(1), Delay: 260 * ms, Mode: Race, Late: true})
		if got := s.Views()[1].Delay; got != 60*ms {
			t.Errorf("%v, want 60ms", got)
		}
		s.Observe(41*time.Second, Answer{Replica: addr(1), Delay: 60 * ms, Mode: Race, Late: true})
	}
}

func TestViews(t *testing.T) {
	s := learn(t, Default(), 20*ms, 60*ms, 90*ms, 95*ms)
	s.Unanswered(time.Minute, addr(1))
	s.Remove(time.Minute, addr(2))
	s.Observe(time.Minute, Answer{Replica: addr(8), Delay: 300 * ms, Mode: Race, Late: true})
	want := []string{"measured", "suspect", "out", "measured", "unmeasured"}
	for i, v := range s.Views() {
		if v.Standing != want[i] {
			t.Errorf("%v is %s, want %s", v.Replica, v.Standing, want[i])
		}
	}
	if v := learn(t, Default(), 20*ms, 60*ms).Views()[0]; v.Standing != "shares" || math.Abs(v.Share-253.0/256) > 1e-9 || v.Delay != 20*ms {
		t.Errorf("%+v", v)
	}
}

func TestSettings(t *testing.T) {
	s := learn(t, Default(), 20*ms, 60*ms)
	p := Default()
	p.Furthest = Discover
	if !s.SetPolicy(time.Minute, p) || s.Choice().Total() != 0 {
		t.Errorf("%+v", *s.Choice())
	}
	if !s.SetPolicy(time.Minute, Default()) || len(s.Choice().Direct) != 1 {
		t.Errorf("%+v", *s.Choice())
	}
}

// Addresses come from outside: there is a limit.
func TestManyCandidates(t *testing.T) {
	s := New(Default())
	for i := range 1000 {
		a := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		s.Observe(time.Second, Answer{Replica: a, Delay: ms, Late: i > 0})
		s.Revive(time.Second, a)
		s.Remove(time.Second, netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}))
	}
	if n := len(s.Views()); n != maxCandidates {
		t.Errorf("%d candidates", n)
	}
}

// Nothing is allocated for an answer that changes nothing.
func TestAllocations(t *testing.T) {
	s := learn(t, Default(), 20*ms, 21*ms, 60*ms, 90*ms, 110*ms)
	now := time.Minute
	if n := testing.AllocsPerRun(1000, func() {
		now += time.Millisecond
		s.Observe(now, Answer{Replica: addr(0), Delay: 20 * ms, Mode: Direct})
		s.Tick(now)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkObserve(b *testing.B) {
	s := New(Default())
	delays := []time.Duration{20 * ms, 21 * ms, 60 * ms, 90 * ms}
	for i, d := range delays {
		s.Observe(time.Second, Answer{Replica: addr(i), Delay: d, Late: i > 0})
	}
	race(s, 3*time.Second, delays)
	now := time.Minute
	b.ReportAllocs()
	for b.Loop() {
		now += time.Microsecond
		s.Observe(now, Answer{Replica: addr(0), Delay: 20 * ms, Mode: Direct})
	}
}
