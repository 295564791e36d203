// Package link carries Ethernet frames between the nodes of a network in one process, with the delay,
// jitter, loss, duplication, reordering and bandwidth of the path it stands for.
//
// A Fabric owns all links of one network: one heap of frames in flight, one goroutine that hands each
// frame over when it is due. So the cost of a link is the cost of its frames, and receivers are called
// one at a time, in the order of arrival. A receiver must therefore not block: it would hold up the
// whole network.
//
// What holds always:
//   - Send never calls a receiver: it copies the frame and returns.
//   - A link without jitter and reordering delivers in the order of sending.
//   - Memory is bounded; what does not fit is dropped and counted.
//   - Loss and the other chances come from a source seeded per link, so one link's traffic does not
//     change another's luck.
package link

import "errors"

// Port is where a node hands out its frames: one end of a link, or a network card.
type Port interface {
	// Name tells the port apart in logs.
	Name() string
	// Send takes a copy of an Ethernet frame without its check sequence, so the caller may reuse it.
	Send(frame []byte) error
	// Close makes later calls of Send fail.
	Close() error
}

// Receiver takes a frame that has arrived. The frame is valid during the call only, and the call must
// not block.
type Receiver func(frame []byte)

// Errors of Send and Connect.
var (
	ErrClosed    = errors.New("link closed")
	ErrFrameSize = errors.New("frame size outside 14 to 65549 bytes")
	ErrOverflow  = errors.New("too many frames in flight")
	ErrDuplicate = errors.New("link id already in use")
)
