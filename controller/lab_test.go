package controller_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"

	"github.com/firstack/firstack/controller"
	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/softswitch"
	"github.com/firstack/firstack/tests/packet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lab is embedded switches, a wide area that routes between them by destination, and hosts that are functions.
type lab struct {
	t          testing.TB
	switches   map[string]*device
	mu         sync.Mutex
	hosts      map[netip.Addr]func(*lab, []byte) // called with frames for an address behind a gateway's LAN
	clients    map[uint16]*client
	slotsEvery time.Duration       // how often slots are counted; 0: as ever
	server     []grpc.ServerOption // of switches
	queue      int                 // frames that may wait for a switch; 0: the sender waits
	unchecked  bool                // frames may have wrong checksums
	lost       func(from, to string) bool
	dialer     func(ctx context.Context, name, address string) (net.Conn, error)
	probe      func(ctx context.Context, network, address string) (net.Conn, error)
	events     chan string // frames to hosts without a function, as text
}

// device is a switch with its P4Runtime server. Port 1 leads to the wide area, port 2 to hosts.
type device struct {
	lab      *lab
	name     string
	behind   []netip.Prefix
	mu       sync.RWMutex       // restarts
	sw       *softswitch.Switch // nil while it is down
	listener *bufconn.Listener
	server   *grpc.Server
}

const (
	wan = 1
	lan = 2
)

func newLab(t testing.TB) *lab {
	l := &lab{t: t, queue: 4096, switches: map[string]*device{}, hosts: map[netip.Addr]func(*lab, []byte){}, events: make(chan string, 1000)}
	t.Cleanup(func() {
		for _, d := range l.switches {
			d.halt()
		}
	})
	return l
}

// add makes a switch in front of some prefixes.
func (l *lab) add(name string, behind ...string) *device {
	d := &device{lab: l, name: name}
	for _, p := range behind {
		d.behind = append(d.behind, netip.MustParsePrefix(p))
	}
	d.boot()
	l.switches[name] = d
	return d
}

// boot starts the switch, empty.
func (d *device) boot() {
	sw := softswitch.New(softswitch.Options{DeviceID: 1, CPUPort: 255, InputQueue: d.lab.queue})
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer(append([]grpc.ServerOption{grpc.MaxRecvMsgSize(64 << 20)}, d.lab.server...)...)
	sw.Register(server)
	for _, id := range []uint32{wan, lan} {
		if err := sw.AddPort(id, &cable{d, id}); err != nil {
			d.lab.t.Fatal(err)
		}
	}
	d.mu.Lock()
	d.sw, d.listener, d.server = sw, listener, server
	d.mu.Unlock()
	go server.Serve(listener)
}

// halt takes the switch away, with all that it knows. It may be down already.
func (d *device) halt() {
	d.mu.Lock()
	sw, listener, server := d.sw, d.listener, d.server
	d.sw, d.listener, d.server = nil, nil, nil
	d.mu.Unlock()
	if sw == nil {
		return
	}
	server.Stop()
	sw.Close()
	listener.Close()
}

// receive gives the switch a frame, if it is there.
func (d *device) receive(port uint32, frame []byte) {
	d.mu.RLock()
	sw := d.sw
	d.mu.RUnlock()
	if sw != nil {
		sw.Receive(port, frame)
	}
}

// errDown is why a switch can't be dialled.
var errDown = errors.New("the switch is down")

func (d *device) dial(ctx context.Context) (net.Conn, error) {
	d.mu.RLock()
	listener := d.listener
	d.mu.RUnlock()
	if listener == nil {
		return nil, errDown
	}
	return listener.DialContext(ctx)
}

// cable is what a switch sends into.
type cable struct {
	device *device
	port   uint32
}

func (c *cable) Name() string { return fmt.Sprintf("%s-%d", c.device.name, c.port) }
func (c *cable) Close() error { return nil }

func (c *cable) Send(frame []byte) error {
	l := c.device.lab
	frame = append([]byte(nil), frame...)
	dst := destination(frame)
	if err := packet.CheckFrame(frame); err != nil && !l.unchecked {
		l.t.Errorf("%s sends %s: %v", c.Name(), packet.Decode(frame), err)
	}
	if c.port == lan {
		l.mu.Lock()
		host := l.hosts[dst]
		l.mu.Unlock()
		if host != nil {
			host(l, frame)
		} else if !l.unchecked {
			l.note(c.Name() + ": " + packet.Decode(frame).String())
		}
		return nil
	}
	for _, d := range l.switches {
		for _, p := range d.behind {
			if p.Contains(dst) {
				l.mu.Lock()
				lost := l.lost
				l.mu.Unlock()
				if lost == nil || !lost(c.device.name, d.name) {
					d.receive(wan, frame)
				}
				return nil
			}
		}
	}
	l.note(c.Name() + ": " + packet.Decode(frame).String())
	return nil
}

// lose has frames from one switch to another get lost.
func (l *lab) lose(lost func(from, to string) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost = lost
}

// only lets raced SYNs reach one replica gateway.
func (l *lab) only(form string) {
	l.lose(func(from, to string) bool { return from == "sg" && strings.HasPrefix(to, "rg") && to != "rg"+form })
}

func (l *lab) note(s string) {
	select {
	case l.events <- s:
	default:
	}
}

func destination(frame []byte) netip.Addr {
	if len(frame) < 34 || frame[12] != 8 || frame[13] != 0 {
		return netip.Addr{}
	}
	return netip.AddrFrom4([4]byte(frame[30:34]))
}

// dial connects a controller to a switch.
func (l *lab) dial(ctx context.Context, name, address string) (net.Conn, error) {
	if l.dialer != nil {
		return l.dialer(ctx, name, address)
	}
	return l.switches[name].dial(ctx)
}

func logger() *slog.Logger {
	if os.Getenv("FIRSTACK_TEST_LOG") != "" {
		return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	return slog.New(slog.NewTextHandler(io.Discard, nil))
}

// running is a controller at work.
type running struct {
	*controller.Controller
	t    testing.TB
	stop func()
}

// control runs a controller and waits until it has all switches.
func (l *lab) control(c *config.Config) *running {
	l.t.Helper()
	r := l.launch(c)
	r.settle()
	return r
}

func (l *lab) launch(c *config.Config) *running {
	l.t.Helper()
	return l.launchWith(c, controller.Options{})
}

// launchWith runs a controller with options, those apart that say how it reaches the lab.
func (l *lab) launchWith(c *config.Config, o controller.Options) *running {
	l.t.Helper()
	o.Dial, o.Probe, o.Logger, o.SlotsEvery = l.dial, l.probe, logger(), l.slotsEvery
	k, err := controller.New(c, o)
	if err != nil {
		l.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := k.Run(ctx); err != nil {
			l.t.Errorf("controller: %v", err)
		}
	}()
	r := &running{Controller: k, t: l.t, stop: sync.OnceFunc(func() { cancel(); <-done })}
	l.t.Cleanup(r.stop)
	return r
}

// settle waits until every switch holds what it should.
func (r *running) settle() {
	r.t.Helper()
	r.until("ready", func() error { return r.Ready(r.t.Context()) })
}

// until waits for a condition that nothing tells of.
func (r *running) until(what string, ok func() error) {
	r.t.Helper()
	var err error
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if err = ok(); err == nil {
			return
		}
	}
	r.t.Fatalf("not %s: %v", what, err)
}
