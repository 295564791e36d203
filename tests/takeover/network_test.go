package takeover

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/softswitch"
	"github.com/firstack/firstack/tests/e2e/lab"
	"github.com/firstack/firstack/tests/e2e/witness"
	"github.com/firstack/firstack/topo"
	"github.com/firstack/firstack/topo/link"
	"github.com/firstack/firstack/topo/live"
	"github.com/firstack/firstack/topo/plan"
)

// network is the default topology, ten times as fast, in this process: hosts, links, and switches that serve P4Runtime on
// loopback and log as firstack-switch does. Controllers are left to others.
type network struct {
	*topo.World
	witness  *witness.Witness
	switches map[string]*node
	file     string // the controllers' configuration
}

// node is a gateway.
type node struct {
	sw      *softswitch.Switch
	server  *grpc.Server
	address string
	served  chan struct{}
	log     *os.File
}

func newNetwork(t *testing.T) *network {
	t.Helper()
	dir := t.TempDir()
	n := &network{switches: map[string]*node{}, file: filepath.Join(dir, "firstack.yaml")}
	topology := lab.Default(t, lab.InConfiguration("A", "B", "C"))
	world, err := topo.New(topology, topo.Options{
		Scale: 0.1, TimeWait: time.Second,
		NewNode: func(g *plan.Gateway) (topo.Node, error) {
			made, err := newNode(dir, g)
			n.switches[g.Name] = made
			return made, err
		},
	})
	check(t, err)
	n.World = world
	n.witness = witness.New(world.Plan())
	remove := world.Fabric().AddTap(n.witness.See)
	t.Cleanup(func() {
		remove()
		if err := world.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		n.witness.Settle(time.Now().Add(time.Hour))
		if err := n.witness.Err(); err != nil {
			t.Errorf("the witness saw: %v", err)
		}
	})
	c := live.Config(world.Plan())
	c.Health.Off = true // hosts can't be reached from other processes
	for i := range c.Switches {
		c.Switches[i].Address = n.switches[c.Switches[i].Name].address
	}
	c.Complete()
	check(t, c.Validate())
	check(t, os.WriteFile(n.file, c.Encode(), 0o600))
	return n
}

func newNode(dir string, g *plan.Gateway) (*node, error) {
	log, err := os.Create(filepath.Join(dir, g.Name+".log"))
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	n := &node{
		sw: softswitch.New(softswitch.Options{
			DeviceID: uint64(g.ID), CPUPort: p4src.CPUPort,
			Logger: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		}),
		server: grpc.NewServer(grpc.MaxRecvMsgSize(256 << 20)), address: l.Addr().String(),
		served: make(chan struct{}), log: log,
	}
	n.sw.Register(n.server)
	go func() {
		defer close(n.served)
		_ = n.server.Serve(l) // ends with Stop, and with that alone
	}()
	return n, nil
}

// AddPort implements topo.Node.
func (n *node) AddPort(id uint32, p link.Port) error { return n.sw.AddPort(id, link.Unowned(p)) }

// Receive implements topo.Node.
func (n *node) Receive(port uint32, frame []byte) { n.sw.Receive(port, frame) }

// Close implements topo.Node.
func (n *node) Close() error {
	err := n.sw.Close()
	n.server.Stop()
	<-n.served
	if err != nil {
		return fmt.Errorf("switch: %w", err)
	}
	return n.log.Close()
}

// names lists the switches.
func (n *network) names() []string {
	var list []string
	for _, g := range n.Plan().Gateways {
		list = append(list, g.Name)
	}
	return list
}

// service is the address of the first service.
func (n *network) service() netip.AddrPort {
	s := n.Topology().Services[0]
	return netip.AddrPortFrom(s.Server.Addr, s.Port)
}
