package p4rt

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/softswitch/p4rt/arbiter"
	"github.com/firstack/firstack/softswitch/p4rt/digest"
	"github.com/firstack/firstack/softswitch/pipeline"
	"github.com/firstack/firstack/softswitch/pre"
)

// APIVersion is the version of P4Runtime that the server implements.
const APIVersion = "1.5.0"

// MaxClients is how many controllers may be connected to one switch at a time; BMv2 has the same
// limit.
const MaxClients = 16

// Device is the switch as the server sees it.
type Device interface {
	// NewPipeline makes an instance of a program that does not run yet.
	NewPipeline(prog *pipeline.Program, engine *pre.Engine) *pipeline.Pipeline
	// Run makes an instance the one that packets go through.
	Run(pl *pipeline.Pipeline)
	// Inject hands a frame to the pipeline as if it had arrived on the CPU port. It does not keep
	// frame.
	Inject(frame []byte) error
}

// Options configure a Server. Device is required.
type Options struct {
	DeviceID uint64
	Device   Device
	Logger   *slog.Logger     // nil = discard
	Now      func() uint64    // the data plane's clock, microseconds; nil stands still
	Clock    func() time.Time // of digest timeouts and timestamps; nil = time.Now
	QueueLen int              // messages waiting for one client before some are dropped, 0 = 1024
}

// Server is the P4Runtime service of one device.
type Server struct {
	p4v1.UnimplementedP4RuntimeServer

	opt       Options
	log       *slog.Logger
	device    Device
	arbiter   *arbiter.Arbiter
	digests   *digest.Book
	sessions  sync.Map // *arbiter.Client -> *session
	primaries primaries
	stats     counters

	active atomic.Pointer[bound] // runs; nil before the first commit

	// mu orders control-plane requests: writers exclude each other and readers.
	mu    sync.RWMutex
	saved *bound // saved and not committed; reads and writes go here when there is one

	life    sync.Mutex
	closed  bool
	done    chan struct{}
	running sync.WaitGroup
}

// New makes a server without a program and starts its housekeeping. Close ends it.
func New(opt Options) *Server {
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	if opt.Now == nil {
		opt.Now = func() uint64 { return 0 }
	}
	if opt.Clock == nil {
		opt.Clock = time.Now
	}
	if opt.QueueLen <= 0 {
		opt.QueueLen = 1024
	}
	s := &Server{opt: opt, log: opt.Logger, device: opt.Device, done: make(chan struct{})}
	s.arbiter = arbiter.New(opt.DeviceID, MaxClients, s.primaryChanged)
	s.digests = digest.New(s.sendDigest, opt.Clock)
	s.running.Add(1)
	go s.housekeeping()
	return s
}

// Close ends all streams and the housekeeping, and waits for them. It leaves the pipeline running.
func (s *Server) Close() error {
	s.life.Lock()
	if !s.closed {
		s.closed = true
		close(s.done)
	}
	s.life.Unlock()
	s.running.Wait()
	return nil
}

// begin counts a call that Close has to wait for; false after Close.
func (s *Server) begin() bool {
	s.life.Lock()
	defer s.life.Unlock()
	if s.closed {
		return false
	}
	s.running.Add(1)
	return true
}

// Capabilities implements P4Runtime.
func (s *Server) Capabilities(_ context.Context, req *p4v1.CapabilitiesRequest) (*p4v1.CapabilitiesResponse, error) {
	if req.GetDeviceId() != 0 {
		if err := s.arbiter.CheckDevice(req.GetDeviceId()); err != nil {
			return nil, err
		}
	}
	return &p4v1.CapabilitiesResponse{P4RuntimeApiVersion: APIVersion}, nil
}

// primaryChanged is told by the arbiter. A new primary starts without what was sent to the last one.
func (s *Server) primaryChanged(role string, c *arbiter.Client) {
	var sess *session
	if c != nil {
		if v, ok := s.sessions.Load(c); ok {
			sess = v.(*session)
		}
	}
	s.primaries.set(role, sess)
	s.digests.Forget()
	s.log.Info("primary changed", "role", role, "primary", sess != nil, "election", c.ElectionID())
}

// current returns the program that reads and writes refer to. The caller holds mu.
func (s *Server) current() (*bound, error) {
	if s.saved != nil {
		return s.saved, nil
	}
	if b := s.active.Load(); b != nil {
		return b, nil
	}
	return nil, errNoConfig()
}

func errNoConfig() error {
	return status.Error(codes.FailedPrecondition, "No forwarding pipeline config set for this device")
}

// counters are what Stats reports.
type counters struct {
	packetIns, packetInDrops    atomic.Uint64
	packetOuts, packetOutErrors atomic.Uint64
	idle, idleDrops             atomic.Uint64
	errorDrops                  atomic.Uint64
	writes, writeErrors         atomic.Uint64
}

// Stats are counters since the server was made.
type Stats struct {
	PacketIns       uint64 // sent to a client
	PacketInDrops   uint64 // no primary, no room, or too short for the header
	PacketOuts      uint64 // injected
	PacketOutErrors uint64 // refused
	Digests         digest.Stats
	Idle, IdleDrops uint64 // idle notifications sent, and lost for want of room
	ErrorDrops      uint64 // stream errors not sent
	Writes          uint64 // updates carried out
	WriteErrors     uint64 // updates refused
	Clients         int    // streams open
}

// Stats reads the counters.
func (s *Server) Stats() Stats {
	c := &s.stats
	st := Stats{
		PacketIns: c.packetIns.Load(), PacketInDrops: c.packetInDrops.Load(),
		PacketOuts: c.packetOuts.Load(), PacketOutErrors: c.packetOutErrors.Load(),
		Digests: s.digests.Stats(),
		Idle:    c.idle.Load(), IdleDrops: c.idleDrops.Load(), ErrorDrops: c.errorDrops.Load(),
		Writes: c.writes.Load(), WriteErrors: c.writeErrors.Load(),
	}
	s.sessions.Range(func(any, any) bool { st.Clients++; return true })
	return st
}
