package p4rt_test

import (
	"context"
	"log/slog"
	"net/netip"
	"os"
	"testing"
	"time"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/encoding/prototext"

	"github.com/firstack/firstack/controller/p4rt"
	"github.com/firstack/firstack/controller/p4rt/p4rttest"
	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/tables"
	"github.com/firstack/firstack/tables/clientgateway"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(built.dir)
		os.Exit(code)
	}))
}

const patience = 20 * time.Second

func p4info(t testing.TB, p p4src.Program) *p4configv1.P4Info {
	t.Helper()
	info := &p4configv1.P4Info{}
	if err := prototext.Unmarshal(p.P4Info(), info); err != nil {
		t.Fatal(err)
	}
	return info
}

func pipeline(t testing.TB) p4rt.Pipeline {
	return p4rt.Pipeline{P4Info: p4info(t, p4src.ClientGateway), Config: []byte("device config")}
}

func program(t testing.TB) *clientgateway.Program {
	t.Helper()
	p, err := clientgateway.Bind(p4info(t, p4src.ClientGateway))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func server(t testing.TB) *p4rttest.Server {
	s := p4rttest.Start()
	t.Cleanup(s.Close)
	return s
}

// terms is a Handler that reports every term and holds it to its end.
type terms struct {
	began chan term
	ended chan error // causes
}

type term struct {
	ctx  context.Context
	conn *p4rt.Conn
}

func newTerms() *terms { return &terms{began: make(chan term, 100), ended: make(chan error, 100)} }

func (h *terms) Ready(ctx context.Context, c *p4rt.Conn) error {
	h.began <- term{ctx, c}
	<-ctx.Done()
	h.ended <- context.Cause(ctx)
	return ctx.Err()
}

func options(t testing.TB, srv *p4rttest.Server) p4rt.Options {
	return p4rt.Options{
		Name: "gw1", Address: "memory", Dial: srv.Dial, Insecure: true, Pipeline: pipeline(t),
		BackoffMin: time.Millisecond, BackoffMax: 10 * time.Millisecond,
		Logger: slog.New(slog.DiscardHandler),
	}
}

// start runs a session until the test ends.
func start(t testing.TB, o p4rt.Options, h p4rt.Handler) *p4rt.Session {
	t.Helper()
	s, err := p4rt.New(o, h)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(patience):
			t.Error("Run does not end")
		}
	})
	return s
}

// connected starts a session and waits for its first term.
func connected(t testing.TB, srv *p4rttest.Server, change ...func(*p4rt.Options)) (*p4rt.Session, *p4rt.Conn, *terms) {
	t.Helper()
	o := options(t, srv)
	for _, c := range change {
		c(&o)
	}
	h := newTerms()
	s := start(t, o, h)
	return s, await(t, h.began, "a term").conn, h
}

func await[T any](t testing.TB, c <-chan T, what string) T {
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
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func awaitState(t testing.TB, s *p4rt.Session, want p4rt.State) {
	t.Helper()
	until(t, "the session is "+want.String(), func() bool { return s.Status().State == want })
}

// translation is the n-th entry of the outbound table, to the replica given.
func translation(t testing.TB, p *clientgateway.Program, n int, replica string) *p4v1.Entity {
	t.Helper()
	e, err := p.Outbound.Entity(clientgateway.OutboundEntry{
		Key: clientgateway.OutboundKey{
			ClientAddr: netip.AddrFrom4([4]byte{10, 0, byte(n >> 16), byte(n >> 8)}),
			ClientPort: uint16(n),
			ServerAddr: netip.MustParseAddr("192.0.2.1"),
			ServerPort: 80,
		},
		Action: clientgateway.ToReplica{ReplicaAddr: netip.MustParseAddr(replica), ReplicaPort: 80},
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func inserts(entities ...*p4v1.Entity) []*p4v1.Update {
	var out []*p4v1.Update
	for _, e := range entities {
		out = append(out, tables.Insert(e))
	}
	return out
}

func ctx(t testing.TB) context.Context {
	c, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return c
}

// startStoppable is start for sessions that end before the test does.
func startStoppable(t testing.TB, o p4rt.Options, h p4rt.Handler) (*p4rt.Session, func()) {
	t.Helper()
	s, err := p4rt.New(o, h)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { s.Run(ctx); close(done) }()
	stop := func() { cancel(); await(t, done, "Run's end") }
	t.Cleanup(cancel)
	return s, stop
}
