package etcd_test

import (
	"context"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/firstack/firstack/controller/p4rt"
	"github.com/firstack/firstack/controller/store/etcd"
	"github.com/firstack/firstack/controller/store/etcd/etcdtest"
)

// stand is a controller's part in an election.
type stand struct {
	*etcd.Cluster
	reached chan bool
	elected chan p4rt.ElectionID
	stop    func()
}

// stands has a controller stand for switch gw, which it reaches.
func stands(t *testing.T, server *etcdtest.Server, name string) *stand {
	t.Helper()
	s := &stand{Cluster: open(t, options(server, name)), reached: make(chan bool), elected: make(chan p4rt.ElectionID, 100)}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Elector("gw/1", 7).Campaign(ctx, s.reached, func(id p4rt.ElectionID) { s.elected <- id })
	}()
	s.stop = func() { cancel(); <-ended }
	t.Cleanup(s.stop)
	s.reached <- true
	return s
}

func (s *stand) won(t *testing.T, after p4rt.ElectionID) p4rt.ElectionID {
	t.Helper()
	id := await(t, s.elected, s.Standing().Name+"'s election")
	if id.High != 7 || id.Compare(after) <= 0 {
		t.Errorf("%s was elected with %v, after %v", s.Standing().Name, id, after)
	}
	return id
}

func (s *stand) lost(t *testing.T) {
	t.Helper()
	if id := await(t, s.elected, "the end of "+s.Standing().Name+"'s time"); id != (p4rt.ElectionID{}) {
		t.Errorf("%s was told %v, not that its time is over", s.Standing().Name, id)
	}
}

// silent makes sure that nothing was told.
func (s *stand) silent(t *testing.T) {
	t.Helper()
	select {
	case id := <-s.elected:
		t.Errorf("%s was told %v", s.Standing().Name, id)
	default:
	}
}

// waits until a controller is known to stand behind the leader.
func (s *stand) waits(t *testing.T, leader string) {
	t.Helper()
	until(t, "it knows the leader", func() bool { name, self := s.Leader("gw/1"); return name == leader && !self })
}

// One leads; when it goes, by itself or not, the next does, always with a higher id.
func TestSuccession(t *testing.T) {
	t.Parallel()
	server := etcdtest.Start(t, etcdtest.TLS{})
	a := stands(t, server, "a")
	first := a.won(t, p4rt.ElectionID{})
	if name, self := a.Leader("gw/1"); name != "a" || !self {
		t.Errorf("leader %q, %v", name, self)
	}
	b := stands(t, server, "b")
	b.waits(t, "a")
	entered(t, server, 2)
	c := stands(t, server, "c")
	entered(t, server, 3)
	b.silent(t)
	c.silent(t)

	a.stop()
	a.lost(t)
	second := b.won(t, first)
	c.waits(t, "b")

	// As when the lease of one that was killed ends; but this one lives to see it.
	kill(t, server, "b")
	third := c.won(t, second)
	b.lost(t)
	c.silent(t)
	if leader, self := c.Leader("gw/1"); leader != "c" || !self {
		t.Errorf("leader %q, %v", leader, self)
	}
	// b has another lease by now, and stands behind c.
	b.waits(t, "c")
	entered(t, server, 2)
	c.stop()
	b.won(t, third)
}

func raw(t *testing.T, server *etcdtest.Server) *clientv3.Client {
	t.Helper()
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{server.Address}, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// entered waits until so many stand.
func entered(t *testing.T, server *etcdtest.Server, count int64) {
	t.Helper()
	client := raw(t, server)
	until(t, "all stand", func() bool {
		r, err := client.Get(t.Context(), "/firstack/switches/gw%2F1/", clientv3.WithPrefix(), clientv3.WithCountOnly())
		return err == nil && r.Count == count
	})
}

// kill takes a controller's lease away.
func kill(t *testing.T, server *etcdtest.Server, name string) {
	t.Helper()
	client := raw(t, server)
	r, err := client.Get(t.Context(), "/firstack/switches/", clientv3.WithPrefix())
	if err != nil {
		t.Fatal(err)
	}
	for _, kv := range r.Kvs {
		if string(kv.Value) == name {
			if _, err := client.Revoke(t.Context(), clientv3.LeaseID(kv.Lease)); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatalf("%s does not stand", name)
}

// Who can't reach the switch does not stand; a leader who can't gives others a chance, but not at once.
func TestReach(t *testing.T) {
	t.Parallel()
	server := etcdtest.Start(t, etcdtest.TLS{})
	a, b := stands(t, server, "a"), open(t, options(server, "b"))
	first := a.won(t, p4rt.ElectionID{})
	a.reached <- false
	a.reached <- true
	a.reached <- false // nobody else is there: it may as well lead
	a.silent(t)
	until(t, "b knows", func() bool { name, _ := b.Leader("gw/1"); return name == "a" })
	began := time.Now()
	c := stands(t, server, "c")
	second := c.won(t, first)
	if took := time.Since(began); took < lease {
		t.Errorf("the leader gave way after %v; the switch may have been starting again", took)
	}
	a.lost(t)
	a.reached <- true
	entered(t, server, 2)
	c.stop()
	a.won(t, second)
	c.lost(t)
}

// With etcd gone nobody leads once the lease is over, and everything goes on when it is back.
func TestEtcdLost(t *testing.T) {
	t.Parallel()
	server := etcdtest.Start(t, etcdtest.TLS{})
	a := stands(t, server, "a")
	first := a.won(t, p4rt.ElectionID{})
	b := stands(t, server, "b")
	b.waits(t, "a")
	entered(t, server, 2)
	began := time.Now()
	server.Kill()
	a.lost(t)
	if took := time.Since(began); took > 2*lease {
		t.Errorf("it led for %v without etcd", took)
	}
	if a.Standing().Leased {
		t.Error("it has a lease without etcd")
	}
	for _, one := range []*stand{a, b} {
		until(t, "it does not know the leader", func() bool { name, self := one.Leader("gw/1"); return name == "" && !self })
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	// Its lease is still there when etcd is back so soon, or else the other's turn has come.
	select {
	case id := <-a.elected:
		if id.Compare(first) < 0 {
			t.Errorf("elected with %v after %v", id, first)
		}
	case id := <-b.elected:
		if id.Compare(first) <= 0 {
			t.Errorf("elected with %v after %v", id, first)
		}
	case <-time.After(patience):
		t.Error("nobody leads")
	}
}
