package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/firstack/firstack/controller"
	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/softswitch"
	"github.com/firstack/firstack/softswitch/pipeline"
	"github.com/firstack/firstack/topo"
	"github.com/firstack/firstack/topo/plan"
	"github.com/firstack/firstack/topo/spec"
)

// Options of a network. The zero value is the topology as it stands.
type Options struct {
	// Scale multiplies every delay; 0 = the topology's own time scale.
	Scale float64
	// Timers multiplies the controller's timers; 0 = 1.
	Timers float64
	// TimeWait is how long closed connections of hosts keep their ports; 0 = 60 s.
	TimeWait time.Duration
	// Plain leaves every SYN untagged, for comparison with plain routing.
	Plain bool
	// Edit may change the controller's configuration before it is completed; nil = as planned.
	Edit func(*config.Config)
	// Tracer gives the tracer of a gateway's switch; nil = none.
	Tracer func(gateway string) pipeline.Tracer
	// Switch makes a gateway's switch, which may be of another target; nil = an embedded one.
	Switch func(*plan.Gateway) (Switch, error)
	Logger *slog.Logger // nil = none
}

// Network runs. The controller may be stopped and started while it does.
type Network struct {
	World *topo.World

	options Options
	config  *config.Config
	nodes   map[string]Switch
	running *running
}

// running is a controller's life.
type running struct {
	controller *controller.Controller
	cancel     context.CancelFunc
	done       chan error
}

// Start builds a network and returns when every switch has its program and its entries, or with ctx.
func Start(ctx context.Context, t *spec.Topology, options Options) (*Network, error) {
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	n := &Network{options: options, nodes: map[string]Switch{}}
	world, err := topo.New(t, topo.Options{
		Scale: options.Scale, TimeWait: options.TimeWait, Logger: options.Logger,
		NewNode: func(g *plan.Gateway) (topo.Node, error) {
			if options.Switch != nil {
				made, err := options.Switch(g)
				if err != nil {
					return nil, err
				}
				n.nodes[g.Name] = made
				return made, nil
			}
			var tracer pipeline.Tracer
			if options.Tracer != nil {
				tracer = options.Tracer(g.Name)
			}
			n.nodes[g.Name] = newNode(g, tracer, options.Logger)
			return n.nodes[g.Name], nil
		},
	})
	if err != nil {
		return nil, err
	}
	n.World = world
	if err = n.configure(); err == nil {
		err = n.StartController(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

func (n *Network) configure() error {
	n.config = Config(n.World.Plan())
	if n.options.Plain {
		n.config.Redirections = []config.Redirection{}
	}
	if n.options.Edit != nil {
		n.options.Edit(n.config)
	}
	n.config.Complete()
	return n.config.Validate()
}

// StartController starts the controller and returns when every switch holds what it should.
func (n *Network) StartController(ctx context.Context) error {
	if n.running != nil {
		return errors.New("the controller runs already")
	}
	k, err := controller.New(n.config, controller.Options{
		Dial: func(ctx context.Context, name, _ string) (net.Conn, error) {
			node := n.nodes[name]
			if node == nil {
				return nil, fmt.Errorf("no switch is called %s", name)
			}
			return node.Dial(ctx)
		},
		Probe:     n.probe(),
		Time:      n.options.Timers,
		Registers: n.options.Switch == nil,
		Logger:    n.options.Logger,
	})
	if err != nil {
		return err
	}
	life, cancel := context.WithCancel(context.Background())
	r := &running{controller: k, cancel: cancel, done: make(chan error, 1)}
	go func() { r.done <- k.Run(life) }()
	n.running = r
	return n.awaitReady(ctx)
}

// probe dials for health probes from the first management host; without one nothing can be probed.
func (n *Network) probe() func(ctx context.Context, network, address string) (net.Conn, error) {
	for _, h := range n.World.Topology().HostsOf(spec.Management) {
		return n.World.Host(h.Name).DialContext
	}
	return func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("the topology has no management host to probe from")
	}
}

// readyPoll is how often the controller is asked whether it is ready: nobody tells.
const readyPoll = 5 * time.Millisecond

func (n *Network) awaitReady(ctx context.Context) error {
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	for {
		err := n.running.controller.Ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("controller not ready: %w", errors.Join(ctx.Err(), err))
		case err := <-n.running.done:
			n.running.done <- err
			return fmt.Errorf("controller ended: %w", err)
		case <-tick.C:
		}
	}
}

// StopController ends the controller, as if it were killed: the switches keep what they have.
func (n *Network) StopController() error {
	if n.running == nil {
		return nil
	}
	n.running.cancel()
	err := <-n.running.done
	n.running = nil
	return err
}

// Controller returns the running controller; nil when it is stopped.
func (n *Network) Controller() *controller.Controller {
	if n.running == nil {
		return nil
	}
	return n.running.controller
}

// Config returns the controller's configuration. To change it, Apply a changed copy.
func (n *Network) Config() *config.Config { return n.config }

// Apply gives the running controller a new configuration, and later ones too.
func (n *Network) Apply(ctx context.Context, c *config.Config) error {
	c.Complete()
	if err := c.Validate(); err != nil {
		return err
	}
	n.config = c
	if n.running == nil {
		return nil
	}
	return n.running.controller.Apply(ctx, c)
}

// Switch returns a gateway's switch, or nil.
func (n *Network) Switch(gateway string) *softswitch.Switch {
	if node := n.nodes[gateway]; node != nil {
		return node.Embedded()
	}
	return nil
}

// Close ends the controller, then the rest.
func (n *Network) Close() error {
	err := n.StopController()
	return errors.Join(err, n.World.Close())
}
