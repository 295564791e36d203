package gateway

import (
	"slices"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/controller/gateway/plan"
)

// drains lists the stand-ins that drain, in a fixed order.
func (r *replica) drains() []plan.StandIn {
	var list []plan.StandIn
	for _, d := range r.draining {
		list = append(list, d.StandIn)
	}
	slices.SortFunc(list, func(a, b plan.StandIn) int {
		if c := a.Replica.Compare(b.Replica); c != 0 {
			return c
		}
		return a.Server.Compare(b.Server)
	})
	return list
}

// work looks at the counters of what drains. Whoever was quiet for the whole idle life of a connection serves nobody
// any more.
func (r *replica) work(now time.Duration) {
	if len(r.draining) == 0 || r.looking || now < r.next {
		return
	}
	idle := r.timers().Idle
	r.looking, r.next = true, now+idle/4
	t := r.term
	r.beside(t, func() func() {
		entities, err := t.conn.ReadAll(t.ctx, r.plan.ReadStandIns()...)
		return func() {
			r.looking = false
			if err != nil {
				r.log.Warn("counters of draining replicas not read", "err", err)
				return
			}
			r.drained(entities, idle)
		}
	})
}

func (r *replica) drained(entities []*p4v1.Entity, idle time.Duration) {
	now := r.now()
	for s, count := range r.plan.RestoreStandIns(entities, r.cells) {
		d := r.draining[placeOf(s)]
		if d == nil {
			continue
		}
		if d.count != count {
			d.count, d.moved = count, now
		}
	}
	for k, d := range r.draining {
		if now-d.moved >= idle {
			delete(r.draining, k)
			r.job.dirty = true
			r.log.Info("replica drained", "replica", d.Replica, "server", d.Server)
		}
	}
}
