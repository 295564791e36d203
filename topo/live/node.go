package live

import (
	"context"
	"fmt"
	"log/slog"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"

	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/softswitch"
	"github.com/firstack/firstack/softswitch/pipeline"
	"github.com/firstack/firstack/topo"
	"github.com/firstack/firstack/topo/link"
	"github.com/firstack/firstack/topo/plan"
)

// Switch is a gateway in a network, and how its P4Runtime server is reached.
type Switch interface {
	topo.Node
	Dial(context.Context) (net.Conn, error)
	// Embedded is the embedded switch in it, for those who look at its tables.
	Embedded() *softswitch.Switch
}

// node is a gateway: an embedded switch with its P4Runtime server, which listens in memory.
type node struct {
	sw       *softswitch.Switch
	server   *grpc.Server
	listener *bufconn.Listener
	served   chan struct{}
}

// bufferSize of a connection between controller and switch, in bytes.
const bufferSize = 1 << 20

// maxMessage is what the switch takes in one gRPC message, in bytes (P4Runtime spec 1.5, guidelines: 128 MiB and
// more, for a pipeline comes in one).
const maxMessage = 256 << 20

func newNode(g *plan.Gateway, tracer pipeline.Tracer, logger *slog.Logger) *node {
	n := &node{
		sw: softswitch.New(softswitch.Options{
			DeviceID: uint64(g.ID), CPUPort: p4src.CPUPort, Tracer: tracer, Logger: logger.With("switch", g.Name),
		}),
		server:   grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage)),
		listener: bufconn.Listen(bufferSize),
		served:   make(chan struct{}),
	}
	n.sw.Register(n.server)
	go func() {
		defer close(n.served)
		_ = n.server.Serve(n.listener) // ends with Stop, and with that alone
	}()
	return n
}

// Dial implements Switch.
func (n *node) Dial(ctx context.Context) (net.Conn, error) { return n.listener.DialContext(ctx) }

// Embedded implements Switch.
func (n *node) Embedded() *softswitch.Switch { return n.sw }

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
	return nil
}
