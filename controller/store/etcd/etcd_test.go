package etcd_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/firstack/firstack/controller/store"
	"github.com/firstack/firstack/controller/store/etcd"
	"github.com/firstack/firstack/controller/store/etcd/etcdtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = time.Minute

// lease is longer than what a busy machine may keep a process waiting, so that none is lost by chance.
const lease = 6 * time.Second

func logger() *slog.Logger {
	if os.Getenv("FIRSTACK_TEST_LOG") != "" {
		return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	return slog.New(slog.NewTextHandler(io.Discard, nil))
}

func options(s *etcdtest.Server, name string) etcd.Options {
	return etcd.Options{Endpoints: []string{s.Address}, Name: name, Insecure: true, Lease: lease, Logger: logger()}
}

// open joins until the test ends.
func open(t *testing.T, o etcd.Options) *etcd.Cluster {
	t.Helper()
	c, err := etcd.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func await[T any](t *testing.T, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("waited in vain for %s", what)
		panic("unreachable")
	}
}

// until polls a condition that nothing announces.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func swap(t *testing.T, s store.Store, revision uint64, value string) store.Version {
	t.Helper()
	v, err := s.Swap(t.Context(), revision, []byte(value))
	if err != nil || v.Revision <= revision || string(v.Value) != value {
		t.Fatalf("swap at %d: %v, %v", revision, v, err)
	}
	return v
}

func TestSwap(t *testing.T) {
	t.Parallel()
	server := etcdtest.Start(t, etcdtest.TLS{})
	a, b := open(t, options(server, "a")), open(t, options(server, "b"))
	if v, err := a.Load(t.Context()); err != nil || v.Revision != 0 || v.Value != nil {
		t.Errorf("an empty store has %v, %v", v, err)
	}
	first := swap(t, a, 0, "one")
	second := swap(t, b, first.Revision, "")
	for _, revision := range []uint64{0, first.Revision, second.Revision + 1} {
		if _, err := a.Swap(t.Context(), revision, []byte("x")); !errors.Is(err, store.ErrConflict) {
			t.Errorf("swap at %d: %v", revision, err)
		}
	}
	if v, err := a.Load(t.Context()); err != nil || v.Revision != second.Revision || len(v.Value) != 0 {
		t.Errorf("%v, %v", v, err)
	}
	o := options(server, "c")
	o.Prefix = "/another"
	if v, err := open(t, o).Load(t.Context()); err != nil || v.Revision != 0 {
		t.Errorf("another prefix has %v, %v", v, err)
	}
	a.Close()
	if _, err := a.Swap(t.Context(), second.Revision, nil); !errors.Is(err, store.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	if _, err := a.Load(t.Context()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

// Of many that swap at the same revision, one does.
func TestSwapsOfMany(t *testing.T) {
	t.Parallel()
	server := etcdtest.Start(t, etcdtest.TLS{})
	const each, many = 10, 3
	var done sync.WaitGroup
	for i := range many {
		c := open(t, options(server, fmt.Sprint(i)))
		done.Go(func() {
			for n := 0; n < each; {
				v, err := c.Load(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				_, err = c.Swap(t.Context(), v.Revision, append(v.Value, 'x'))
				if err == nil {
					n++
				} else if !errors.Is(err, store.ErrConflict) {
					t.Error(err)
					return
				}
			}
		})
	}
	done.Wait()
	if v, err := open(t, options(server, "last")).Load(t.Context()); err != nil || len(v.Value) != each*many {
		t.Errorf("%d changes are there, %v", len(v.Value), err)
	}
}

// Watchers get what others store, also what was stored while etcd was out of reach for them.
func TestWatch(t *testing.T) {
	t.Parallel()
	server := etcdtest.Start(t, etcdtest.TLS{})
	a, b := open(t, options(server, "a")), open(t, options(server, "b"))
	last := swap(t, a, 0, "0")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w, late := b.Watch(ctx, 0), b.Watch(ctx, last.Revision)
	if v := await(t, w, "the first version"); v.Revision != last.Revision || string(v.Value) != "0" {
		t.Errorf("first %v", v)
	}
	for i := range 5 {
		last = swap(t, a, last.Revision, fmt.Sprint(i+1))
	}
	for _, w := range []<-chan store.Version{w, late} {
		for seen := uint64(0); seen < last.Revision; {
			v := await(t, w, "the last version")
			if v.Revision <= seen {
				t.Fatalf("%v after %d", v, seen)
			}
			seen = v.Revision
		}
	}
	server.Kill()
	if _, err := a.Swap(t.Context(), last.Revision, []byte("lost")); err == nil || !strings.Contains(err.Error(), "etcd "+server.Address) {
		t.Errorf("etcd is gone: %v", err)
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	last = swap(t, a, last.Revision, "after")
	for _, w := range []<-chan store.Version{w, late} {
		if v := await(t, w, "what came after etcd"); v.Revision != last.Revision || string(v.Value) != "after" {
			t.Errorf("after etcd was back: %v", v)
		}
	}
	cancel()
	if _, open := <-w; open {
		t.Error("open after its end")
	}
	again := a.Watch(t.Context(), last.Revision)
	a.Close()
	if _, open := <-again; open {
		t.Error("open after Close")
	}
}

func TestOpenRefuses(t *testing.T) {
	for says, o := range map[string]etcd.Options{
		"no endpoint":                      {Insecure: true},
		`endpoint "localhost": want HOST`:  {Endpoints: []string{"localhost"}, Insecure: true},
		`endpoint "http://x:1": want HOST`: {Endpoints: []string{"http://x:1"}, Insecure: true},
		"either TLS or Insecure":           {Endpoints: []string{"x:1"}},
		`prefix "firstack": want a path`:   {Endpoints: []string{"x:1"}, Insecure: true, Prefix: "firstack"},
		"lease 10ms: want 1 s":             {Endpoints: []string{"x:1"}, Insecure: true, Lease: 10 * time.Millisecond},
		"127.0.0.1:1 does not answer: dial tcp 127.0.0.1:1: connect: connection refused": {Endpoints: []string{"127.0.0.1:1"}, Insecure: true, Timeout: 300 * time.Millisecond},
	} {
		if c, err := etcd.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
			if err == nil {
				c.Close()
			}
		}
	}
}
