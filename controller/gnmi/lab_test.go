package gnmi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"slices"
	"testing"
	"time"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/firstack/firstack/controller"
	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/store"
	"github.com/firstack/firstack/softswitch"
	"github.com/firstack/firstack/tables"
	"github.com/firstack/firstack/tables/clientgateway"
	"github.com/firstack/firstack/tables/replicagateway"
	"github.com/firstack/firstack/tables/servergateway"
)

// lab is embedded switches, the real controller, and its gNMI server on a durable store. No packets run in it.
type lab struct {
	*bench
	k        *controller.Controller
	switches map[string]*device
	rg       *replicagateway.Program
	sg       *servergateway.Program
	cg       *clientgateway.Program
}

// device is a switch, and a reader of its tables that takes no part in arbitration.
type device struct {
	listener *bufconn.Listener
	reader   p4v1.P4RuntimeClient
}

const labConfig = `
controller: {listen: "off"}
health: {off: true}
switches:
  - name: cg
    role: client-gateway
    address: "cg:1"
    insecure: true
    ports:
      - {port: 1, side: wan, mac: "02:00:00:00:00:01", addresses: [192.168.0.1/24]}
      - {port: 2, side: lan, mac: "02:00:00:00:00:02", addresses: [10.1.0.1/16]}
  - name: sg
    role: server-gateway
    address: "sg:1"
    insecure: true
    ports: [{port: 1, mac: "02:00:00:00:00:03", addresses: [192.168.0.2/24, 192.0.2.1/24]}]
    routes: [{prefix: 0.0.0.0/0, port: 1, via: 192.168.0.9}]
  - name: rg
    role: replica-gateway
    address: "rg:1"
    insecure: true
    ports: [{port: 1, mac: "02:00:00:00:00:04", addresses: [192.168.0.3/24, 198.51.100.1/24]}]
    routes: [{prefix: 0.0.0.0/0, port: 1, via: 192.168.0.9}]
services:
  - name: s0
    server: 192.0.2.10
    port: 80
    gateway: sg
    replicas: [{name: r0, address: 198.51.100.10, gateway: rg}]
`

func newLab(t testing.TB, dir, text string, names ...string) *lab {
	t.Helper()
	l := &lab{bench: &bench{t: t}, switches: map[string]*device{}}
	l.rg = bind(t, config.ReplicaGateway, replicagateway.Bind)
	l.sg = bind(t, config.ServerGateway, servergateway.Bind)
	l.cg = bind(t, config.ClientGateway, clientgateway.Bind)
	for _, name := range names {
		l.switches[name] = newDevice(t)
	}
	s, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	l.store = s
	intent := seed(t, s, text)
	l.k, err = controller.New(intent.Config, controller.Options{
		Dial: func(ctx context.Context, name, _ string) (net.Conn, error) {
			if d := l.switches[name]; d != nil {
				return d.listener.DialContext(ctx)
			}
			return nil, errors.New("no such switch")
		},
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.k.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	l.serve(l.k, s, intent)
	l.settle()
	return l
}

func newDevice(t testing.TB) *device {
	sw := softswitch.New(softswitch.Options{DeviceID: 1, CPUPort: 255})
	d := &device{listener: bufconn.Listen(1 << 20)}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(64 << 20))
	sw.Register(server)
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(d.listener) }() // until Stop
	conn, err := grpc.NewClient("passthrough:switch", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return d.listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	d.reader = p4v1.NewP4RuntimeClient(conn)
	t.Cleanup(func() { conn.Close(); server.Stop(); sw.Close(); <-served })
	return d
}

// settle waits until every switch holds what it should, and says how long that took.
func (l *lab) settle() time.Duration {
	l.t.Helper()
	began := time.Now()
	for {
		err := l.k.Ready(l.t.Context())
		if err == nil {
			return time.Since(began)
		}
		if time.Since(began) > time.Minute {
			sessions, _ := l.k.Sessions(l.t.Context()) // for the text only
			for _, s := range sessions {
				l.t.Logf("%s: %s, settled %v, %q, %v", s.Switch, s.State, s.Settled, s.Problems, s.Error)
			}
			l.t.Fatal(err)
		}
		time.Sleep(2 * time.Millisecond) // nothing tells
	}
}

// updates counts what was written to all switches.
func (l *lab) updates() uint64 {
	sessions, err := l.k.Sessions(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	sum := uint64(0)
	for _, s := range sessions {
		sum += s.Stats.Updates
	}
	return sum
}

// read gives the entries of a table.
func read(l *lab, name string, what *p4v1.Entity) []*p4v1.TableEntry {
	l.t.Helper()
	stream, err := l.switches[name].reader.Read(l.t.Context(), &p4v1.ReadRequest{DeviceId: 1, Entities: []*p4v1.Entity{what}})
	var all []*p4v1.TableEntry
	for err == nil {
		var r *p4v1.ReadResponse
		if r, err = stream.Recv(); err == nil {
			for _, e := range r.GetEntities() {
				all = append(all, e.GetTableEntry())
			}
		}
	}
	if !errors.Is(err, io.EOF) {
		l.t.Fatal(err)
	}
	return all
}

// tables gives what the switches hold of the configuration, as text.
func (l *lab) tables() []string {
	l.t.Helper()
	rg, sg, cg := l.rg, l.sg, l.cg
	found := map[string]bool{}
	note := func(format string, args ...any) { found[fmt.Sprintf(format, args...)] = true }
	for _, t := range read(l, "rg", rg.StandIns.ReadAll(tables.With{})) {
		e, err := rg.StandIns.Decode(t)
		if a, ok := e.Action.(replicagateway.StandInFor); ok && err == nil {
			if a.State == 2 {
				continue // what was removed drains, dead to what is new
			}
			note("stand-in %v:%d for %v:%d form %d", e.Key.ReplicaAddr, a.ReplicaPort, e.Key.ServerAddr, e.Key.ServerPort, a.Form)
		}
	}
	for _, t := range read(l, "rg", rg.Directs.ReadAll(tables.With{})) {
		if e, err := rg.Directs.Decode(t); err == nil && !e.Default {
			note("direct %v", e.Key.DstAddr)
		}
	}
	for _, t := range read(l, "rg", rg.Routes.ReadAll(tables.With{})) {
		if e, err := rg.Routes.Decode(t); err == nil && !e.Default {
			if _, ok := e.Action.(replicagateway.Forward); ok {
				note("route %v", e.Key.DstAddr)
			}
		}
	}
	for _, t := range read(l, "sg", sg.Services.ReadAll(tables.With{})) {
		if e, err := sg.Services.Decode(t); err == nil && !e.Default {
			_, replicatable := e.Action.(servergateway.Replicatable)
			note("service %v:%d replicatable %v", e.Key.ServerAddr, e.Key.ServerPort, replicatable)
		}
	}
	rules := 0
	for _, t := range read(l, "cg", cg.Redirections.ReadAll(tables.With{})) {
		if e, err := cg.Redirections.Decode(t); err == nil && !e.Default {
			rules++
		}
	}
	note("%d redirections", rules)
	return slices.Sorted(maps.Keys(found))
}

func bind[P any](t testing.TB, role config.Role, bind func(*p4configv1.P4Info) (P, error)) P {
	t.Helper()
	pipeline, err := controller.V1Model(role)
	var p P
	if err == nil {
		p, err = bind(pipeline.P4Info)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// wanted says the same of a configuration.
func wanted(c *config.Config) []string {
	found := map[string]bool{}
	note := func(format string, args ...any) { found[fmt.Sprintf(format, args...)] = true }
	forms := map[config.Configuration]int{"A": 1, "B": 2, "C": 3}
	for _, s := range c.Services {
		if s.Gateway == "sg" {
			note("service %v:%d replicatable %v", s.Server, s.Port, *s.Replicatable)
		}
		for _, r := range s.Replicas {
			if r.Gateway == "rg" && r.AdminState == config.AdminUp {
				note("stand-in %v:%d for %v:%d form %d", r.Address, r.Port, s.Server, s.Port, forms[r.Configuration])
			}
		}
	}
	rules := 0
	for _, r := range c.Redirections {
		rules += max(len(r.Ports), 1)
	}
	note("%d redirections", rules)
	for _, s := range c.Switches {
		if s.Name != "rg" {
			continue
		}
		for _, p := range s.Direct {
			note("direct %v", p)
		}
		for _, r := range s.Routes {
			note("route %v", r.Prefix)
		}
	}
	return slices.Sorted(maps.Keys(found))
}
