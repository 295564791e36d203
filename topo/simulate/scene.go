package simulate

import (
	"cmp"
	"slices"
	"time"
)

// scene is what devices are like during one step: nothing in it changes while gateways read it.
type scene struct {
	up, busy []bool          // as changes have it
	full     []bool          // as the load has it
	slow     []time.Duration // by changes
	wait     []time.Duration // by load
	known    []bool          // answering as far as probes know: the server gateway sends to no others
	routed   []bool          // alive as far as routing knows

	version uint32 // of all of this
	changes int    // that have happened
	started time.Duration

	points []point
	next   int // of points
}

// point is when a scene changes, or when somebody gets to know.
type point struct {
	at     time.Duration
	change Change
	whom   audience
}

type audience uint8

const (
	itself audience = iota
	probes
	routing
)

func newScene(devices int, changes []Change, s *Settings) *scene {
	sc := &scene{
		up: make([]bool, devices), busy: make([]bool, devices), full: make([]bool, devices), known: make([]bool, devices),
		routed: make([]bool, devices), slow: make([]time.Duration, devices), wait: make([]time.Duration, devices),
	}
	for d := range devices {
		sc.up[d], sc.known[d], sc.routed[d] = true, true, true
	}
	for _, c := range changes {
		sc.points = append(sc.points, point{c.At, c, itself})
		if c.Kind != Slower && s.Detect >= 0 {
			sc.points = append(sc.points, point{c.At + s.Detect, c, probes})
		}
		if c.Kind == Down || c.Kind == Up {
			sc.points = append(sc.points, point{c.At + s.Converge, c, routing})
		}
	}
	slices.SortStableFunc(sc.points, func(a, b point) int { return cmp.Compare(a.at, b.at) })
	return sc
}

// forever is later than any run.
const forever = time.Duration(1<<63 - 1)

// until is when the scene changes next by itself.
func (s *scene) until() time.Duration {
	if s.next < len(s.points) {
		return s.points[s.next].at
	}
	return forever
}

// advance lets everything happen that is due.
func (s *scene) advance(now time.Duration) {
	for ; s.next < len(s.points) && s.points[s.next].at <= now; s.next++ {
		s.happen(&s.points[s.next])
	}
}

func (s *scene) happen(p *point) {
	s.version++
	d := p.change.Device
	switch p.whom {
	case probes:
		s.known[d] = p.change.revives()
		return
	case routing:
		s.routed[d] = p.change.Kind == Up
		return
	}
	s.changes++
	s.started = p.at
	switch p.change.Kind {
	case Down:
		s.up[d] = false
	case Up:
		s.up[d], s.busy[d], s.slow[d] = true, false, 0
	case Slower:
		s.slow[d] = max(0, s.slow[d]+p.change.By)
	case Busy:
		s.busy[d] = true
	case Free:
		s.busy[d] = false
	}
}

// answers says whether a device answers a SYN.
func (s *scene) answers(d int) bool { return s.up[d] && !s.busy[d] && !s.full[d] }

// extra is what a device adds to its round trips.
func (s *scene) extra(d int) time.Duration { return s.slow[d] + s.wait[d] }

// knownAt says whether probes knew a device to be alive at a time in the past.
func (s *scene) knownAt(d int, at time.Duration) bool {
	for i := s.next - 1; i >= 0; i-- {
		if p := &s.points[i]; p.at <= at && p.whom == probes && p.change.Device == d {
			return p.change.revives()
		}
	}
	return true
}
