package gateway

import (
	"errors"
	"fmt"
	"slices"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/controller/gateway/plan"
	"github.com/firstack/firstack/controller/p4rt"
)

// job is the writing of what the tables have to hold.
type job struct {
	dirty   bool // something changed since the last plan
	running bool
	retry   time.Duration             // no sooner than then
	written map[string][]*p4v1.Entity // by stage: what this term has seen the tables hold
}

// retryEvery is how long the switch has after it refused something.
const retryEvery = time.Second

// reconcile writes what changed, unless that is under way.
func (g *Gateway) reconcile(now time.Duration) {
	open := g.mayOpen(now)
	if open && g.door.closed {
		g.job.dirty = true
	}
	if !g.job.dirty || g.job.running || now < g.job.retry {
		return
	}
	g.job.dirty = false
	stages, err := g.plan(open)
	if err != nil {
		g.log.Error("plan failed", "err", err)
		g.job.dirty, g.job.retry = true, now+retryEvery
		return
	}
	stages = slices.DeleteFunc(stages, func(s plan.Stage) bool {
		written, ever := g.job.written[s.Name]
		return ever && slices.EqualFunc(written, s.Entities, func(a, b *p4v1.Entity) bool { return proto.Equal(a, b) })
	})
	if len(stages) == 0 {
		g.filled(open, now)
		return
	}
	g.job.running = true
	t := g.term
	held := make(map[string][]*p4v1.Entity, len(stages))
	for _, s := range stages {
		if written, ever := g.job.written[s.Name]; ever {
			held[s.Name] = written
		}
	}
	g.beside(t, func() func() {
		changes, whole, err := carryOut(t, stages, held)
		return func() {
			g.job.running = false
			if whole {
				g.filled(open, g.now())
			}
			g.reconciled(stages, changes, err)
		}
	})
}

func (g *Gateway) reconciled(stages []plan.Stage, changes p4rt.Changes, err error) {
	if err != nil {
		g.log.Warn("tables not written in whole", "err", err)
		for _, s := range stages {
			delete(g.job.written, s.Name) // it is not known what they hold: read it
		}
		g.job.dirty, g.job.retry = true, g.now()+retryEvery
		return
	}
	if changes.Inserted+changes.Modified+changes.Deleted > 0 {
		g.log.Info("tables written", "inserted", changes.Inserted, "modified", changes.Modified, "deleted", changes.Deleted)
	}
	if g.job.written == nil {
		g.job.written = map[string][]*p4v1.Entity{}
	}
	for _, s := range stages {
		g.job.written[s.Name] = s.Entities
	}
	if !g.job.dirty && !g.door.closed {
		g.release()
	}
}

// release gives back numbers that nothing uses: the tables are known to agree with the plan.
func (g *Gateway) release() {
	used := map[plan.Hop]bool{}
	for _, h := range g.wanted() {
		used[h] = true
	}
	for h := range g.slow.Neighbors() {
		used[h] = true
	}
	g.hops.Keep(func(h plan.Hop) bool {
		_, static := g.routing.Static(h)
		return static || used[h]
	})
	g.role.settled()
}

// plan lists the stages. Neighbors, to which the others refer, come first. Routes come next, or last in a switch that
// is to be opened, and are left out while it has to stay closed.
func (g *Gateway) plan(open bool) ([]plan.Stage, error) {
	router := g.role.router()
	neighbors, routes, err := router.Stages(g.routing, g.slow.Neighbors(), g.wanted(), g.hops)
	if err != nil {
		return nil, err
	}
	stages, problems, err := g.role.stages()
	if err != nil {
		return nil, err
	}
	if !slices.Equal(problems, g.problems) {
		g.problems = problems
		for _, p := range problems {
			g.log.Warn("configuration can't be carried out", "problem", p)
		}
	}
	all := []plan.Stage{neighbors}
	switch {
	case !g.door.closed:
		return append(append(all, routes), stages...), nil
	case open:
		return append(append(all, stages...), routes), nil
	}
	return append(all, stages...), nil
}

// carryOut puts the stages in, one after the other, and then takes out what is left over, in the opposite order: no
// packet meets an entry that refers to nothing. held is what the tables of a stage are known to hold; of others it is
// read. whole says that every stage was gone through, although single entries may have been refused.
func carryOut(t *term, stages []plan.Stage, held map[string][]*p4v1.Entity) (total p4rt.Changes, whole bool, err error) {
	spare := func(*p4v1.Entity) bool { return true }
	one := func(s plan.Stage, undeleted func(*p4v1.Entity) bool) bool {
		scope := p4rt.Scope{Tables: s.Tables, Multicast: s.Multicast, Undeleted: undeleted}
		var changes p4rt.Changes
		var e error
		if known, ok := held[s.Name]; ok {
			if undeleted == nil { // by now the new ones are there as well
				known = slices.Concat(known, s.Entities)
			}
			changes, e = t.conn.Change(t.ctx, scope, known, s.Entities)
		} else {
			changes, e = t.conn.Reconcile(t.ctx, scope, s.Entities...)
		}
		total.Inserted += changes.Inserted
		total.Modified += changes.Modified
		total.Deleted += changes.Deleted
		if e == nil {
			return true
		}
		err = errors.Join(err, fmt.Errorf("%s: %w", s.Name, e))
		var w *p4rt.WriteError
		return errors.As(e, &w) && w.Err == nil // single entries failed: the others shall not suffer
	}
	for _, s := range stages {
		if !one(s, spare) {
			return total, false, err
		}
	}
	for _, s := range slices.Backward(stages) {
		if len(s.Tables) == 0 && !s.Multicast {
			continue
		}
		if !one(s, nil) {
			return total, false, err
		}
	}
	return total, true, err
}
