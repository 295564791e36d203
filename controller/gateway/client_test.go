package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/prototext"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/gateway"
	"github.com/firstack/firstack/controller/gateway/plan"
	"github.com/firstack/firstack/controller/p4rt"
	"github.com/firstack/firstack/controller/p4rt/p4rttest"
	"github.com/firstack/firstack/controller/target"
	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/tables/clientgateway"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a client gateway in front of a fake switch.
type bench struct {
	t       *testing.T
	server  *p4rttest.Server
	program *clientgateway.Program
	gateway *gateway.Gateway
	session *p4rt.Session
	booted  time.Time
	target  target.Capabilities
	stop    func()
}

const edge = `
switches:
  - name: edge
    role: client-gateway
    address: edge:9559
    insecure: true
    ports: [{port: 2, side: lan, mac: "02:00:00:00:00:02", addresses: [10.0.0.1/24]}]
timers: {linger-reset: 200ms, linger-fin: 200ms}
`

func info(t testing.TB) *p4configv1.P4Info {
	t.Helper()
	i := &p4configv1.P4Info{}
	if err := prototext.Unmarshal(p4src.ClientGateway.P4Info(), i); err != nil {
		t.Fatal(err)
	}
	return i
}

func newBench(t *testing.T, change func(*p4configv1.P4Info)) *bench {
	t.Helper()
	server := p4rttest.Start()
	t.Cleanup(server.Close)
	b := &bench{t: t, server: server, booted: time.Now()}
	b.start(change)
	return b
}

// TestCountersByTable: where every read of an entry costs as much as one of its table, many connections are looked at by
// reading tables. Those that ended are retired, and those whose entries are gone are noticed.
func TestCountersByTable(t *testing.T) {
	server := p4rttest.Start()
	t.Cleanup(server.Close)
	b := &bench{t: t, server: server, booted: time.Now(), target: target.Named(target.Tofino)}
	b.start(nil)
	const many = 20
	for i := range uint16(many) {
		b.send(b.event(claimed, i+1))
	}
	b.holds(many, many)
	var single, whole atomic.Int32
	b.server.Set(p4rttest.Faults{Read: func(_ context.Context, r *p4v1.ReadRequest) error {
		for _, e := range r.GetEntities() {
			switch {
			case e.GetTableEntry().GetCounterData() == nil:
			case len(e.GetTableEntry().GetMatch()) > 0:
				single.Add(1)
			default:
				whole.Add(1)
			}
		}
		return nil
	}})
	var ends []clientgateway.FlowEvent
	for i := range uint16(many) {
		e := b.event(closing, i+1)
		e.Flags = 0x14 // RST, ACK
		ends = append(ends, e)
	}
	b.send(ends...)
	b.holds(0, 0)
	if single.Load() != 0 || whole.Load() == 0 {
		t.Errorf("%d reads of entries, %d of tables", single.Load(), whole.Load())
	}
}

// start runs a controller for the switch.
func (b *bench) start(change func(*p4configv1.P4Info)) {
	b.t.Helper()
	c, err := config.Parse("edge.yaml", []byte(edge))
	if err != nil {
		b.t.Fatal(err)
	}
	i := info(b.t)
	if change != nil {
		change(i)
	}
	if b.program, err = clientgateway.Bind(i); err != nil {
		b.t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	b.gateway, err = gateway.New(gateway.Options{
		Config: c, Switch: "edge", P4Info: i, Target: b.target, Logger: log,
		Probed: func(string, string) plan.Health { return plan.Active },
	})
	if err != nil {
		b.t.Fatal(err)
	}
	session, err := p4rt.New(p4rt.Options{
		Name: "edge", Address: "edge", Insecure: true, Dial: b.server.Dial, Logger: log,
		Pipeline: p4rt.Pipeline{P4Info: i, Config: []byte("{}")}, BackoffMin: time.Millisecond, BackoffMax: 5 * time.Millisecond,
	}, b.gateway)
	if err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.t.Context())
	var running sync.WaitGroup
	running.Go(func() { b.gateway.Run(ctx) })
	running.Go(func() { session.Run(ctx) })
	b.session = session
	b.stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	b.t.Cleanup(b.stop)
	b.until("settled", func() error {
		s, err := b.gateway.Standing(b.t.Context())
		if !s.Settled {
			return fmt.Errorf("%+v, %v", s, err)
		}
		return err
	})
}

func (b *bench) until(what string, ok func() error) {
	b.t.Helper()
	var err error
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if err = ok(); err == nil {
			return
		}
	}
	b.t.Fatalf("not %s: %v", what, err)
}

const (
	claimed = 1
	late    = 2
	closing = 3
)

func (b *bench) event(kind uint8, client uint16) clientgateway.FlowEvent {
	return clientgateway.FlowEvent{
		Event: kind, ClientAddr: netip.MustParseAddr("10.0.0.1"), ClientPort: client,
		ServerAddr: netip.MustParseAddr("192.0.2.80"), ServerPort: 80,
		ReplicaAddr: netip.MustParseAddr("198.51.100.10"), ReplicaPort: 8080,
		Form: 1, Flags: 0x12, ISN: 1000 + uint32(client), Elapsed: 25_000, Now: uint32(time.Since(b.booted) / target.Named(target.Auto).Clock.Tick),
	}
}

func (b *bench) send(events ...clientgateway.FlowEvent) {
	b.t.Helper()
	list, err := b.program.FlowEvent.Encode(0, events...)
	if err != nil {
		b.t.Fatal(err)
	}
	if !b.server.SendDigest(list) {
		b.t.Fatal("no primary to tell")
	}
}

// held counts the entries of the translation tables.
func (b *bench) held() (out, in int) {
	for _, e := range b.server.Entities() {
		switch t := e.GetTableEntry(); {
		case b.program.Outbound.Is(t):
			out++
		case b.program.Inbound.Is(t):
			in++
		}
	}
	return out, in
}

func (b *bench) holds(out, in int) {
	b.t.Helper()
	b.until(fmt.Sprintf("%d outbound and %d inbound", out, in), func() error {
		if o, i := b.held(); o != out || i != in {
			return fmt.Errorf("%d and %d", o, i)
		}
		return nil
	})
}

func TestManyClaimsInFewWrites(t *testing.T) {
	b := newBench(t, nil)
	before := len(b.server.Writes())
	const many = 2000
	tell := func(lan uint8) {
		var events []clientgateway.FlowEvent
		for i := range uint16(many) {
			e := b.event(claimed, i+1)
			e.Lan, e.Flags = lan, 0x10
			events = append(events, e)
			if len(events) == 100 {
				b.send(events...)
				events = nil
			}
		}
	}
	tell(0)
	told, times := time.Now(), 1
	b.until("all learnt", func() error {
		if out, in := b.held(); out != many || in != many {
			if time.Since(told) > time.Second { // on a busy machine the first claims grow too old
				tell(1)
				told, times = time.Now(), times+1
			}
			return fmt.Errorf("%d and %d", out, in)
		}
		return nil
	})
	writes := b.server.Writes()[before:]
	for _, w := range writes {
		if len(w.GetUpdates()) > 1000 {
			t.Errorf("a write of %d updates", len(w.GetUpdates()))
		}
	}
	if len(writes) > 100 {
		t.Errorf("%d writes for 6000 entries, told %d times", len(writes), times)
	}
}

// TestPartialFailures refuses entries here and there, a table that is full and a write that is lost among them; what
// can be learnt is learnt in the end, and no half stays.
func TestPartialFailures(t *testing.T) {
	b := newBench(t, nil)
	var mu sync.Mutex
	refused := map[string]int{}
	b.server.Set(p4rttest.Faults{Refuse: func(u *p4v1.Update) *p4v1.Error {
		e := u.GetEntity().GetTableEntry()
		if !b.program.Inbound.Is(e) && !b.program.Outbound.Is(e) || u.GetType() == p4v1.Update_DELETE {
			return nil
		}
		var port uint16
		if k, err := b.program.Outbound.DecodeKey(e); err == nil {
			port = k.ClientPort
		} else if k, err := b.program.Inbound.DecodeKey(e); err == nil {
			port = k.ClientPort
		}
		mu.Lock()
		defer mu.Unlock()
		id := fmt.Sprint(e.GetTableId(), port)
		refused[id]++
		switch {
		case port%5 == 0 && b.program.Inbound.Is(e): // never
			return &p4v1.Error{CanonicalCode: int32(codes.ResourceExhausted), Message: "table is full"}
		case port%3 == 0 && refused[id] == 1: // the first time
			return &p4v1.Error{CanonicalCode: int32(codes.Internal), Message: "hiccup"}
		}
		return nil
	}})
	for i := range uint16(100) {
		b.send(b.event(claimed, i+1))
	}
	b.holds(80, 80)
	b.until("without room counted", func() error {
		m, _, err := b.gateway.Memory(t.Context())
		if m.Stats.Full != 20 || m.Flows != 80 || err != nil {
			return fmt.Errorf("%+v, %v", m, err)
		}
		return nil
	})
}

func TestLostWriteIsMadeGood(t *testing.T) {
	b := newBench(t, nil)
	var once sync.Once
	b.server.Set(p4rttest.Faults{Write: func(context.Context, *p4v1.WriteRequest) (err error) {
		once.Do(func() { err = errors.New("lost") })
		return err
	}})
	b.send(b.event(claimed, 1))
	b.holds(1, 1)
}

func TestTableFull(t *testing.T) {
	b := newBench(t, func(i *p4configv1.P4Info) {
		for _, table := range i.GetTables() {
			if table.GetPreamble().GetAlias() == "inbound" {
				table.Size = 10
			}
		}
	})
	for i := range uint16(15) {
		b.send(b.event(claimed, i+1))
	}
	b.holds(10, 10)
	reset := b.event(closing, 3)
	reset.Flags, reset.Lan = 0x04, 1
	b.send(reset)
	b.holds(9, 9)
	again := b.event(claimed, 15)
	b.send(again) // the switch tells again while packets use the slot
	b.holds(10, 10)
}

// TestStreamCut loses the stream over and over while claims come in; each is told again until it is learnt.
func TestStreamCut(t *testing.T) {
	b := newBench(t, nil)
	for i := range uint16(50) {
		if i%7 == 3 {
			b.server.Cut()
			b.until("back", func() error {
				if s, err := b.gateway.Standing(t.Context()); !s.Settled {
					return fmt.Errorf("%+v, %v", s, err)
				}
				return nil
			})
		}
		list, err := b.program.FlowEvent.Encode(0, b.event(claimed, i+1))
		if err != nil {
			t.Fatal(err)
		}
		b.until("told", func() error {
			if !b.server.SendDigest(list) {
				return errors.New("no primary")
			}
			m, _, err := b.gateway.Memory(t.Context())
			if m.Flows != int(i)+1 {
				return fmt.Errorf("%d flows, %v", m.Flows, err)
			}
			return nil
		})
	}
	b.holds(50, 50)
}

func TestRestartReadsBack(t *testing.T) {
	b := newBench(t, nil)
	for i := range uint16(20) {
		e := b.event(claimed, i+1)
		e.Form = uint8(i%3) + 1
		if e.Form == 3 {
			e.ReplicaPort = 80
		}
		b.send(e)
	}
	b.holds(20, 20)
	b.stop()
	writes := len(b.server.Writes())
	b.start(nil)
	m, _, err := b.gateway.Memory(t.Context())
	if err != nil || m.Flows != 20 || m.Stats.Adopted != 20 {
		t.Errorf("%+v, %v", m, err)
	}
	for _, w := range b.server.Writes()[writes:] {
		t.Errorf("a restart wrote %v", w)
	}
	total, list, err := b.gateway.Connections(t.Context(), 7)
	if err != nil || total != 20 || len(list) != 7 {
		t.Errorf("%d, %v, %v", total, list, err)
	}
}

func TestRacesAreCounted(t *testing.T) {
	b := newBench(t, nil)
	lost := b.event(late, 1)
	lost.ReplicaAddr, lost.Elapsed = netip.MustParseAddr("198.51.100.20"), 90_000
	again := b.event(claimed, 1)
	again.Lan, again.Elapsed, again.Flags = 1, 0, 0x10
	b.send(b.event(claimed, 1), lost, again)
	server := netip.MustParseAddrPort("192.0.2.80:80")
	winner := gateway.RaceKey{Server: server, Replica: netip.MustParseAddrPort("198.51.100.10:8080")}
	loser := gateway.RaceKey{Server: server, Replica: netip.MustParseAddrPort("198.51.100.20:8080")}
	b.until("counted", func() error {
		m, _, err := b.gateway.Memory(t.Context())
		w, l := m.Races[winner], m.Races[loser]
		if w.Wins != 1 || w.Losses != 0 || w.Measured != 1 || w.Min != 25*time.Millisecond || l.Losses != 1 || l.Sum != 90*time.Millisecond {
			return fmt.Errorf("%+v, %v", m.Races, err)
		}
		return nil
	})
}
