package controller

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"time"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	"google.golang.org/protobuf/encoding/prototext"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/health"
	"github.com/firstack/firstack/controller/p4rt"
	"github.com/firstack/firstack/controller/state"
	"github.com/firstack/firstack/controller/target"
	"github.com/firstack/firstack/p4src"
)

// Options say how a controller reaches the world. The zero value is a controller on real networks.
type Options struct {
	// Dial connects to a switch, by its name and the address that the configuration has; nil: TCP.
	Dial func(ctx context.Context, name, address string) (net.Conn, error)
	// Probe connects to a replica or origin server for a health probe; nil: the machine's own network.
	Probe health.Dial
	// Pipeline gives the program for a role, where the switch's configuration names none; nil: the embedded one for
	// v1model.
	Pipeline func(config.Role) (p4rt.Pipeline, error)
	// Time multiplies the configuration's timers, those kept by switches included, but not the probes': 0.1 for a
	// network that runs ten times as fast as the real one. 0 means 1.
	Time float64
	// SlotsEvery is how often client gateways' slots in use are counted; 0: every 30 s.
	SlotsEvery time.Duration
	// Registers says that the switches serve P4Runtime's register entries, whatever their target.
	Registers bool
	// Listen is where the state is served instead of at the configured address, which all controllers share; "": there.
	Listen string
	// Elections settle with other controllers who drives which switch; nil: there are no others.
	Elections Elections
	Logger    *slog.Logger // nil: slog.Default
}

// Elections are where several controllers agree on one primary for each switch.
type Elections interface {
	// Elector gives the election of a switch's primary. Its ids begin with high.
	Elector(switchName string, high uint64) p4rt.Elector
	// Leader names the controller that was elected for a switch, as far as is known, and says whether that is this one;
	// "": nobody was.
	Leader(switchName string) (name string, self bool)
	// Standing tells how this controller stands to the others.
	Standing() state.Cluster
}

// V1Model gives the embedded program for a role, as compiled for v1model.
func V1Model(role config.Role) (p4rt.Pipeline, error) {
	program, ok := map[config.Role]p4src.Program{
		config.ClientGateway:  p4src.ClientGateway,
		config.ServerGateway:  p4src.ServerGateway,
		config.ReplicaGateway: p4src.ReplicaGateway,
	}[role]
	if !ok {
		return p4rt.Pipeline{}, fmt.Errorf("no program for role %q", role)
	}
	info := &p4configv1.P4Info{}
	if err := prototext.Unmarshal(program.P4Info(), info); err != nil {
		return p4rt.Pipeline{}, fmt.Errorf("P4Info of %s: %w", program, err)
	}
	return p4rt.Pipeline{P4Info: info, Config: program.JSON()}, nil
}

// pipeline gives the program of a switch, and what the switch that runs it can do.
func (o *Options) pipeline(s *config.Switch) (p p4rt.Pipeline, c target.Capabilities, err error) {
	if s.Pipeline == nil {
		p, err = o.Pipeline(s.Role)
	} else {
		p.P4Info, p.Config, err = target.LoadPipeline(s.Pipeline.P4Info, s.Pipeline.DeviceConfig)
	}
	if err != nil {
		return p, c, err
	}
	if c, err = target.Of(s.Target, p.P4Info); err != nil {
		return p, c, err
	}
	for _, port := range s.Ports {
		if c.LeadsToController(port.Port) {
			return p, c, fmt.Errorf("port %d leads to the controller on target %s", port.Port, c.Name)
		}
	}
	return p, c, nil
}

func (o *Options) complete() {
	if o.Pipeline == nil {
		o.Pipeline = V1Model
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
}
