package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/tests/vector"
)

//go:embed relay/relay.c
var relaySource []byte

// device is what is measured: a program between two interfaces.
type device struct {
	name string
	argv []string
	p4   bool // a switch with P4Runtime at grpcAddr, in the middle's namespace

	listens string // address at which it is ready once it accepts connections; "" = it says "ready"
}

const (
	grpcAddr = "127.0.0.1:9559"
	deviceID = 1
)

// newSwitch is a device that runs P4. All are told the same.
func newSwitch(name, binary string, more ...string) device {
	argv := append([]string{binary, "--no-p4", "--device-id", fmt.Sprint(deviceID),
		"-i", fmt.Sprintf("%d@%s", lanPort, lanIface), "-i", fmt.Sprintf("%d@%s", wanPort, wanIface), "-L", "off"}, more...)
	argv = append(argv, "--", "--grpc-server-addr", grpcAddr, "--cpu-port", fmt.Sprint(p4src.CPUPort))
	return device{name: name, argv: argv, p4: true, listens: grpcAddr}
}

// buildRelay compiles the bare relay.
func buildRelay(dir string) (string, error) {
	source, binary := filepath.Join(dir, "relay.c"), filepath.Join(dir, "relay")
	if err := os.WriteFile(source, relaySource, 0o644); err != nil {
		return "", err
	}
	if out, err := exec.Command("gcc", "-O2", "-o", binary, source, "-lpthread").CombinedOutput(); err != nil {
		return "", fmt.Errorf("gcc: %w: %s", err, out)
	}
	return binary, nil
}

// running is a device that runs.
type running struct {
	device
	cmd     *exec.Cmd
	log     *syncBuffer
	conn    *grpc.ClientConn
	session *vector.Session
}

// launch starts a device in the middle of the world, as it is.
func (d device) launch(ctx context.Context, w *world) (*running, error) {
	r := &running{device: d, log: &syncBuffer{}}
	r.cmd = exec.Command("ip", append([]string{"netns", "exec", w.middle}, d.argv...)...)
	r.cmd.Stdout, r.cmd.Stderr = r.log, r.log
	if err := r.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", d.name, err)
	}
	if err := r.ready(ctx, w); err != nil {
		r.stop()
		return nil, fmt.Errorf("%s does not start: %w: %s", d.name, err, r.log)
	}
	return r, nil
}

// start launches a device; a switch has its program and entries when it returns.
func (d device) start(ctx context.Context, w *world, p *program) (*running, error) {
	r, err := d.launch(ctx, w)
	if err != nil || !d.p4 {
		return r, err
	}
	if err = r.connect(w); err == nil {
		r.session, err = r.arbitrate(ctx)
	}
	if err != nil {
		r.stop()
		return nil, fmt.Errorf("%s: %w: %s", d.name, err, r.log)
	}
	if err := r.load(ctx, p); err != nil {
		r.stop()
		return nil, fmt.Errorf("%s: %w", d.name, err)
	}
	return r, nil
}

// ready waits until the process can be used.
func (r *running) ready(ctx context.Context, w *world) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		var err error
		if r.listens == "" {
			if strings.Contains(r.log.String(), "ready") {
				return nil
			}
		} else if conn, dialErr := dial(ctx, w.middle, r.listens); dialErr == nil {
			return conn.Close()
		} else {
			err = dialErr
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (r *running) connect(w *world) (err error) {
	r.conn, err = grpc.NewClient("passthrough:///"+grpcAddr, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.WaitForReady(true), grpc.MaxCallRecvMsgSize(256<<20)),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) { return dial(ctx, w.middle, address) }))
	return err
}

// arbitrate makes this process the switch's primary controller.
func (r *running) arbitrate(ctx context.Context) (*vector.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	return vector.NewSession(ctx, r.conn, deviceID)
}

// load makes the switch's state that of a gateway with its connections.
func (r *running) load(ctx context.Context, p *program) error {
	if err := r.session.Load(ctx, p.Program); err != nil {
		return err
	}
	return r.session.Write(ctx, p.entries)
}

func (r *running) stop() {
	if r.session != nil {
		r.session.Close()
	}
	if r.conn != nil {
		_ = r.conn.Close()
	}
	// ip netns exec became the program. It is asked first, for a proxy has children.
	_ = r.cmd.Process.Signal(syscall.SIGTERM)
	killer := time.AfterFunc(3*time.Second, func() { _ = r.cmd.Process.Kill() })
	_ = r.cmd.Wait() // it was ended by a signal
	killer.Stop()
}

// processor is what the device's process has used of all processors, in ticks of 10 ms.
func (r *running) processor() (time.Duration, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", r.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	// proc(5): the second field is in parentheses; utime and stime are the 14th and 15th.
	_, rest, _ := bytes.Cut(data, []byte(") "))
	f := strings.Fields(string(rest))
	if len(f) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat has %d fields", r.cmd.Process.Pid, len(f))
	}
	var ticks int
	for _, s := range f[11:13] {
		n, err := strconv.Atoi(s)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}

// syncBuffer is a log that may be read while it is written.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
