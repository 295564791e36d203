package etcd

import (
	"context"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/firstack/firstack/controller/p4rt"
)

// Elector gives the election of a switch's primary. high is put before etcd's revision in election ids: an operator
// raises it when etcd's revisions were set back and switches have seen higher ones.
func (c *Cluster) Elector(switchName string, high uint64) p4rt.Elector {
	return &election{Cluster: c, name: switchName, high: high}
}

// election is our part in one. It belongs to Campaign's goroutine.
type election struct {
	*Cluster
	name string // of the switch
	high uint64

	able    bool  // we reach the switch
	entered int64 // revision at which our key was put or taken back last
	led     int64 // revision that we lead by; 0: we don't
	// since is when somebody else began to wait for a switch that we lead and can't reach; zero: nobody does.
	since time.Time
}

// Campaign implements p4rt.Elector.
func (e *election) Campaign(ctx context.Context, reached <-chan bool, elected func(p4rt.ElectionID)) {
	for ctx.Err() == nil {
		next := e.changed.Wait()
		lease := e.lease.held()
		leader, mine, count := e.field(e.name, e.keyOf(e.name, lease))
		if lease == clientv3.NoLease || !e.knows(e.entered) || mine.key == "" || leader != mine {
			e.lead(0, elected) // a board that is behind may have the key that we took back
		} else {
			e.lead(mine.created, elected)
		}
		again := e.act(ctx, lease, mine, count, elected)
		var wake <-chan time.Time
		if again > 0 {
			wake = time.After(again)
		}
		select {
		case <-ctx.Done():
		case e.able = <-reached:
		case <-next:
		case <-wake:
		}
	}
	e.lead(0, elected)
	if lease := e.lease.held(); lease != clientv3.NoLease && e.entered > 0 {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		e.leave(ctx, e.keyOf(e.name, lease))
	}
}

// lead tells whether, and by which revision, we lead.
func (e *election) lead(revision int64, elected func(p4rt.ElectionID)) {
	switch {
	case e.led == revision:
		return
	case revision == 0:
		e.options.Logger.Info("no longer elected", "switch", e.name)
		elected(p4rt.ElectionID{})
	default:
		e.options.Logger.Info("elected", "switch", e.name, "revision", revision)
		elected(p4rt.ElectionID{High: e.high, Low: uint64(revision)})
	}
	e.led = revision
}

// act puts our key or takes it back, as it should be. again is when to look again though nothing changes; 0: never.
func (e *election) act(ctx context.Context, lease clientv3.LeaseID, mine candidate, count int, elected func(p4rt.ElectionID)) (again time.Duration) {
	if e.able || mine.key == "" || count == 1 {
		e.since = time.Time{}
	}
	switch {
	case lease == clientv3.NoLease:
	case e.able && mine.key == "" && e.knows(e.entered):
		return e.enter(ctx, lease)
	case !e.able && mine.key != "" && e.led == 0:
		return e.leave(ctx, mine.key)
	case !e.able && mine.key != "" && count > 1:
		// The switch may be starting again, and then we know best what it had. So others wait a while.
		if e.since.IsZero() {
			e.since = time.Now()
		}
		if left := e.options.Lease - time.Since(e.since); left > 0 {
			return left
		}
		e.lead(0, elected)
		return e.leave(ctx, mine.key)
	}
	return 0
}

// enter puts our key.
func (e *election) enter(ctx context.Context, lease clientv3.LeaseID) (again time.Duration) {
	ctx, cancel := e.request(ctx)
	defer cancel()
	key := e.keyOf(e.name, lease)
	r, err := e.client.Txn(ctx).
		If(clientv3.Compare(clientv3.CreateRevision(key), "=", 0)).
		Then(clientv3.OpPut(key, e.options.Name, clientv3.WithLease(lease))).
		Commit()
	if err != nil {
		e.options.Logger.Debug("not entered in the election", "switch", e.name, "err", e.explain(err))
		return retryEvery
	}
	if r.Succeeded {
		e.entered = r.Header.Revision
	}
	return 0
}

// leave takes our key back.
func (e *election) leave(ctx context.Context, key string) (again time.Duration) {
	ctx, cancel := e.request(ctx)
	defer cancel()
	r, err := e.client.Delete(ctx, key)
	if err != nil {
		e.options.Logger.Debug("election not left", "switch", e.name, "err", e.explain(err))
		return retryEvery
	}
	if r.Deleted > 0 {
		e.entered = r.Header.Revision
	}
	return 0
}
