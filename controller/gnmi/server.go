package gnmi

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/state"
	"github.com/firstack/firstack/controller/store"
	"github.com/firstack/firstack/internal/changes"
)

// Controller is what the server configures, and asks for state.
type Controller interface {
	state.Source
	// Apply replaces the configuration. It returns when the controller works by it; switches follow by themselves.
	Apply(context.Context, *config.Config) error
}

// Options of a server.
type Options struct {
	Controller Controller
	Store      store.Store
	// Intent is what the store has and the controller runs already.
	Intent *Intent
	// Poll is how often subscriptions to changes look for changes of state; 0: every second.
	Poll   time.Duration
	Logger *slog.Logger // nil: slog.Default
}

// Server serves gNMI.
type Server struct {
	gpb.UnimplementedGNMIServer
	options Options

	mu     sync.Mutex // held while the intent is changed
	intent atomic.Pointer[Intent]

	changed changes.Notice // the intent
	cache   cache
}

// New makes a server; Register puts it on a gRPC server, and Run follows the store.
func New(o Options) *Server {
	if o.Poll == 0 {
		o.Poll = time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	s := &Server{options: o}
	s.intent.Store(o.Intent)
	return s
}

// Register puts the service on a gRPC server.
func (s *Server) Register(r grpc.ServiceRegistrar) { gpb.RegisterGNMIServer(r, s) }

// maxMessage is what a Set may be long, in bytes.
const maxMessage = 64 << 20

// ServerOptions are those that a gRPC server for it needs.
func ServerOptions() []grpc.ServerOption { return []grpc.ServerOption{grpc.MaxRecvMsgSize(maxMessage)} }

// Intent gives what is wanted now.
func (s *Server) Intent() *Intent { return s.intent.Load() }

// Run applies what others put into the store, until ctx ends.
func (s *Server) Run(ctx context.Context) {
	for v := range s.options.Store.Watch(ctx, s.Intent().Revision) {
		if err := s.follow(ctx, v); err != nil && ctx.Err() == nil {
			s.options.Logger.Error("configuration of the store not taken", "revision", v.Revision, "err", err)
		}
	}
}

// follow applies a version that another controller stored.
func (s *Server) follow(ctx context.Context, v store.Version) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v.Revision <= s.Intent().Revision {
		return nil // it was us
	}
	i, err := fromVersion(v)
	if err != nil {
		return err
	}
	return s.apply(ctx, i)
}

// apply makes a stored intent the one that counts. s.mu is held.
func (s *Server) apply(ctx context.Context, i *Intent) error {
	if err := s.options.Controller.Apply(ctx, i.Config); err != nil {
		return err
	}
	s.intent.Store(i)
	s.changed.Tell()
	return nil
}
