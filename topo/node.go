package topo

import (
	"github.com/firstack/firstack/topo/link"
	"github.com/firstack/firstack/topo/plan"
)

// Node is a gateway: a switch as far as frames are concerned.
type Node interface {
	// AddPort attaches a port before the first frame arrives. The node sends by it, and may close it at its end.
	AddPort(id uint32, p link.Port) error
	// Receive takes a frame that arrived at a port. The frame is valid during the call only, and the call
	// must not block.
	Receive(port uint32, frame []byte)
	// Close ends the node; no Receive is called afterwards.
	Close() error
}

// NewNode makes the switch of a gateway.
type NewNode func(g *plan.Gateway) (Node, error)
