// Package embedded runs packet vectors on the embedded switch, in this process: P4Runtime over a pipe in
// memory, ports that only remember what leaves them, and a clock that moves when it is told to.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/softswitch"
	"github.com/firstack/firstack/softswitch/pipeline"
	"github.com/firstack/firstack/tests/vector"
)

const (
	deviceID = 1
	// lastPort: the switch has all ports from 0 to here. An egress port that a program leaves unset is 0.
	lastPort = 8
)

// Target is an embedded switch. It implements vector.Target.
type Target struct {
	clock   atomic.Uint64 // microseconds
	sw      *softswitch.Switch
	server  *grpc.Server
	served  chan error
	conn    *grpc.ClientConn
	session *vector.Session

	mu     sync.Mutex
	frames []vector.Frame
}

var _ vector.Target = (*Target)(nil)

// Start starts a switch.
func Start(ctx context.Context) (*Target, error) { return StartVersions(ctx, 0) }

// StartVersions starts a switch that compiles no more than so many versions for its traffic (softswitch.Options).
func StartVersions(ctx context.Context, versions int) (*Target, error) {
	t := &Target{server: grpc.NewServer(), served: make(chan error, 1)}
	t.sw = softswitch.New(softswitch.Options{DeviceID: deviceID, CPUPort: p4src.CPUPort, Now: t.clock.Load, Versions: versions})
	for id := uint32(0); id <= lastPort; id++ {
		if err := t.sw.AddPort(id, port{t, id}); err != nil {
			return nil, errors.Join(err, t.sw.Close())
		}
	}
	t.sw.Register(t.server)
	listener := bufconn.Listen(1 << 20)
	go func() { t.served <- t.server.Serve(listener) }()
	var err error
	t.conn, err = grpc.NewClient("passthrough:///embedded", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err == nil {
		t.session, err = vector.NewSession(ctx, t.conn, deviceID)
	}
	if err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// port remembers the frames that leave the switch.
type port struct {
	target *Target
	id     uint32
}

func (p port) Name() string { return fmt.Sprint("port", p.id) }

func (p port) Send(frame []byte) error {
	p.target.mu.Lock()
	defer p.target.mu.Unlock()
	p.target.frames = append(p.target.frames, vector.Frame{Port: p.id, Bytes: append([]byte(nil), frame...)})
	return nil
}

func (port) Close() error { return nil }

// Load implements vector.Target.
func (t *Target) Load(ctx context.Context, p *vector.Program) error { return t.session.Load(ctx, p) }

// Write implements vector.Target.
func (t *Target) Write(ctx context.Context, updates []*p4v1.Update) error {
	return t.session.Write(ctx, updates)
}

// Read implements vector.Target.
func (t *Target) Read(ctx context.Context, entities ...*p4v1.Entity) ([]*p4v1.Entity, error) {
	return t.session.Read(ctx, entities...)
}

// Send implements vector.Target.
func (t *Target) Send(port uint32, frame []byte) error {
	t.sw.Receive(port, frame)
	return nil
}

// PacketOut implements vector.Target.
func (t *Target) PacketOut(p *p4v1.PacketOut) error { return t.session.PacketOut(p) }

// Advance implements vector.Target.
func (t *Target) Advance(since time.Duration) error {
	now := uint64(since.Microseconds())
	if now < t.clock.Load() {
		return fmt.Errorf("the clock can't go back to %s", since)
	}
	t.clock.Store(now)
	return nil
}

// Collect implements vector.Target. The switch has done with a packet when Send returns, and with a
// packet-out when the session's barrier has passed; digests and packet-ins were queued before it.
func (t *Target) Collect(ctx context.Context, _ vector.Count) (vector.Events, error) {
	events, err := t.Control(ctx)
	events.Frames = t.Frames()
	return events, err
}

// Frames returns what left since the last call. The switch has done with a packet when Send returns.
func (t *Target) Frames() []vector.Frame {
	t.mu.Lock()
	defer t.mu.Unlock()
	frames := t.frames
	t.frames = nil
	return frames
}

// Control returns what the controller got since the last call, everything included that packets sent so far led to.
func (t *Target) Control(ctx context.Context) (vector.Events, error) {
	if err := t.session.Barrier(ctx); err != nil {
		return vector.Events{}, err
	}
	return t.session.Take(ctx, vector.Count{})
}

// Session is the target's P4Runtime side.
func (t *Target) Session() *vector.Session { return t.session }

// Pipeline is the running instance.
func (t *Target) Pipeline() *pipeline.Pipeline { return t.sw.Pipeline() }

// Limits implements vector.Target: there are none.
func (t *Target) Limits() vector.Limits { return vector.Limits{} }

// Close implements vector.Target.
func (t *Target) Close() error {
	if t.session != nil {
		t.session.Close()
	}
	var err error
	if t.conn != nil {
		err = t.conn.Close()
	}
	err = errors.Join(err, t.sw.Close())
	t.server.Stop()
	return errors.Join(err, <-t.served)
}
