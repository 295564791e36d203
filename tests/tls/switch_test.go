// Package tls_test shows what holds on the way between controller and switches: both sides prove who they are, or
// there is no session.
package tls_test

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"

	"github.com/firstack/firstack/controller"
	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/state"
	"github.com/firstack/firstack/internal/devcerts"
	"github.com/firstack/firstack/internal/tlsfiles"
	"github.com/firstack/firstack/softswitch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.DiscardHandler)

// gateway is an embedded switch that serves P4Runtime over TLS, as firstack-switch does.
type gateway struct {
	address string
	mu      sync.Mutex
	conns   []net.Conn
	clients []string // serial numbers of the certificates that streams came with
}

// cutter keeps connections, so that they can be cut.
type cutter struct {
	net.Listener
	g *gateway
}

func (c cutter) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.g.mu.Lock()
		c.g.conns = append(c.g.conns, conn)
		c.g.mu.Unlock()
	}
	return conn, err
}

func (g *gateway) cut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.conns {
		c.Close()
	}
	g.conns = nil
}

func (g *gateway) lastClient() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.clients) == 0 {
		return ""
	}
	return g.clients[len(g.clients)-1]
}

func (g *gateway) note(server any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	if p, ok := peer.FromContext(stream.Context()); ok {
		if info, ok := p.AuthInfo.(credentials.TLSInfo); ok {
			g.mu.Lock()
			g.clients = append(g.clients, info.State.PeerCertificates[0].SerialNumber.String())
			g.mu.Unlock()
		}
	}
	return handler(server, stream)
}

// start makes a gateway; conf is how it does TLS.
func start(t *testing.T, conf *tls.Config) *gateway {
	t.Helper()
	sw := softswitch.New(softswitch.Options{DeviceID: 1, CPUPort: 255})
	g := &gateway{}
	server := grpc.NewServer(grpc.Creds(tlsfiles.Credentials(conf, quiet)), grpc.ChainStreamInterceptor(g.note), grpc.MaxRecvMsgSize(64<<20))
	sw.Register(server)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g.address = l.Addr().String()
	served := make(chan struct{})
	go func() { defer close(served); server.Serve(cutter{l, g}) }()
	t.Cleanup(func() {
		sw.Close()
		server.Stop()
		<-served
	})
	return g
}

// run gives a switch to a controller until the test ends.
func run(t *testing.T, address string, files config.TLS) *controller.Controller {
	t.Helper()
	return runConfig(t, config.Switch{Name: "sg", Role: config.ServerGateway, Address: address, TLS: &files})
}

func runConfig(t *testing.T, s config.Switch) *controller.Controller {
	t.Helper()
	c := &config.Config{Controller: config.Controller{Listen: config.ListenOff}, Switches: []config.Switch{s}}
	c.Complete()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	k, err := controller.New(c, controller.Options{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- k.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return k
}

// until polls the session until it is as wanted.
func until(t *testing.T, k *controller.Controller, what string, good func(state.Session) bool) state.Session {
	t.Helper()
	var last state.Session
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		list, err := k.Sessions(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if last = list[0]; good(last) {
			return last
		}
	}
	t.Fatalf("not %s: %+v", what, last)
	return last
}

func ready(s state.Session) bool { return s.Primary && s.Settled }

// set makes certificates in a folder of its own.
func set(t *testing.T, o devcerts.Options) string {
	t.Helper()
	dir := t.TempDir()
	if err := devcerts.Make(dir, o); err != nil {
		t.Fatal(err)
	}
	return dir
}

func filesOf(dir, ca, member string) config.TLS {
	p := devcerts.PairOf(dir, member)
	return config.TLS{CA: devcerts.PairOf(dir, ca).Cert, Cert: p.Cert, Key: p.Key}
}

func serverOf(t *testing.T, dir string) *tls.Config {
	t.Helper()
	p := devcerts.PairOf(dir, devcerts.Switch)
	conf, err := tlsfiles.New(tlsfiles.Files{CA: devcerts.PairOf(dir, devcerts.P4RuntimeCA).Cert, Cert: p.Cert, Key: p.Key}, quiet).Server(tls.RequireAndVerifyClientCert)
	if err != nil {
		t.Fatal(err)
	}
	return conf
}
