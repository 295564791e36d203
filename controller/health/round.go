package health

import (
	"container/heap"
	"context"
	"time"

	"github.com/firstack/firstack/controller/config"
)

// round is what the goroutine of Run owns: who is probed when.
type round struct {
	*Prober
	seen     uint64 // version of settings and targets
	settings config.Health
	entries  map[Target]*entry
	due      queue // of the entries that no probe is running for
	running  int
	results  chan result
	timer    *time.Timer // rings when the first of due is
}

// entry is one target in the round.
type entry struct {
	target Target
	record record
	next   time.Time // of its next probe
	place  int       // in due; -1 while its probe runs
}

type result struct {
	entry *entry
	outcome
}

func newRound(p *Prober) *round {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return &round{Prober: p, entries: map[Target]*entry{}, results: make(chan result, p.options.Concurrent), timer: timer}
}

// update takes over settings and targets where they have changed.
func (r *round) update() {
	settings, targets, changed := r.wanted(&r.seen)
	if !changed {
		return
	}
	wanted := make(map[Target]bool, len(targets))
	for _, t := range targets {
		wanted[t] = true
		if r.entries[t] == nil {
			e := &entry{target: t, record: record{Status: Status{Since: time.Now()}}, next: r.sometime(settings)}
			r.entries[t] = e
			heap.Push(&r.due, e)
		}
	}
	for t, e := range r.entries {
		if wanted[t] {
			continue
		}
		delete(r.entries, t)
		if e.place >= 0 {
			heap.Remove(&r.due, e.place)
		}
	}
	if settings != r.settings {
		r.change(settings)
	}
}

// sometime within the next interval: targets that are heard of at the same time are not probed at the same time.
func (r *round) sometime(settings config.Health) time.Time {
	return time.Now().Add(time.Duration(r.options.Rand() * float64(settings.Interval)))
}

// change takes over settings. Targets that nobody probes any more become active.
func (r *round) change(settings config.Health) {
	old := r.settings
	r.settings = settings
	for _, e := range r.entries {
		if settings.Off {
			r.become(e, Active, nil)
			e.record = record{Status: Status{Since: e.record.Since}}
			r.publish(e.target, e.record.Status)
			continue
		}
		if settings.Interval != old.Interval && e.place >= 0 {
			e.next = r.sometime(settings)
			heap.Fix(&r.due, e.place)
		}
	}
}

// start begins all probes that are due, as far as there is room, and sets the timer for the next.
func (r *round) start(ctx context.Context) {
	r.timer.Stop()
	if r.settings.Off {
		return
	}
	now := time.Now()
	for len(r.due) > 0 && r.running < r.options.Concurrent {
		e := r.due[0]
		if wait := e.next.Sub(now); wait > 0 {
			r.timer.Reset(wait)
			return
		}
		heap.Pop(&r.due)
		e.next = now.Add(r.settings.Interval)
		r.running++
		go func(settings config.Health) { r.results <- result{e, r.probe(ctx, e.target, settings)} }(r.settings)
	}
}

// finish takes in what a probe found, unless nobody wants to know any more.
func (r *round) finish(res result) {
	r.running--
	e := res.entry
	if r.entries[e.target] != e {
		return
	}
	heap.Push(&r.due, e)
	if r.settings.Off {
		return
	}
	state := e.record.add(res.outcome, r.settings.Rise, r.settings.Fall)
	if state == e.record.State {
		r.publish(e.target, e.record.Status)
		return
	}
	r.become(e, state, res.err)
}

// become steps a target to a state, if it is not in it, and tells so.
func (r *round) become(e *entry, state State, err error) {
	old := e.record.State
	if old == state {
		return
	}
	e.record.State, e.record.Since = state, time.Now()
	if r.publish(e.target, e.record.Status) {
		r.options.OnChange(Change{Target: e.target, Old: old, New: state, Err: err})
	}
}

// drain waits for the probes that still run; their context is done.
func (r *round) drain() {
	r.timer.Stop()
	for ; r.running > 0; r.running-- {
		<-r.results
	}
}

// queue is a heap of entries, the one that is due first on top.
type queue []*entry

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].next.Before(q[j].next) }
func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}
func (q *queue) Push(x any) {
	e := x.(*entry)
	e.place = len(*q)
	*q = append(*q, e)
}
func (q *queue) Pop() any {
	old := *q
	e := old[len(old)-1]
	*q, e.place = old[:len(old)-1], -1
	return e
}
