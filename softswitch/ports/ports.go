// Package ports is how frames come to a switch and leave it.
//
// A Port only sends: what arrives is handed to the switch by whoever owns the port, so that a port
// needs to know nothing of switches. Frames are Ethernet frames without frame check sequence.
package ports

import (
	"errors"
	"sync/atomic"
)

// ErrClosed is returned by Send after Close.
var ErrClosed = errors.New("port is closed")

// ErrFull is returned by Send when the port's queue has no room; the frame is lost.
var ErrFull = errors.New("port's queue is full")

// Port is where frames leave.
type Port interface {
	// Name is the interface's name, unique in a switch.
	Name() string
	// Send sends a frame or returns an error; it does not keep the frame. It must not wait for
	// anything but the kernel, for the data plane stands still meanwhile, and may be called
	// concurrently.
	Send(frame []byte) error
	// Close ends the port. It may be called more than once.
	Close() error
}

// MaxBurst is how many frames are received or sent at a time.
const MaxBurst = 64

// DefaultQueue is how many received frames may wait at an Interface: 16 MiB of them at an MTU of 1500 bytes, which is what the
// kernel keeps for a socket with a buffer of half that size.
const DefaultQueue = 8192

// Burster is a Port that sends many frames with less work than one after the other.
type Burster interface {
	Port
	// SendBurst sends frames, in order, as Send does, and counts them.
	SendBurst(frames [][]byte, c *Counters)
}

// Lossy is a Port that may lose what arrives before the switch sees it.
type Lossy interface {
	// Lost is how many frames were lost so.
	Lost() uint64
}

// Counters are those of one port. All members may be read and written at any time.
type Counters struct {
	InFrames, InBytes   atomic.Uint64
	InDiscards          atomic.Uint64 // empty, too long, the switch had no program, or the port is disabled
	OutFrames, OutBytes atomic.Uint64
	OutDiscards         atomic.Uint64 // no room, or the port is closed or disabled
	OutErrors           atomic.Uint64 // any other error of Send
}

// CountersSnapshot is Counters at one moment.
type CountersSnapshot struct {
	InFrames, InBytes, InDiscards               uint64
	OutFrames, OutBytes, OutDiscards, OutErrors uint64
}

// Snapshot reads all counters, one after the other.
func (c *Counters) Snapshot() CountersSnapshot {
	return CountersSnapshot{
		InFrames: c.InFrames.Load(), InBytes: c.InBytes.Load(), InDiscards: c.InDiscards.Load(),
		OutFrames: c.OutFrames.Load(), OutBytes: c.OutBytes.Load(),
		OutDiscards: c.OutDiscards.Load(), OutErrors: c.OutErrors.Load(),
	}
}

// Sent counts a frame of n bytes for which Send returned err.
func (c *Counters) Sent(n int, err error) {
	switch {
	case err == nil:
		c.OutFrames.Add(1)
		c.OutBytes.Add(uint64(n))
	case errors.Is(err, ErrFull), errors.Is(err, ErrClosed):
		c.OutDiscards.Add(1)
	default:
		c.OutErrors.Add(1)
	}
}
