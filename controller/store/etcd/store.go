package etcd

import (
	"context"
	"errors"
	"fmt"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/firstack/firstack/controller/store"
)

// retryEvery is how long to wait before something is tried again that etcd did not do.
const retryEvery = 200 * time.Millisecond

func (c *Cluster) configuration() string { return c.options.Prefix + "/configuration" }

// Load implements store.Store. A revision is etcd's mod revision of the key.
func (c *Cluster) Load(ctx context.Context) (store.Version, error) {
	v, _, err := c.load(ctx)
	return v, err
}

// load also tells etcd's revision, from which changes can be watched.
func (c *Cluster) load(ctx context.Context) (v store.Version, now int64, err error) {
	if c.ctx.Err() != nil {
		return v, 0, store.ErrClosed
	}
	ctx, cancel := c.request(ctx)
	defer cancel()
	r, err := c.client.Get(ctx, c.configuration())
	if err != nil {
		return v, 0, c.explain(err)
	}
	if len(r.Kvs) > 0 {
		v = store.Version{Revision: uint64(r.Kvs[0].ModRevision), Value: r.Kvs[0].Value}
	}
	return v, r.Header.Revision, nil
}

// Swap implements store.Store. When etcd did not answer in time, it may have taken the value all the same: then the change
// comes by Watch.
func (c *Cluster) Swap(ctx context.Context, revision uint64, value []byte) (store.Version, error) {
	if c.ctx.Err() != nil {
		return store.Version{}, store.ErrClosed
	}
	ctx, cancel := c.request(ctx)
	defer cancel()
	r, err := c.client.Txn(ctx).
		If(clientv3.Compare(clientv3.ModRevision(c.configuration()), "=", int64(revision))).
		Then(clientv3.OpPut(c.configuration(), string(value))).
		Commit()
	switch {
	case err != nil:
		return store.Version{}, c.explain(err)
	case !r.Succeeded:
		return store.Version{}, store.ErrConflict
	}
	return store.Version{Revision: uint64(r.Header.Revision), Value: value}, nil
}

// Watch implements store.Store. While etcd is out of reach nothing comes; then the newest version does.
func (c *Cluster) Watch(ctx context.Context, revision uint64) <-chan store.Version {
	out := make(chan store.Version)
	ctx, cancel := context.WithCancel(ctx)
	context.AfterFunc(c.ctx, cancel)
	go func() {
		defer close(out)
		defer cancel()
		for ctx.Err() == nil {
			err := c.follow(ctx, &revision, out)
			if ctx.Err() != nil {
				return
			}
			c.options.Logger.Warn("configuration in etcd not followed; trying again", "err", err)
			sleep(ctx, retryEvery)
		}
	}()
	return out
}

// follow sends versions newer than revision, which it moves on, until it fails.
func (c *Cluster) follow(ctx context.Context, revision *uint64, out chan<- store.Version) error {
	newest, now, err := c.load(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(clientv3.WithRequireLeader(ctx))
	defer cancel()
	events := c.client.Watch(ctx, c.configuration(), clientv3.WithRev(now+1))
	for {
		var to chan<- store.Version
		if newest.Revision > *revision {
			to = out
		}
		select {
		case to <- newest:
			*revision = newest.Revision
		case r, open := <-events:
			if !open {
				return errors.New("the watch has ended")
			}
			if err := r.Err(); err != nil {
				return c.explain(err)
			}
			for _, e := range r.Events {
				if e.Type == clientv3.EventTypePut {
					newest = store.Version{Revision: uint64(e.Kv.ModRevision), Value: e.Kv.Value}
				} else {
					c.options.Logger.Error("the configuration was deleted in etcd; this controller keeps what it has, and the next Set stores it again",
						"key", string(e.Kv.Key), "revision", e.Kv.ModRevision)
				}
			}
		}
	}
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// text is a lease as keys have it.
func text(id clientv3.LeaseID) string { return fmt.Sprintf("%016x", int64(id)) }
