package bmv2

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"sync"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/tests/vector"
)

// Binary is the program that is looked for in PATH.
const Binary = "simple_switch_grpc"

const deviceID = 1

// quiet is how long nothing must come before nothing more is expected: the switch does not say when it is
// done with a packet.
const quiet = 40 * time.Millisecond

// slow is how long a frame that should come may take on a busy machine.
const slow = 2 * time.Second

// Target is a simple_switch_grpc process. It implements vector.Target.
type Target struct {
	process  *exec.Cmd
	session  *vector.Session
	conns    []*grpc.ClientConn
	plane    *dataplane
	streams  context.Context // of the data plane's stream
	cancel   context.CancelFunc
	received chan vector.Frame
	started  time.Time
	readers  sync.WaitGroup
}

var _ vector.Target = (*Target)(nil)

// Start starts a switch. log gets what it prints; nil discards it.
func Start(ctx context.Context, log io.Writer) (*Target, error) {
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	p4runtime, plane := fmt.Sprintf("127.0.0.1:%d", ports[0]), fmt.Sprintf("127.0.0.1:%d", ports[1])
	t := &Target{received: make(chan vector.Frame, 1024)}
	t.process = exec.Command(Binary, "--no-p4", "--device-id", fmt.Sprint(deviceID),
		"--thrift-port", fmt.Sprint(ports[2]), "--log-console", "--log-level", "warn", "--",
		"--grpc-server-addr", p4runtime, "--dp-grpc-server-addr", plane, "--cpu-port", fmt.Sprint(p4src.CPUPort))
	t.process.Stdout, t.process.Stderr = log, log
	if err := t.process.Start(); err != nil {
		return nil, err
	}
	t.streams, t.cancel = context.WithCancel(context.Background())
	if err := t.connect(ctx, p4runtime, plane); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

func (t *Target) connect(ctx context.Context, p4runtime, plane string) error {
	for _, address := range []string{p4runtime, plane} {
		conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultCallOptions(grpc.WaitForReady(true), grpc.MaxCallRecvMsgSize(64<<20)))
		if err != nil {
			return err
		}
		t.conns = append(t.conns, conn)
	}
	var err error
	t.session, err = vector.NewSession(ctx, t.conns[0], deviceID)
	return err
}

// freePorts finds TCP ports that are free now.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// Load implements vector.Target.
func (t *Target) Load(ctx context.Context, p *vector.Program) error {
	if err := t.session.Load(ctx, p); err != nil {
		return err
	}
	t.started = time.Now()
	return t.openPlane()
}

// openPlane opens the data plane's stream. The switch refuses it until it is ready, and takes one at a time, but says
// nothing when it takes one. So two are opened: when one is refused for being one too many, the other was taken.
func (t *Target) openPlane() error {
	var planes [2]*dataplane
	var ended [2]<-chan error
	for range 500 {
		for i := range planes {
			if planes[i] != nil {
				continue
			}
			var err error
			if planes[i], err = openDataplane(t.streams, t.conns[1]); err != nil {
				return err
			}
			ended[i] = t.read(planes[i])
		}
		which, err := 0, error(nil)
		select {
		case err = <-ended[0]:
		case err = <-ended[1]:
			which = 1
		}
		switch status.Code(err) {
		case codes.ResourceExhausted:
			t.plane = planes[1-which]
			return nil
		case codes.Unavailable: // not ready yet
			planes[which] = nil
			time.Sleep(5 * time.Millisecond)
		default:
			return fmt.Errorf("data plane: %w", err)
		}
	}
	return errors.New("the data plane's stream is refused again and again")
}

// read takes what leaves by a stream, and tells why the stream ended.
func (t *Target) read(plane *dataplane) <-chan error {
	ended := make(chan error, 1)
	t.readers.Go(func() {
		for {
			f, err := plane.receive()
			if err != nil {
				ended <- err
				return
			}
			t.received <- f
		}
	})
	return ended
}

// Write implements vector.Target.
func (t *Target) Write(ctx context.Context, updates []*p4v1.Update) error {
	return t.session.Write(ctx, updates)
}

// Read implements vector.Target.
func (t *Target) Read(ctx context.Context, entities ...*p4v1.Entity) ([]*p4v1.Entity, error) {
	return t.session.Read(ctx, entities...)
}

// Send implements vector.Target.
func (t *Target) Send(port uint32, frame []byte) error { return t.plane.send(deviceID, port, frame) }

// PacketOut implements vector.Target.
func (t *Target) PacketOut(p *p4v1.PacketOut) error { return t.session.PacketOut(p) }

// Advance implements vector.Target: it waits for the time to come.
func (t *Target) Advance(since time.Duration) error {
	time.Sleep(time.Until(t.started.Add(since)))
	return nil
}

// Collect implements vector.Target.
func (t *Target) Collect(ctx context.Context, want vector.Count) (vector.Events, error) {
	var frames []vector.Frame
	for {
		patience := quiet
		if len(frames) < want.Frames {
			patience = slow
		}
		select {
		case f := <-t.received:
			frames = append(frames, f)
			continue
		case <-time.After(patience):
		case <-ctx.Done():
		}
		break
	}
	events, err := t.session.Take(ctx, want)
	events.Frames = frames
	return events, err
}

// Frames gives the frames that leave, each port's in their order, as they come.
func (t *Target) Frames() <-chan vector.Frame { return t.received }

// Control returns what the controller got since the last call, once want has come or ctx has ended.
func (t *Target) Control(ctx context.Context, want vector.Count) (vector.Events, error) {
	return t.session.Take(ctx, want)
}

// Session is the target's P4Runtime side.
func (t *Target) Session() *vector.Session { return t.session }

// Limits implements vector.Target.
func (t *Target) Limits() vector.Limits {
	return vector.Limits{RealTime: true, NoDefaultCounters: true}
}

// Close implements vector.Target.
func (t *Target) Close() error {
	t.cancel()
	if t.session != nil {
		t.session.Close()
	}
	var err error
	for _, c := range t.conns {
		err = errors.Join(err, c.Close())
	}
	t.readers.Wait()
	err = errors.Join(err, t.process.Process.Kill())
	_ = t.process.Wait() // it was killed
	return err
}
