package softswitch

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	"google.golang.org/grpc"

	"github.com/firstack/firstack/softswitch/bmv2json"
	"github.com/firstack/firstack/softswitch/gnmi"
	"github.com/firstack/firstack/softswitch/p4rt"
	"github.com/firstack/firstack/softswitch/pipeline"
	"github.com/firstack/firstack/softswitch/pre"
)

// MaxFrame is the longest frame, in bytes, that a switch takes by default.
const MaxFrame = 16 << 10

// Options configure a Switch. The zero value is a switch without CPU port.
type Options struct {
	DeviceID uint64
	CPUPort  uint32 // port to the controller, 0 = none
	DropPort uint32 // egress_spec that drops, 0 = 511
	MaxFrame int    // bytes, 0 = MaxFrame
	// InputQueue is how many received frames may wait for the pipeline; 0 processes a frame in the
	// goroutine that calls Receive.
	InputQueue int
	QueueLen   int // messages that may wait for one controller, 0 = 1024
	// Now gives microseconds since the switch started, nil = the time since New.
	Now    func() uint64
	Rand   func() uint64 // of random(), nil = a generator of its own
	Logger *slog.Logger  // nil = discard
	Strict bool          // report reads of invalid headers to Tracer
	Tracer pipeline.Tracer
	// Versions bounds what is compiled again for the traffic at hand (pipeline.Env.Versions).
	Versions int
	// Tap sees every frame that is received (out = false) and sent, before it is; nil = none. The
	// frame is valid during the call only.
	Tap func(port uint32, out bool, frame []byte)
}

// Switch is one switch. All methods may be called concurrently.
type Switch struct {
	opt    Options
	log    *slog.Logger
	server *p4rt.Server
	gnmi   *gnmi.Server
	ports  portTable
	pl     atomic.Pointer[pipeline.Pipeline]
	lost   Losses

	input   chan received
	done    chan struct{}
	closing sync.Once
	workers sync.WaitGroup
}

// New makes a switch without ports and program. Close ends it.
func New(opt Options) *Switch {
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	if opt.MaxFrame <= 0 {
		opt.MaxFrame = MaxFrame
	}
	if opt.Now == nil {
		start := time.Now()
		opt.Now = func() uint64 { return uint64(time.Since(start).Microseconds()) }
	}
	s := &Switch{opt: opt, log: opt.Logger, done: make(chan struct{})}
	s.server = p4rt.New(p4rt.Options{
		DeviceID: opt.DeviceID, Device: s, Logger: opt.Logger, Now: opt.Now, QueueLen: opt.QueueLen,
	})
	s.gnmi = gnmi.New(gnmi.Options{Device: interfaces{s}, Logger: opt.Logger})
	if opt.InputQueue > 0 {
		s.input = make(chan received, opt.InputQueue)
		s.workers.Add(1)
		go s.work()
	}
	return s
}

// Load makes a program the running one, without a P4Runtime client. json is BMv2 JSON.
func (s *Switch) Load(json []byte, info *p4configv1.P4Info) error { return s.server.Load(json, info) }

// LoadJSON runs a program for which there is no P4Info. P4Runtime clients see no configuration.
func (s *Switch) LoadJSON(json []byte) error {
	parsed, err := bmv2json.Parse(json)
	if err != nil {
		return fmt.Errorf("load program: %w", err)
	}
	prog, err := pipeline.Compile(parsed)
	if err != nil {
		return fmt.Errorf("load program: %w", err)
	}
	s.Run(s.NewPipeline(prog, pre.New()))
	return nil
}

// Register adds the switch's gRPC services: P4Runtime, and gNMI for its ports, as Stratum has both on each of its
// addresses. Who may exchange the program may disable a port as well, so the two need no addresses of their own.
func (s *Switch) Register(r grpc.ServiceRegistrar) {
	s.server.Register(r)
	s.gnmi.Register(r)
}

// P4Runtime returns the switch's P4Runtime server, for its counters.
func (s *Switch) P4Runtime() *p4rt.Server { return s.server }

// Pipeline returns the running instance, nil before the first program.
func (s *Switch) Pipeline() *pipeline.Pipeline { return s.pl.Load() }

// NewPipeline implements p4rt.Device.
func (s *Switch) NewPipeline(prog *pipeline.Program, engine *pre.Engine) *pipeline.Pipeline {
	return pipeline.New(prog, pipeline.Env{
		Now: s.opt.Now, Transmit: s.transmit, Digest: s.server.Digest, PRE: engine, Rand: s.opt.Rand,
		DropPort: s.opt.DropPort, CPUPort: s.opt.CPUPort, Strict: s.opt.Strict, Tracer: s.opt.Tracer,
		Versions: s.opt.Versions,
	})
}

// Run implements p4rt.Device.
func (s *Switch) Run(pl *pipeline.Pipeline) {
	s.ports.mu.Lock()
	defer s.ports.mu.Unlock()
	for id := range s.ports.gone {
		pl.SetPortUp(id, false)
	}
	for _, p := range s.ports.list() {
		if !p.up() {
			pl.SetPortUp(p.id, false)
		}
	}
	s.pl.Store(pl)
}

// Inject implements p4rt.Device: a packet-out enters on the CPU port.
func (s *Switch) Inject(frame []byte) error {
	if s.opt.CPUPort == 0 {
		return errors.New("the switch has no CPU port")
	}
	pl := s.pl.Load()
	if pl == nil {
		return errors.New("the switch has no program")
	}
	if len(frame) > s.opt.MaxFrame {
		return fmt.Errorf("packet of %d bytes is longer than %d", len(frame), s.opt.MaxFrame)
	}
	s.tap(s.opt.CPUPort, false, frame)
	pl.Process(s.opt.CPUPort, frame)
	return nil
}

// Close ends the P4Runtime streams, closes the ports and waits for what the switch has started.
func (s *Switch) Close() error {
	var err error
	s.closing.Do(func() {
		close(s.done)
		err = errors.Join(s.server.Close(), s.gnmi.Close())
		for _, p := range s.ports.list() {
			err = errors.Join(err, s.RemovePort(p.id))
		}
		s.workers.Wait()
	})
	return err
}
