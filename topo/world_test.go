package topo

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/firstack/firstack/topo/host"
	"github.com/firstack/firstack/topo/spec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newWorld(t testing.TB, scale float64) *World {
	t.Helper()
	top, err := spec.Default()
	if err != nil {
		t.Fatal(err)
	}
	w, err := New(top, Options{NewNode: newRouter, Scale: scale})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func context10(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

var web = netip.MustParseAddrPort("192.0.2.1:80")

func TestFetchOverDefaultTopology(t *testing.T) {
	w := newWorld(t, 0)
	r, err := w.Host("client").Fetch(context10(t), host.Request{Server: web, Size: 1 << 20, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", r)
	rtt := w.Topology().RoundTrip("Frankfurt", "Washington DC")
	if r.Connect < rtt || r.Connect > rtt+25*time.Millisecond {
		t.Errorf("connected after %v, the round trip is %v", r.Connect, rtt)
	}
	if r.FirstByte < 2*rtt || r.Total < r.FirstByte {
		t.Errorf("first byte after %v, last after %v", r.FirstByte, r.Total)
	}
	if r.ServedBy != "Washington DC" || r.SYNs != 1 || r.Bytes != 1<<20 || r.Client != r.Local.String() {
		t.Errorf("%+v", r)
	}
}

func TestManyConnections(t *testing.T) {
	w := newWorld(t, 0.1)
	ctx := context10(t)
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			r, err := w.Host("client").Fetch(ctx, host.Request{Server: web, Size: 50_000, Seed: uint64(i)})
			if err != nil {
				t.Error(fmt.Errorf("connection %d: %w (%+v)", i, err, r))
			}
		})
	}
	wg.Wait()
	for _, l := range w.Fabric().Links() {
		if s := l.Stats(); s.Overflow > 0 {
			t.Errorf("link %s: %+v", l.Name(), s)
		}
	}
}
