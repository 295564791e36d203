package gnmi_test

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/ygot/ygot"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/gnmi"
	"github.com/firstack/firstack/controller/model"
	"github.com/firstack/firstack/controller/state"
	"github.com/firstack/firstack/controller/store"
	"github.com/firstack/firstack/internal/gnmitree"
)

func TestMain(m *testing.M) {
	if serveChild() {
		return
	}
	goleak.VerifyTestMain(m,
		goleak.IgnoreTopFunction("github.com/golang/glog.(*fileSink).flushDaemon"), // lives as long as the process
		// gnmic's client leaves these when a subscription ends while nobody reads.
		goleak.IgnoreAnyFunction("github.com/openconfig/gnmic/pkg/api/target.(*Target).SubscribeOnceChan.func1"),
		goleak.IgnoreAnyFunction("github.com/openconfig/gnmic/pkg/api/target.(*Target).SubscribeStreamChan.func1"))
}

const base = `
switches:
  - {name: cg, role: client-gateway, address: "a:1", insecure: true, ports: [{port: 1, side: lan, mac: "02:00:00:00:00:01", addresses: [10.1.0.1/16]}, {port: 2, mac: "02:00:00:00:00:02"}]}
  - {name: sg, role: server-gateway, address: "b:1", tls: {ca: /ca.pem}}
  - {name: rg, role: replica-gateway, address: "c:1", insecure: true, direct: [10.9.0.0/24]}
services:
  - name: web
    server: 192.0.2.10
    port: 80
    gateway: sg
    replicas:
      - {name: a, address: 198.51.100.1, gateway: rg}
      - {name: b, address: 198.51.100.2, port: 8080, configuration: B, gateway: rg, max-connection-rate: 7, health-port: 81}
health: {off: true}
`

// fake is a controller without switches.
type fake struct {
	mu      sync.Mutex
	applied []*config.Config
	refuse  error
	wins    uint64
}

func (f *fake) Apply(_ context.Context, c *config.Config) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuse != nil && len(f.applied)%2 == 0 {
		f.applied = append(f.applied, c)
		return f.refuse
	}
	f.applied = append(f.applied, c)
	return nil
}

func (f *fake) last() *config.Config {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.applied) == 0 {
		return nil
	}
	return f.applied[len(f.applied)-1]
}

func (f *fake) win(n uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wins = n
}

func (f *fake) Sessions(context.Context) ([]state.Session, error) {
	return []state.Session{{Switch: "cg", State: "primary", Primary: true, Settled: true, ElectionID: "1", Highest: "1",
		Since: time.Unix(7, 0), Stats: state.Stats{Updates: 12}}, {Switch: "unknown"}}, nil
}

func (f *fake) Services(context.Context) ([]state.Service, error) {
	return []state.Service{{Name: "web", Raced: []string{"a", "b"}, Origins: []state.Server{{Service: "web", Name: "origin", Health: "active"}}}}, nil
}

func (f *fake) Replicas(context.Context) ([]state.Server, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return []state.Server{{Service: "web", Name: "a", Health: "dead", Error: "refused", Wins: f.wins, Losses: 3, Translations: 2,
		Address: netip.MustParseAddrPort("198.51.100.1:80"),
		Delay:   state.Delay{Count: 4, Sum: 0.08, Min: 15, Mean: 20, Last: 25, Buckets: []state.Bucket{{Bound: 0.02, Count: 3}}}}}, nil
}

func (f *fake) Translations(context.Context, int) (state.Translations, error) {
	return state.Translations{Total: 2}, nil
}

func (f *fake) Counters(context.Context) ([]state.Counter, error) {
	return []state.Counter{{Switch: "cg", Decision: "verdict/claim", Packets: 5, Bytes: 500}}, nil
}

func (f *fake) Steering(context.Context) ([]state.Steering, error) {
	return []state.Steering{
		{Switch: "cg", Service: "web", Server: netip.MustParseAddrPort("192.0.2.10:80"), Mode: "direct", Nearest: "a",
			Counts: state.SteeringCounts{Discovered: 1, Raced: 2, Direct: 3, Unanswered: 4, Overdue: 5},
			Direct: 0.98828125, Race: 0.0078125, Scout: 0.00390625, Replicas: []state.SteeredReplica{
				{Name: "a", Address: netip.MustParseAddr("198.51.100.1"), Delay: 14.25, Age: time.Since(time.Unix(1000, 0)).Seconds(), Standing: "shares", Share: 0.98828125}}},
		{Switch: "cg", Server: netip.MustParseAddrPort("203.0.113.1:443"), Mode: "race", Race: 1, Doubtful: true,
			Replicas: []state.SteeredReplica{{Address: netip.MustParseAddr("203.0.113.9"), Standing: "unmeasured"}}},
		{Switch: "cg", Service: "unknown", Mode: "discover"},
	}, nil
}

func (f *fake) Cluster(context.Context) (*state.Cluster, error) { return nil, nil }

func (f *fake) Ports(context.Context) ([]state.Ports, error) {
	return []state.Ports{{Switch: "cg", Connected: true, Ports: []state.Port{{Name: "eth1", Port: 1, Admin: "UP", Oper: "DOWN"}}}, {Switch: "unknown"}}, nil
}

func (f *fake) Learning(context.Context) ([]state.Learning, error) {
	return []state.Learning{{Switch: "cg", Flows: 2, Learnt: 9}}, nil
}

func (f *fake) Ready(context.Context) error { return nil }

// bench is a server with its client.
type bench struct {
	t      testing.TB
	k      *fake
	store  store.Store
	server *gnmi.Server
	gpb.GNMIClient
}

// newBench serves the base configuration.
func newBench(t testing.TB) *bench {
	b := &bench{t: t, k: &fake{}, store: store.NewMemory()}
	b.serve(b.k, b.store, seed(t, b.store, base))
	return b
}

// seed puts a configuration into an empty store.
func seed(t testing.TB, s store.Store, text string) *gnmi.Intent {
	t.Helper()
	c, given, err := config.ParseGiven("base", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	intent, err := gnmi.NewIntent(model.FromConfig(c, given))
	if err != nil {
		t.Fatal(err)
	}
	if err := intent.Save(t.Context(), s, 0); err != nil {
		t.Fatal(err)
	}
	return intent
}

func (b *bench) serve(k gnmi.Controller, s store.Store, intent *gnmi.Intent) {
	b.server = gnmi.New(gnmi.Options{Controller: k, Store: s, Intent: intent, Poll: 50 * time.Millisecond, Logger: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { b.server.Run(ctx) })
	g := grpc.NewServer(gnmi.ServerOptions()...)
	b.server.Register(g)
	listener := bufconn.Listen(1 << 20)
	running.Go(func() { _ = g.Serve(listener) }) // until Stop
	conn, err := grpc.NewClient("passthrough:gnmi", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		b.t.Fatal(err)
	}
	b.GNMIClient = gpb.NewGNMIClient(conn)
	b.t.Cleanup(func() {
		conn.Close()
		g.Stop()
		cancel()
		running.Wait()
	})
}

func path(t testing.TB, text string) *gpb.Path {
	t.Helper()
	p, err := ygot.StringToStructuredPath(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func text(t testing.TB, p *gpb.Path) string {
	t.Helper()
	return gnmitree.Text(p)
}

func ietf(json string) *gpb.TypedValue {
	return &gpb.TypedValue{Value: &gpb.TypedValue_JsonIetfVal{JsonIetfVal: []byte(json)}}
}

func (b *bench) update(at, json string) (*gpb.SetResponse, error) {
	return b.Set(b.t.Context(), &gpb.SetRequest{Update: []*gpb.Update{{Path: path(b.t, at), Val: ietf(json)}}})
}

// get gives the values of one path, by path.
func (b *bench) get(at string, e gpb.Encoding, kind gpb.GetRequest_DataType) (map[string]*gpb.TypedValue, error) {
	r, err := b.Get(b.t.Context(), &gpb.GetRequest{Path: []*gpb.Path{path(b.t, at)}, Encoding: e, Type: kind})
	if err != nil {
		return nil, err
	}
	values := map[string]*gpb.TypedValue{}
	for _, n := range r.GetNotification() {
		for _, u := range n.GetUpdate() {
			values[text(b.t, u.GetPath())] = u.GetVal()
		}
	}
	return values, nil
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// until waits for what nothing tells of.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not so: %s", what)
		}
	}
}
