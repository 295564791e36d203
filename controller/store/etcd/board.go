package etcd

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// candidate is a controller that stands for a switch.
type candidate struct {
	key     string
	name    string // the controller's
	created int64  // revision: whoever has the lowest leads
}

// board is who stands for what, as etcd told it last.
type board struct {
	mu       sync.Mutex
	revision int64                           // as of which it is
	switches map[string]map[string]candidate // by switch and key
}

func (c *Cluster) switches() string { return c.options.Prefix + "/switches/" }

// keyOf is the key of a candidate for a switch.
func (c *Cluster) keyOf(switchName string, id clientv3.LeaseID) string {
	return c.switches() + url.PathEscape(switchName) + "/" + text(id)
}

// switchOf reads a switch's name out of a key; ok is false for keys of others.
func (c *Cluster) switchOf(key string) (name string, ok bool) {
	rest, ok := strings.CutPrefix(key, c.switches())
	if !ok {
		return "", false
	}
	escaped, id, ok := strings.Cut(rest, "/")
	name, err := url.PathUnescape(escaped)
	return name, ok && err == nil && name != "" && id != "" && !strings.Contains(id, "/")
}

// mirror keeps the board until ctx ends.
func (c *Cluster) mirror(ctx context.Context) {
	for ctx.Err() == nil {
		if err := c.watchBoard(ctx); ctx.Err() == nil {
			c.options.Logger.Warn("elections in etcd not followed; trying again", "err", err)
			sleep(ctx, retryEvery)
		}
	}
}

func (c *Cluster) watchBoard(ctx context.Context) error {
	within, cancel := c.request(ctx)
	r, err := c.client.Get(within, c.switches(), clientv3.WithPrefix())
	cancel()
	if err != nil {
		return c.explain(err)
	}
	c.board.mu.Lock()
	c.board.switches = map[string]map[string]candidate{}
	for _, kv := range r.Kvs {
		c.put(kv)
	}
	c.board.revision = r.Header.Revision
	c.board.mu.Unlock()
	c.changed.Tell()
	ctx, cancel = context.WithCancel(clientv3.WithRequireLeader(ctx))
	defer cancel()
	for r := range c.client.Watch(ctx, c.switches(), clientv3.WithPrefix(), clientv3.WithRev(r.Header.Revision+1)) {
		if err := r.Err(); err != nil {
			return c.explain(err)
		}
		if len(r.Events) == 0 {
			continue
		}
		c.board.mu.Lock()
		for _, e := range r.Events {
			if e.Type == clientv3.EventTypePut {
				c.put(e.Kv)
			} else if name, ok := c.switchOf(string(e.Kv.Key)); ok {
				delete(c.board.switches[name], string(e.Kv.Key))
			}
			c.board.revision = max(c.board.revision, e.Kv.ModRevision)
		}
		c.board.mu.Unlock()
		c.changed.Tell()
	}
	return errors.New("the watch has ended")
}

// put takes in a key. board.mu is held.
func (c *Cluster) put(kv *mvccpb.KeyValue) {
	name, ok := c.switchOf(string(kv.Key))
	if !ok {
		return
	}
	if c.board.switches[name] == nil {
		c.board.switches[name] = map[string]candidate{}
	}
	c.board.switches[name][string(kv.Key)] = candidate{string(kv.Key), string(kv.Value), kv.CreateRevision}
}

// Leader names the controller that leads a switch, and says whether it is this one; "": none does, or without a lease of
// our own we can't know.
func (c *Cluster) Leader(switchName string) (name string, self bool) {
	lease := c.lease.held()
	if lease == clientv3.NoLease {
		return "", false
	}
	leader, mine, _ := c.field(switchName, c.keyOf(switchName, lease))
	return leader.name, mine.key != "" && leader == mine
}

// field is who stands for a switch: the leader, the candidate with a key, zero when there is none, and how many there are.
func (c *Cluster) field(switchName, key string) (leader, mine candidate, count int) {
	c.board.mu.Lock()
	defer c.board.mu.Unlock()
	all := c.board.switches[switchName]
	for _, one := range all {
		if leader.key == "" || one.created < leader.created {
			leader = one
		}
	}
	return leader, all[key], len(all)
}

// knows tells whether the board is as of a revision, or newer.
func (c *Cluster) knows(revision int64) bool {
	c.board.mu.Lock()
	defer c.board.mu.Unlock()
	return c.board.revision >= revision
}
