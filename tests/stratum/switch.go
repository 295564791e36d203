package stratum

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/prototext"

	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/softswitch"
	"github.com/firstack/firstack/softswitch/gnmi"
	"github.com/firstack/firstack/topo/link"
)

// Options of a Switch.
type Options struct {
	NodeID uint64 // of the chassis configuration: P4Runtime's device id
	Ports  []Port
	Logger *slog.Logger
}

// Port is a singleton_port of the chassis configuration.
type Port struct {
	Name    string // port/channel on the front panel, such as 1/0
	Device  uint32 // the chip's port, as the program and P4Runtime have it, for nothing in our P4Info is translated
	Network uint32 // the port of the network that is plugged in
}

// Switch is a box with a Tofino and Stratum. It implements live.Switch.
type Switch struct {
	p4v1.UnimplementedP4RuntimeServer
	options Options

	mu     sync.Mutex
	chip   *chip // nil: off
	ports  map[uint32]link.Port
	saved  *p4v1.ForwardingPipelineConfig // in /etc/stratum
	events Events

	skipped atomic.Uint64 // ticks
}

// Events counts what clients did that a Tofino under Stratum ignores or refuses.
type Events struct {
	Reconciles int // RECONCILE_AND_COMMIT asked for
	Sets       int // action sets written
	BytePorts  int // copies whose port was in bytes
	Idle       int // entries with an idle timeout
	HitAsked   int // reads that asked for the time since the last hit
	Acks       int // digest lists acknowledged
	Standby    int // clients without an election id
}

// chip is what ends when the box is switched off.
type chip struct {
	sw      *softswitch.Switch
	inside  *endpoint // of the stand-in
	outside *endpoint // of Stratum
	gnmi    *gnmi.Server
	conn    *grpc.ClientConn
	client  p4v1.P4RuntimeClient
	program *program // nil: none
	timeout int64    // of the learn filter, ns
	learns  bool     // somebody has asked for digests
}

// program is what a chip runs, and what its stand-in does.
type program struct {
	config  *p4v1.ForwardingPipelineConfig
	to, of  *ids // to the stand-in's ids, and of them
	standIn *p4configv1.P4Info
	ticks   int // position of the member now in digests
}

// New makes a switch without a program. Close ends it.
func New(o Options) (*Switch, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Switch{options: o, ports: map[uint32]link.Port{}}
	return s, s.on()
}

// firstTick is where the chip's clock begins: a minute before its 28 bits wrap.
const firstTick = 1<<28 - 60000

// on starts the chip, and Stratum, which pushes the program that it had saved: tables are empty.
func (s *Switch) on() error {
	start := time.Now()
	c := &chip{sw: softswitch.New(softswitch.Options{
		DeviceID: s.options.NodeID, CPUPort: p4src.CPUPort, Logger: s.options.Logger,
		// Units of 2^10 ns, of which the program makes ticks of 2^20 ns as TNA has them.
		Now: func() uint64 { return (firstTick+s.skipped.Load())<<10 + uint64(time.Since(start))>>10 },
	})}
	c.gnmi = gnmi.New(gnmi.Options{Device: chassis{s, c.sw}, Logger: s.options.Logger})
	c.inside = serve(c.sw.Register)
	c.outside = serve(func(r grpc.ServiceRegistrar) {
		p4v1.RegisterP4RuntimeServer(r, s)
		c.gnmi.Register(r)
	})
	var err error
	c.conn, err = grpc.NewClient("passthrough:chip", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return c.inside.listener.DialContext(ctx) }),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20)))
	if err != nil {
		return err
	}
	c.client = p4v1.NewP4RuntimeClient(c.conn)
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, p := range s.ports {
		if err := c.sw.AddPort(id, p); err != nil {
			return err
		}
	}
	s.chip = c
	if s.saved != nil {
		return c.load(s.saved)
	}
	return nil
}

func (s *Switch) off() error {
	s.mu.Lock()
	c := s.chip
	s.chip = nil
	s.mu.Unlock()
	if c == nil {
		return nil
	}
	err := errors.Join(c.sw.Close(), c.gnmi.Close(), c.conn.Close())
	c.inside.stop()
	c.outside.stop()
	return err
}

// Wrap moves the chip's clock to where its 28 bits begin anew.
func (s *Switch) Wrap() { s.skipped.Store(1<<28 - firstTick) }

// Reboot switches the box off and on.
func (s *Switch) Reboot() error { return errors.Join(s.off(), s.on()) }

// load has the chip run a program.
func (c *chip) load(config *p4v1.ForwardingPipelineConfig) error {
	bf, err := parseBfPipeline(config.GetP4DeviceConfig())
	if err != nil {
		return err
	}
	standIn := &p4configv1.P4Info{}
	name := p4src.Program(bf.name)
	if err := prototext.Unmarshal(name.P4Info(), standIn); err != nil {
		return err
	}
	p := &program{config: config, standIn: standIn, ticks: -1}
	if p.to, err = newIDs(config.GetP4Info(), standIn); err == nil {
		p.of, err = newIDs(standIn, config.GetP4Info())
	}
	if err != nil {
		return fmt.Errorf("the P4Info is not of %s: %w", name, err)
	}
	for i, m := range standIn.GetTypeInfo().GetStructs()["flow_event_t"].GetMembers() {
		if m.GetName() == "now" {
			p.ticks = i
		}
	}
	if err := c.sw.Load(name.JSON(), standIn); err != nil {
		return err
	}
	c.program, c.learns = p, false
	return nil
}

// running gives the chip and its program; either may be nil.
func (s *Switch) running() (*chip, *program) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.chip == nil {
		return nil, nil
	}
	return s.chip, s.chip.program
}

// Events tells what clients did so far.
func (s *Switch) Events() Events {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.events
}

func (s *Switch) count(what func(*Events)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	what(&s.events)
}

// Dial implements live.Switch.
func (s *Switch) Dial(ctx context.Context) (net.Conn, error) {
	c, _ := s.running()
	if c == nil {
		return nil, errors.New("the switch is off")
	}
	return c.outside.listener.DialContext(ctx)
}

// Embedded implements live.Switch.
func (s *Switch) Embedded() *softswitch.Switch {
	c, _ := s.running()
	return c.sw
}

// AddPort implements topo.Node.
func (s *Switch) AddPort(id uint32, p link.Port) error {
	at, ok := s.device(id)
	if !ok {
		return fmt.Errorf("no device port for port %d", id)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ports[at] = link.Unowned(p)
	return s.chip.sw.AddPort(at, s.ports[at])
}

func (s *Switch) device(network uint32) (uint32, bool) {
	for _, p := range s.options.Ports {
		if p.Network == network {
			return p.Device, true
		}
	}
	return 0, false
}

// Receive implements topo.Node.
func (s *Switch) Receive(port uint32, frame []byte) {
	if c, _ := s.running(); c != nil {
		at, _ := s.device(port)
		c.sw.Receive(at, frame)
	}
}

// Close implements topo.Node.
func (s *Switch) Close() error { return s.off() }
