package topo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gopacket/gopacket/pcapgo"
	"go.uber.org/goleak"

	"github.com/firstack/firstack/topo/host"
	"github.com/firstack/firstack/topo/link"
	"github.com/firstack/firstack/topo/plan"
	"github.com/firstack/firstack/topo/spec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newWorld builds a topology, the default one unless another is given, with plain routers as gateways.
func newWorld(t testing.TB, scale float64, change ...func(*spec.Topology)) *World {
	t.Helper()
	top, err := spec.Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range change {
		c(top)
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

// deadline bounds a test that would otherwise hang.
func deadline(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

var web = netip.MustParseAddrPort("192.0.2.1:80")

func TestFetchOverDefaultTopology(t *testing.T) {
	w := newWorld(t, 0)
	r, err := w.Host("client").Fetch(deadline(t), host.Request{Server: web, Size: 1 << 20, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	rtt := w.Topology().RoundTrip("Frankfurt", "Washington DC")
	best := r.Connect
	for range 5 { // the machine may be busy, but the network is never too fast
		if best < rtt {
			t.Fatalf("connected after %v, the round trip is %v", best, rtt)
		}
		again, err := w.Host("client").Fetch(deadline(t), host.Request{Server: web})
		if err != nil {
			t.Fatal(err)
		}
		best = min(best, again.Connect)
	}
	if best > rtt+20*time.Millisecond {
		t.Errorf("connected after %v at best, the round trip is %v", best, rtt)
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
	ctx := deadline(t)
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

// Everything goes wrong on the way, and every byte arrives.
func TestImpairedPaths(t *testing.T) {
	w := newWorld(t, 0.1, func(top *spec.Topology) {
		top.Links.WAN = spec.Path{JitterMS: 10, Loss: 0.01, Duplicate: 0.02, Reorder: 0.02, MTU: 1500}
	})
	ctx := deadline(t)
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			r, err := w.Host("client").Fetch(ctx, host.Request{Server: web, Size: 100_000, Seed: uint64(i)})
			if err != nil {
				t.Errorf("connection %d: %v (%+v)", i, err, r)
			}
		})
	}
	wg.Wait()
	s := w.Link("sg-washington", "cg-frankfurt").Stats()
	if s.Lost == 0 || s.Duplicated == 0 || s.Reordered == 0 {
		t.Errorf("nothing went wrong: %+v", s)
	}
}

// A narrow path is found by what the core tells the sender (RFC 1191).
func TestPathMTUDiscovery(t *testing.T) {
	w := newWorld(t, 0.05, func(top *spec.Topology) {
		top.Links.Paths = []spec.DirectionPath{{From: "Washington DC", To: "Frankfurt", Path: spec.Path{MTU: 1000}}}
	})
	if _, err := w.Host("client").Fetch(deadline(t), host.Request{Server: web, Size: 200_000}); err != nil {
		t.Fatal(err)
	}
	if s := w.Core().Stats(); s.TooBig == 0 || s.ICMPSent != s.TooBig || s.Fragmented != 0 {
		t.Errorf("core counted %+v", s)
	}
}

// Every region pings every other in the time the table gives.
func TestTenRegions(t *testing.T) {
	names, err := spec.RegionNames()
	if err != nil {
		t.Fatal(err)
	}
	top, err := spec.Regions(spec.Placement{Client: "Frankfurt", Origin: "Dallas", Replicas: names})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, 0.2, func(dst *spec.Topology) { *dst = *top })
	var wg sync.WaitGroup
	for i, h := range w.Plan().Hosts {
		wg.Go(func() {
			want := time.Duration(0.2 * float64(top.RoundTrip("Frankfurt", h.Site)))
			best := time.Hour
			for range 5 {
				took, err := w.Host("client").Ping(deadline(t), h.All[0], uint16(i))
				if err != nil {
					t.Error(err)
				}
				best = min(best, took)
			}
			if best < want || best > want+20*time.Millisecond {
				t.Errorf("%s in %s: %v at best, want %v", h.Name, h.Site, best, want)
			}
		})
	}
	wg.Wait()
}

func TestCutsAndMends(t *testing.T) {
	w := newWorld(t, 0.01)
	client := w.Host("client")
	reached := func(wait time.Duration) bool {
		ctx, cancel := context.WithTimeout(t.Context(), wait)
		defer cancel()
		c, err := client.Dial(ctx, netip.AddrPort{}, web)
		if err == nil {
			c.Close()
		}
		return err == nil
	}
	for name, cut := range map[string]func(down bool) error{
		"host":    func(down bool) error { return w.SetHostDown("origin", down) },
		"gateway": func(down bool) error { return w.SetGatewayDown("sg-washington", down) },
	} {
		for _, down := range []bool{false, true} {
			if err := cut(down); err != nil {
				t.Fatal(err)
			}
			wait := time.Minute
			if down {
				wait = 100 * time.Millisecond
			}
			if reached(wait) == down {
				t.Errorf("%s down %v: reached %v", name, down, !down)
			}
		}
		if err := cut(false); err != nil {
			t.Fatal(err)
		}
	}
	if w.SetHostDown("nobody", true) == nil || w.SetGatewayDown("nobody", true) == nil {
		t.Error("cutting off nobody gives no error")
	}
	if w.Host("nobody") != nil || w.Node("nobody") != nil || w.Link("a", "b") != nil || w.Server("client") != nil {
		t.Error("something is found under a name that nobody has")
	}
}

// A capture of a request opens with its SYN on the client's LAN and reads back whole.
func TestCaptureOfARequest(t *testing.T) {
	w := newWorld(t, 0.01)
	var file bytes.Buffer
	c, err := link.NewCapture(&file)
	if err != nil {
		t.Fatal(err)
	}
	remove := w.Fabric().AddTap(c.Tap)
	if _, err := w.Host("client").Fetch(deadline(t), host.Request{Server: web, Size: 10_000}); err != nil {
		t.Fatal(err)
	}
	remove()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := pcapgo.NewNgReader(&file, pcapgo.NgReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for len(names) < 3 {
		_, info, err := r.ReadPacketData()
		if err != nil {
			t.Fatal(err)
		}
		i, err := r.Interface(info.InterfaceIndex)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, i.Name)
	}
	want := []string{"client>cg-frankfurt", "cg-frankfurt>sg-washington", "sg-washington>origin"}
	if !slices.Equal(names, want) {
		t.Errorf("the SYN passed %v, want %v", names, want)
	}
}

func TestBuildErrors(t *testing.T) {
	top, err := spec.Default()
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	_, err = New(top, Options{NewNode: func(g *plan.Gateway) (Node, error) {
		if g.Name == "rg-tokyo" {
			return nil, broken
		}
		return newRouter(g)
	}})
	if !errors.Is(err, broken) {
		t.Errorf("a gateway that can't be made: %v", err)
	}
	if _, err := New(&spec.Topology{Hosts: []spec.Host{{Name: "h"}}}, Options{NewNode: newRouter}); err == nil {
		t.Error("a topology that is not resolved is built")
	}
	if _, err := New(top, Options{NewNode: newRouter, Scale: -1}); err == nil {
		t.Error("a negative scale is accepted")
	}
}

func BenchmarkFetch1MiB(b *testing.B) {
	w := newWorld(b, 0.001)
	var frames uint64
	for b.Loop() {
		if _, err := w.Host("client").Fetch(b.Context(), host.Request{Server: web, Size: 1 << 20}); err != nil {
			b.Fatal(err)
		}
	}
	for _, l := range w.Fabric().Links() {
		frames += l.Stats().Delivered
	}
	b.SetBytes(1 << 20)
	b.ReportMetric(float64(frames)/b.Elapsed().Seconds(), "frames/s")
}
