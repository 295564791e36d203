package p4rt_test

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"

	"github.com/firstack/firstack/controller/p4rt"
	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/tables"
	"github.com/firstack/firstack/tables/clientgateway"
	"github.com/firstack/firstack/tables/replicagateway"
	"github.com/firstack/firstack/tables/servergateway"
)

// targets are real switches, started without a program: each says how to reach it, and is gone when the test is.
var targets = map[string]func(testing.TB) p4rt.Options{"firstack-switch": embedded}

// onTargets runs a test against every target, as a process of its own.
func onTargets(t *testing.T, p p4src.Program, test func(*testing.T, p4rt.Options)) {
	for name, start := range targets {
		t.Run(name, func(t *testing.T) {
			test(t, launch(t, name, start, p))
		})
	}
}

func launch(t testing.TB, name string, start func(testing.TB) p4rt.Options, p p4src.Program) p4rt.Options {
	t.Helper()
	o := start(t)
	o.Name, o.Insecure = name, true
	o.Pipeline = p4rt.Pipeline{P4Info: p4info(t, p), Config: p.JSON()}
	o.BackoffMin, o.BackoffMax = 10*time.Millisecond, 100*time.Millisecond
	o.Logger = slog.New(slog.DiscardHandler)
	return o
}

var built struct {
	once sync.Once
	dir  string
	err  error
	out  []byte
}

// embedded runs firstack-switch: the controller meets it over P4Runtime only, in tests too.
func embedded(t testing.TB) p4rt.Options {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "p4rt"); built.err == nil {
			built.out, built.err = exec.Command("go", "build", "-buildvcs=false", "-o", built.dir, "../../cmd/firstack-switch").CombinedOutput()
		}
	})
	if built.err != nil {
		t.Fatalf("build firstack-switch: %v\n%s", built.err, built.out)
	}
	cmd := exec.Command(filepath.Join(built.dir, "firstack-switch"), "--no-p4", "--cpu-port", "255", "--grpc-server-addr", "127.0.0.1:0")
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address := make(chan string, 1)
	read := make(chan struct{})
	go func() {
		defer close(read)
		listens := regexp.MustCompile(`listens" address=(\S+)`)
		in := bufio.NewScanner(log)
		for in.Scan() {
			if m := listens.FindStringSubmatch(in.Text()); m != nil {
				address <- m[1]
			}
		}
		io.Copy(io.Discard, log)
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-read
		cmd.Wait()
	})
	return p4rt.Options{Address: await(t, address, "the switch's address")}
}

// settled reconciles twice: the second time there has to be nothing to do.
func settled(t *testing.T, conn *p4rt.Conn, scope p4rt.Scope, want ...*p4v1.Entity) {
	t.Helper()
	first, err := conn.Reconcile(ctx(t), scope, want...)
	if err != nil {
		t.Fatal(err)
	}
	again, err := conn.Reconcile(ctx(t), scope, want...)
	if err != nil || again != (p4rt.Changes{Unchanged: len(want)}) {
		t.Errorf("first %v; again %v, %v", first, again, err)
	}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestTargetClientGateway(t *testing.T) {
	onTargets(t, p4src.ClientGateway, targetClientGateway)
}

func targetClientGateway(t *testing.T, o p4rt.Options) {
	h := newTerms()
	s, stop := startStoppable(t, o, h)
	conn := await(t, h.began, "a term").conn
	if !conn.Fresh() {
		t.Error("an empty switch was not given a pipeline")
	}
	p := program(t)
	entity := must[*p4v1.Entity](t)
	want := []*p4v1.Entity{
		defaultEntry(t, p),
		p.FlowEvent.Entity(tables.DigestConfig{MaxTimeout: time.Millisecond, MaxList: 100, AckTimeout: time.Second}),
		entity(p.Redirections.Entity(clientgateway.RedirectionsEntry{
			Key:      clientgateway.RedirectionsKey{ServerAddr: tables.Within(netip.MustParsePrefix("192.0.2.0/24")), ServerPort: tables.Exactly[uint16](80)},
			Priority: 10, Action: clientgateway.Redirect{Permitted: 1},
		})),
		entity(p.Routes.Entity(clientgateway.RoutesEntry{Key: clientgateway.RoutesKey{DstAddr: netip.MustParsePrefix("10.0.0.0/8")}, Action: clientgateway.Forward{Port: 1, NextHop: 2}})),
		entity(p.Routes.Entity(clientgateway.RoutesEntry{Key: clientgateway.RoutesKey{DstAddr: netip.MustParsePrefix("0.0.0.0/0")}, Action: clientgateway.Forward{Port: 2, NextHop: 1}})),
		entity(p.Neighbors.Entity(clientgateway.NeighborsEntry{Key: clientgateway.NeighborsKey{NextHop: 1}, Action: clientgateway.Rewrite{DstAddr: tables.MAC{2, 0, 0, 0, 0, 1}}})),
	}
	for i := range 50 {
		want = append(want, translation(t, p, i, "198.51.100.1"))
	}
	scope := p4rt.Scope{Tables: []uint32{p.Redirections.ID(), p.Routes.ID(), p.Neighbors.ID(), p.Outbound.ID()}}
	settled(t, conn, scope, want...)

	err := conn.Write(ctx(t), inserts(translation(t, p, 1, "198.51.100.1"), translation(t, p, 100, "198.51.100.1"))...)
	var w *p4rt.WriteError
	if !errors.As(err, &w) || len(w.Failed) != 1 || w.Failed[0].Code != codes.AlreadyExists || w.Failed[0].Object != "table outbound" {
		t.Errorf("%v", err)
	}
	counted := 0
	for e, err := range conn.Read(ctx(t), p.Outbound.ReadCounters()) {
		if err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := p.Outbound.DecodeCounter(e.GetDirectCounterEntry()); err != nil {
			t.Fatal(err)
		}
		counted++
	}
	if counted != 51 {
		t.Errorf("%d counters", counted)
	}
	for e, err := range conn.Read(ctx(t), p.Outbound.ReadAll(tables.With{Counter: true, IdleFor: true})) {
		if err != nil {
			t.Fatal(err)
		}
		if entry, err := p.Outbound.Decode(e.GetTableEntry()); err != nil || entry.Counter == nil || entry.IdleFor == nil {
			t.Fatalf("%+v, %v", entry, err)
		}
	}

	// The controller goes and comes back: nothing is pushed, nothing lost.
	stop()
	h = newTerms()
	s = start(t, o, h)
	conn = await(t, h.began, "another controller's term").conn
	if conn.Fresh() {
		t.Error("pipeline pushed again")
	}
	changes, err := conn.Reconcile(ctx(t), scope, append(want, translation(t, p, 100, "198.51.100.1"))...)
	if err != nil || changes.Unchanged != len(want)+1 {
		t.Errorf("%v, %v", changes, err)
	}

	// A rival with a higher id, and then without it.
	rival := newTerms()
	high := o
	high.Election = p4rt.ElectionID{High: 1}
	_, stopRival := startStoppable(t, high, rival)
	await(t, rival.began, "the rival's term")
	awaitState(t, s, p4rt.Backup)
	if cause := await(t, h.ended, "the term's end"); !errors.Is(cause, p4rt.ErrNotPrimary) {
		t.Errorf("%v", cause)
	}
	stopRival()
	await(t, h.began, "the term after the rival's")
}

func TestTargetServerGateway(t *testing.T) {
	onTargets(t, p4src.ServerGateway, targetServerGateway)
}

func targetServerGateway(t *testing.T, o p4rt.Options) {
	h := newTerms()
	start(t, o, h)
	conn := await(t, h.began, "a term").conn
	p := must[*servergateway.Program](t)(servergateway.Bind(o.Pipeline.P4Info))
	entity := must[*p4v1.Entity](t)
	selected := servergateway.Selected{GatewayAddr: netip.MustParseAddr("192.0.2.1"), OriginAddr: netip.MustParseAddr("192.0.2.2"), Port: 1, NextHop: 1}
	want := []*p4v1.Entity{
		entity(p.OriginSelector.Member(1, selected)),
		entity(p.OriginSelector.Member(2, servergateway.AtServer{})),
		entity(p.OriginSelector.Group(tables.Group{ID: 1, Members: []tables.GroupMember{{Member: 1, Weight: 3}, {Member: 2, Weight: 1}}})),
		entity(p.Origins.Entity(servergateway.OriginsEntry{Key: servergateway.OriginsKey{OriginGroup: 5}, Group: 1})),
		p4rt.MulticastGroup(9, p4rt.Replica{Port: 1, Instance: 1}, p4rt.Replica{Port: 1, Instance: 2}),
		p4rt.CloneSession(3, 0, p4rt.Replica{Port: 255, Instance: 1}), // quirkNoTruncation
	}
	scope := p4rt.Scope{Tables: []uint32{p.Origins.ID()}, Profiles: []uint32{p.OriginSelector.ID()}, Multicast: true, Clones: true}
	settled(t, conn, scope, want...)
	want[2] = entity(p.OriginSelector.Group(tables.Group{ID: 1, Members: []tables.GroupMember{{Member: 1, Weight: 1}}}))
	want[4] = p4rt.MulticastGroup(9, p4rt.Replica{Port: 2, Instance: 1})
	settled(t, conn, scope, want...)
	if changes, err := conn.Reconcile(ctx(t), scope); err != nil || changes.Deleted != 6 {
		t.Errorf("%v, %v", changes, err)
	}
}

func TestTargetReplicaGateway(t *testing.T) {
	onTargets(t, p4src.ReplicaGateway, targetReplicaGateway)
}

func targetReplicaGateway(t *testing.T, o p4rt.Options) {
	h := newTerms()
	start(t, o, h)
	conn := await(t, h.began, "a term").conn
	p := must[*replicagateway.Program](t)(replicagateway.Bind(o.Pipeline.P4Info))
	rate := must[*p4v1.Entity](t)(p.NewConnectionsMeter.Entity(4, &tables.MeterConfig{CIR: 100, CBurst: 10, PIR: 200, PBurst: 20}))
	settled(t, conn, p4rt.Scope{}, rate)
}

// Another program in the place of the first.
func TestTargetOtherPipeline(t *testing.T) {
	onTargets(t, p4src.ServerGateway, targetOtherPipeline)
}

func targetOtherPipeline(t *testing.T, o p4rt.Options) {
	h := newTerms()
	_, stop := startStoppable(t, o, h)
	conn := await(t, h.began, "a term").conn
	if err := conn.Write(ctx(t), inserts(p4rt.MulticastGroup(9, p4rt.Replica{Port: 1, Instance: 1}))...); err != nil {
		t.Fatal(err)
	}
	stop()
	o.Pipeline = p4rt.Pipeline{P4Info: p4info(t, p4src.ClientGateway), Config: p4src.ClientGateway.JSON()}
	h = newTerms()
	start(t, o, h)
	conn = await(t, h.began, "a term with the other program").conn
	if !conn.Fresh() {
		t.Error("the pipeline was not pushed")
	}
	p := program(t)
	settled(t, conn, p4rt.Scope{Tables: []uint32{p.Outbound.ID()}}, translation(t, p, 1, "198.51.100.1"))
}
