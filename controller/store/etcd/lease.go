package etcd

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// lease is this controller's. It is valid for as long as etcd certainly keeps it: from when we asked, not from when the
// answer came.
type lease struct {
	mu    sync.Mutex
	id    clientv3.LeaseID // of the last that was granted; NoLease: none
	until time.Time
	over  *time.Timer // tells that it is
}

// held is the lease if it is valid, else NoLease.
func (l *lease) held() clientv3.LeaseID {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !time.Now().Before(l.until) {
		return clientv3.NoLease
	}
	return l.id
}

// extend takes in what etcd granted.
func (c *Cluster) extend(id clientv3.LeaseID, asked time.Time, seconds int64) {
	l := &c.lease
	l.mu.Lock()
	news := l.id != id || !time.Now().Before(l.until) // else nobody was told that it was over
	l.id, l.until = id, asked.Add(time.Duration(seconds)*time.Second)
	if l.over != nil {
		l.over.Stop()
	}
	l.over = time.AfterFunc(time.Until(l.until), c.expired)
	l.mu.Unlock()
	c.trouble.clear()
	if news {
		c.options.Logger.Info("lease held in etcd", "lease", text(id), "seconds", seconds, "controller", c.options.Name)
		c.changed.Tell()
	}
}

// expired is called when the time of the lease is over.
func (c *Cluster) expired() {
	if c.lease.held() == clientv3.NoLease && c.ctx.Err() == nil {
		c.options.Logger.Warn("lease in etcd is over: this controller is primary nowhere until etcd answers again")
		c.changed.Tell()
	}
}

// drop forgets the lease: etcd has said that it is gone.
func (c *Cluster) drop() {
	l := &c.lease
	l.mu.Lock()
	l.id, l.until = clientv3.NoLease, time.Time{}
	l.over.Stop()
	l.mu.Unlock()
	c.changed.Tell()
}

// keep renews the lease until ctx ends, and then gives it back. A lease whose time is over may still be there when etcd
// comes back, as may what hangs on it: then it goes on.
func (c *Cluster) keep(ctx context.Context) {
	third := c.options.Lease / 3
	failing := false
	for ctx.Err() == nil {
		err := c.renew(ctx, third)
		switch {
		case err == nil && failing:
			c.options.Logger.Info("etcd answers again")
			failing = false
		case errors.Is(err, rpctypes.ErrLeaseNotFound):
			c.options.Logger.Warn("etcd has given up our lease; asking for another")
			c.drop()
			continue
		case err != nil && ctx.Err() == nil && !failing:
			c.options.Logger.Warn("lease not renewed; trying again", "err", c.explain(err))
			failing = true
		}
		if err != nil {
			sleep(ctx, min(retryEvery, third))
		} else {
			sleep(ctx, third)
		}
	}
	c.lease.mu.Lock()
	id := c.lease.id
	if c.lease.over != nil {
		c.lease.over.Stop()
	}
	c.lease.id, c.lease.until = clientv3.NoLease, time.Time{}
	c.lease.mu.Unlock()
	if id != clientv3.NoLease {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if _, err := c.client.Revoke(ctx, id); err != nil {
			c.options.Logger.Warn("lease not given back; it ends by itself", "err", c.explain(err))
		}
	}
}

// renew asks for a lease, or for more time with the one that there is.
func (c *Cluster) renew(ctx context.Context, within time.Duration) error {
	c.lease.mu.Lock()
	id := c.lease.id
	c.lease.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	asked := time.Now()
	if id == clientv3.NoLease {
		r, err := c.client.Grant(ctx, c.options.seconds())
		if err != nil {
			return err
		}
		c.extend(r.ID, asked, r.TTL)
		return nil
	}
	r, err := c.client.KeepAliveOnce(ctx, id)
	if err != nil {
		return err
	}
	c.extend(id, asked, r.TTL)
	return nil
}
