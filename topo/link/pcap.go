package link

import (
	"fmt"
	"io"
	"sync"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// Capture writes frames as pcapng, one interface per link, as Wireshark and tcpdump read it.
type Capture struct {
	mu         sync.Mutex
	writer     *pcapgo.NgWriter
	interfaces map[string]int
	err        error
}

// NewCapture begins a capture file. Give its Tap to Fabric.AddTap, and call Close before the writer is
// closed.
func NewCapture(w io.Writer) (*Capture, error) {
	// The library wants a first interface before any frame; the links follow as they are seen.
	first := pcapgo.NgInterface{Name: "none", LinkType: layers.LinkTypeEthernet, SnapLength: maxFrame, TimestampResolution: 9}
	ng, err := pcapgo.NewNgWriterInterface(w, first, pcapgo.DefaultNgWriterOptions)
	if err != nil {
		return nil, fmt.Errorf("begin capture: %w", err)
	}
	return &Capture{writer: ng, interfaces: make(map[string]int)}, nil
}

// Tap writes the frames that are delivered. An error of the writer ends the capture; Close tells it.
func (c *Capture) Tap(ev TapEvent) {
	if ev.Fate != Delivered {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return
	}
	c.err = c.write(ev)
}

func (c *Capture) write(ev TapEvent) error {
	id, ok := c.interfaces[ev.LinkID]
	if !ok {
		var err error
		id, err = c.writer.AddInterface(pcapgo.NgInterface{
			Name: ev.LinkID, Description: ev.From + " to " + ev.To,
			LinkType: layers.LinkTypeEthernet, SnapLength: maxFrame, TimestampResolution: 9,
		})
		if err != nil {
			return fmt.Errorf("capture link %s: %w", ev.LinkID, err)
		}
		c.interfaces[ev.LinkID] = id
	}
	info := gopacket.CaptureInfo{Timestamp: ev.Time, CaptureLength: len(ev.Frame), Length: len(ev.Frame), InterfaceIndex: id}
	if err := c.writer.WritePacket(info, ev.Frame); err != nil {
		return fmt.Errorf("capture link %s: %w", ev.LinkID, err)
	}
	return nil
}

// Close writes out what is buffered and returns the first error of the capture. Later frames are
// ignored.
func (c *Capture) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == errCaptureClosed {
		return nil
	}
	err := c.err
	if err == nil {
		err = c.writer.Flush()
	}
	c.err = errCaptureClosed
	return err
}

var errCaptureClosed = fmt.Errorf("capture: %w", ErrClosed)
