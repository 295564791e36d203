package grpcserver

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// Options configure a Server. The zero value serves plaintext.
type Options struct {
	Credentials credentials.TransportCredentials // nil = plaintext
	MaxMessage  int                              // bytes of a request, 0 = 4 MiB
	// Direct are full names of unary methods, "/package.Service/Method", that never wait for a client. Requests of up to
	// directBytes are carried out by the goroutine that reads the connection, one after the other, as they come.
	Direct []string
	Logger *slog.Logger // nil = discard
}

// directBytes bounds how long a direct call keeps others of its connection waiting: some 500 table entries, which are
// two milliseconds.
const directBytes = 64 << 10

// Server is a gRPC server. Services are registered before Serve.
type Server struct {
	opt      Options
	log      *slog.Logger
	methods  map[string]*method // by path
	services map[string]grpc.ServiceInfo

	mu        sync.Mutex
	stopping  bool
	listeners map[net.Listener]struct{}
	conns     map[*conn]struct{}
	running   sync.WaitGroup // connections and calls
}

// method is one of unary and stream.
type method struct {
	path   string
	impl   any
	unary  grpc.MethodHandler
	stream grpc.StreamHandler
	direct bool
}

// New makes a server.
func New(opt Options) *Server {
	if opt.MaxMessage <= 0 {
		opt.MaxMessage = 4 << 20
	}
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	return &Server{opt: opt, log: opt.Logger, methods: make(map[string]*method), services: make(map[string]grpc.ServiceInfo),
		listeners: make(map[net.Listener]struct{}), conns: make(map[*conn]struct{})}
}

// RegisterService implements grpc.ServiceRegistrar. It panics when the service is there already, for that is a mistake
// in the program.
func (s *Server) RegisterService(d *grpc.ServiceDesc, impl any) {
	if _, ok := s.services[d.ServiceName]; ok {
		panic(fmt.Sprintf("service %s is registered twice", d.ServiceName))
	}
	info := grpc.ServiceInfo{Metadata: d.Metadata}
	for _, m := range d.Methods {
		path := "/" + d.ServiceName + "/" + m.MethodName
		s.methods[path] = &method{path: path, impl: impl, unary: m.Handler, direct: slices.Contains(s.opt.Direct, path)}
		info.Methods = append(info.Methods, grpc.MethodInfo{Name: m.MethodName})
	}
	for _, m := range d.Streams {
		path := "/" + d.ServiceName + "/" + m.StreamName
		s.methods[path] = &method{path: path, impl: impl, stream: m.Handler}
		info.Methods = append(info.Methods, grpc.MethodInfo{Name: m.StreamName, IsClientStream: m.ClientStreams, IsServerStream: m.ServerStreams})
	}
	s.services[d.ServiceName] = info
}

// GetServiceInfo names the services, for package reflection.
func (s *Server) GetServiceInfo() map[string]grpc.ServiceInfo { return s.services }

// Serve accepts connections until the server is stopped, and then returns nil.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	if s.stopping {
		s.mu.Unlock()
		return errors.Join(l.Close(), grpc.ErrServerStopped)
	}
	s.listeners[l] = struct{}{}
	s.mu.Unlock()
	const longest = time.Second
	for pause := time.Duration(0); ; {
		raw, err := l.Accept()
		if err == nil {
			pause = 0
			s.accept(raw)
			continue
		}
		s.mu.Lock()
		stopping := s.stopping
		s.mu.Unlock()
		if stopping {
			return nil
		}
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		// Too many open files, for example: others may be closed soon.
		pause = min(max(2*pause, 5*time.Millisecond), longest)
		s.log.Warn("accept a connection", "error", err, "again after", pause)
		time.Sleep(pause)
	}
}

// accept serves a connection in a goroutine of its own.
func (s *Server) accept(raw net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		_ = raw.Close()
		return
	}
	c := newConn(s, raw)
	s.conns[c] = struct{}{}
	s.running.Go(func() {
		c.serve()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	})
}

// stop closes the listeners and calls f for each connection.
func (s *Server) stop(f func(c *conn)) {
	s.mu.Lock()
	s.stopping = true
	for l := range s.listeners {
		_ = l.Close() // it may be closed already
	}
	conns := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	s.mu.Unlock()
	for _, c := range conns {
		f(c)
	}
}

// GracefulStop takes no more connections and calls, and waits for those that there are.
func (s *Server) GracefulStop() {
	s.stop((*conn).goAway)
	s.running.Wait()
}

// Stop closes all connections, cancels the calls on them, and waits for these to return.
func (s *Server) Stop() {
	s.stop(func(c *conn) { _ = c.raw.Close() })
	s.running.Wait()
}
