package flow

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// connection is what the switch really has in its slot.
type connection struct {
	winner Winner
	isn    uint32
	since  uint32        // the switch's tick when it began
	used   time.Duration // when a packet of it last used its slot
}

// TestTablesFollowTheTruth lets connections come and go while digests are lost, repeated and reordered, writes fail
// and controllers restart. In the end each connection that is still in its slot is told of once more, as a switch
// does while packets use a slot; then the tables have to agree with the last truth, and hold no halves.
func TestTablesFollowTheTruth(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newFake(t)
		s.book = New(Limits{
			Clock: v1model, Capacity: 100, Idle: time.Hour, Transitory: time.Minute, LingerReset: 2 * time.Second,
			LingerFIN: 10 * time.Second, Answer: time.Second, Retry: time.Second, Delay: 2 * time.Second,
		})
		limits := s.book.limits
		truth := map[Key]connection{}
		keys := []Key{key(1, server), key(2, server), key(1, "203.0.113.11:80"), key(1, "198.51.100.1:80")}
		winners := []Winner{
			winner("198.51.100.1:80", FormA), winner("198.51.100.2:80", FormB), winner("198.51.100.3:80", FormC),
			winner("198.51.100.4:80", FormC), winner("203.0.113.11:80", FormA),
		}
		var late []Event // on their way
		faulty := false
		s.fault = func(op Op) (Outcome, bool) {
			if !faulty {
				return 0, false
			}
			switch rapid.IntRange(0, 5).Draw(rt, "fault") {
			case 0:
				return Refused, true
			case 1:
				return Unclear, true
			case 2: // done, but the answer got lost
				faulty = false
				s.apply(op)
				faulty = true
				return Unclear, true
			}
			return 0, false
		}
		flush := func() {
			s.now += 100 * time.Millisecond
			s.look()
			s.flush()
		}
		// A write that is under way: carried out, but its outcome not known yet.
		var ops []Op
		var outcomes []Outcome
		finish := func() {
			if len(ops) > 0 {
				s.book.Done(ops, outcomes, s.now)
			}
			ops, outcomes = nil, nil
		}
		rt.Repeat(map[string]func(*rapid.T){
			"connect": func(rt *rapid.T) {
				k := rapid.SampledFrom(keys).Draw(rt, "key")
				if _, translated := s.out[k]; translated {
					return // the switch would not race it
				}
				w := rapid.SampledFrom(winners).Draw(rt, "winner")
				if w.End() == k.ServerEnd() {
					return // that is the server itself, which nothing is translated for
				}
				if old, has := truth[k]; has && s.now-old.used < 3*time.Second {
					return // no client uses its ports again that soon
				}
				c := connection{winner: w, isn: rapid.Uint32().Draw(rt, "isn"), used: s.now}
				e := s.event(k, false, SYN, c.isn)
				e.Winner = c.winner
				c.since = e.Tick
				truth[k] = c
				late = append(late, e)
				// Digests of other connections come on time, which is what lateness is measured against.
				s.book.lag.of(v1model, e.Tick, e.At)
			},
			"tell again": func(rt *rapid.T) {
				k := rapid.SampledFrom(keys).Draw(rt, "key")
				c, open := truth[k]
				if _, translated := s.out[k]; open && !translated {
					c.used = s.now
					truth[k] = c
					e := s.event(k, true, 0x10, rapid.Uint32().Draw(rt, "sequence"))
					e.Winner = c.winner
					late = append(late, e)
				}
			},
			"deliver": func(rt *rapid.T) {
				if len(late) == 0 {
					return
				}
				i := rapid.IntRange(0, len(late)-1).Draw(rt, "digest")
				e := late[i]
				e.At = s.now
				s.book.Claimed(e)
				if rapid.Bool().Draw(rt, "once") {
					late = slices.Delete(late, i, i+1)
				}
				if rapid.Bool().Draw(rt, "write") {
					flush()
				}
			},
			"begin to write": func(rt *rapid.T) {
				if len(ops) > 0 {
					return
				}
				ops = s.book.Flush(6, s.now)
				for _, op := range ops {
					outcomes = append(outcomes, s.apply(op))
				}
			},
			"finish writing": func(*rapid.T) { finish() },
			"lose": func(rt *rapid.T) {
				if len(late) > 0 {
					i := rapid.IntRange(0, len(late)-1).Draw(rt, "digest")
					late = slices.Delete(late, i, i+1)
				}
			},
			"close": func(rt *rapid.T) {
				k := rapid.SampledFrom(keys).Draw(rt, "key")
				if _, translated := s.out[k]; translated {
					s.book.Closing(s.event(k, rapid.Bool().Draw(rt, "client"), rapid.SampledFrom([]uint8{FIN, RST}).Draw(rt, "flags"), 0))
				}
			},
			"time":  func(rt *rapid.T) { s.pass(time.Duration(rapid.IntRange(1, 20).Draw(rt, "seconds")) * time.Second) },
			"fault": func(rt *rapid.T) { faulty = rapid.Bool().Draw(rt, "faulty") },
			"restart": func(rt *rapid.T) {
				ops, outcomes = nil, nil // nobody hears of it any more
				if rapid.Bool().Draw(rt, "fresh") {
					s.book = New(limits)
				}
				s.adopt(false)
				s.book.lag.of(v1model, uint32(s.now/v1model.Tick), s.now)
			},
			"": func(rt *rapid.T) { check(rt, s) },
		})

		faulty = false
		late = nil
		finish()
		s.pass(30 * time.Second)
		// Connections that share a replica's end are one connection there: only the newest of them is real.
		for k, c := range truth {
			for k2, c2 := range truth {
				if k != k2 && c.since > c2.since && inboundKey(k, c.winner) == inboundKey(k2, c2.winner) {
					delete(truth, k2)
				}
			}
		}
		for range 2 {
			for k, c := range truth {
				if _, translated := s.out[k]; translated {
					continue
				}
				e := s.event(k, true, 0x10, 0)
				e.Winner = c.winner
				s.book.Claimed(e)
			}
			s.flush()
		}
		for k, c := range truth {
			got := s.out[k]
			if !got.alike(c.winner) {
				rt.Fatalf("%v goes to %v, its winner is %v", k, got, c.winner)
			}
			if in := s.in[inboundKey(k, got)]; in.Flow != k || !in.Winner.alike(got) {
				rt.Fatalf("%v goes to %v and comes from %v", k, got, in)
			}
		}
		// Whatever else is in the tables the book knows of, so that it will go some day.
		for k := range s.out {
			if s.book.flows[k] == nil {
				rt.Fatalf("outbound entry %v is forgotten", k)
			}
		}
		for k := range s.in {
			if s.book.owner(k) == nil {
				rt.Fatalf("inbound entry %v is forgotten", k)
			}
		}
	})
}

func check(rt *rapid.T, s *fake) {
	b := s.book
	for k, f := range b.flows {
		if f.key != k || f.gone {
			rt.Fatalf("%v is kept under %v (gone %v)", f.key, k, f.gone)
		}
		if !f.listed && !f.queued && !f.underway && !f.looking {
			rt.Fatalf("%v is forgotten: %+v", k, f)
		}
	}
	for k, f := range b.owners {
		if f.gone || f.InboundKey() != k {
			rt.Fatalf("%v belongs to %v", k, fmt.Sprintf("%+v", f))
		}
	}
}
