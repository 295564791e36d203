package p4rt

import (
	"errors"
	"fmt"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/tables"
)

// Conn is the switch in the hands of a Handler, while we are primary. Any number of goroutines may use it at once.
// Its calls fail when the session is over.
type Conn struct {
	session  *Session
	link     *link
	election ElectionID
	api      string
	pushed   bool
	groups   selectors
}

// What a Conn refuses by itself.
var (
	ErrQueueFull   = errors.New("send queue is full")
	ErrUnsupported = errors.New("the target does not serve this")
)

// Switch is the switch's name.
func (c *Conn) Switch() string { return c.session.options.Name }

// Schema is the P4Info of the pipeline in place.
func (c *Conn) Schema() *tables.Schema { return c.session.schema }

// Fresh tells whether the pipeline had to be pushed for this term, so that tables may have been emptied.
func (c *Conn) Fresh() bool { return c.pushed }

// Digests gives the digest lists of this connection; they are acknowledged already. The channel is never closed:
// watch the Handler's context.
func (c *Conn) Digests() <-chan *p4v1.DigestList { return c.link.digests }

// Packets gives the packet-ins of this connection, likewise.
func (c *Conn) Packets() <-chan *p4v1.PacketIn { return c.link.packets }

// IdleTimeouts gives the idle notifications of this connection, likewise. They are hints: some are repeated, some
// are lost.
func (c *Conn) IdleTimeouts() <-chan *p4v1.IdleTimeoutNotification { return c.link.idle }

// PacketOut gives the switch a packet to send. It never waits: ErrQueueFull says that the switch does not keep up.
func (c *Conn) PacketOut(p *p4v1.PacketOut) error {
	if !c.link.queue(&p4v1.StreamMessageRequest{Update: &p4v1.StreamMessageRequest_Packet{Packet: p}}) {
		return fmt.Errorf("switch %s: packet-out: %w", c.Switch(), ErrQueueFull)
	}
	c.session.counters.packetOuts.Add(1)
	return nil
}
