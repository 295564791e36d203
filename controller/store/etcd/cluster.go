package etcd

import (
	"context"
	"sync"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/firstack/firstack/controller/state"
	"github.com/firstack/firstack/controller/store"
	"github.com/firstack/firstack/internal/changes"
)

// Cluster is a controller's place among those that share an etcd.
type Cluster struct {
	options Options
	client  *clientv3.Client
	trouble trouble
	lease   lease
	board   board
	changed changes.Notice // lease or board

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	parts  sync.WaitGroup
}

var _ store.Store = (*Cluster)(nil)

// Open connects to etcd, which has to answer, and keeps a lease there until Close.
func Open(ctx context.Context, o Options) (*Cluster, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	c := &Cluster{options: o}
	var err error
	if c.client, err = dial(&c.options, &c.trouble); err != nil {
		return nil, err
	}
	c.ctx, c.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if _, err := c.Load(ctx); err != nil {
		c.cancel()
		c.client.Close()
		return nil, err
	}
	c.parts.Go(func() { c.keep(c.ctx) })
	c.parts.Go(func() { c.mirror(c.ctx) })
	return c, nil
}

// Standing tells how this controller stands to the others.
func (c *Cluster) Standing() state.Cluster {
	s := state.Cluster{Name: c.options.Name, Leased: c.lease.held() != clientv3.NoLease}
	if c.options.Expires != nil {
		s.CertificateExpires = c.options.Expires()
	}
	return s
}

// Close implements store.Store. It gives the lease back, so that others need not wait for its end.
func (c *Cluster) Close() error {
	c.cancel()
	c.parts.Wait()
	return c.client.Close()
}

// request bounds a request to etcd.
func (c *Cluster) request(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, c.options.Timeout)
}
