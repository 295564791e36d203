package softswitch

import (
	"fmt"
	"time"

	"github.com/firstack/firstack/softswitch/gnmi"
	"github.com/firstack/firstack/softswitch/ports"
)

// SetPortEnabled enables or disables a port: its admin state. A disabled port neither takes nor sends frames, and counts
// those that it would have as discards.
func (s *Switch) SetPortEnabled(id uint32, enabled bool) error {
	return s.changePort(id, func(p *attached) bool { return p.disabled.Swap(!enabled) == enabled })
}

// SetPortLink takes in the state of a port's link, which the port's owner knows. At first it is up. Frames are
// sent to a port whose link is down all the same: what becomes of them is the port's business.
func (s *Switch) SetPortLink(id uint32, link ports.Link) error {
	return s.changePort(id, func(p *attached) bool {
		old := p.link
		p.link = link
		return !old.Equal(link)
	})
}

// changePort has change alter a port's state and say whether it did, and tells everybody whom that concerns.
func (s *Switch) changePort(id uint32, change func(*attached) bool) error {
	s.ports.mu.Lock()
	defer s.ports.mu.Unlock()
	p := s.ports.get(id)
	if p == nil {
		return fmt.Errorf("port %d does not exist", id)
	}
	was := p.up()
	if !change(p) {
		return nil
	}
	if p.up() != was {
		p.changed = time.Now()
		if pl := s.pl.Load(); pl != nil {
			pl.SetPortUp(id, p.up())
		}
		s.log.Info("port's state changed", "port", id, "interface", p.port.Name(), "up", p.up(), "enabled", !p.disabled.Load(), "link", p.link.Up)
	}
	s.ports.changed.Tell()
	return nil
}

// PortsChanged gives a channel that is closed when a port next comes, goes or changes its state.
func (s *Switch) PortsChanged() <-chan struct{} { return s.ports.changed.Wait() }

// interfaces are the switch's ports as its gNMI server sees them.
type interfaces struct{ *Switch }

func (i interfaces) Interfaces() []gnmi.Interface {
	var list []gnmi.Interface
	for _, p := range i.Ports() {
		list = append(list, gnmi.Interface{
			ID: p.ID, Name: p.Name, Enabled: p.Enabled, Up: p.Up, Changed: p.Changed, Link: p.Link, Counters: p.CountersSnapshot,
		})
	}
	return list
}

func (i interfaces) SetEnabled(id uint32, enabled bool) error { return i.SetPortEnabled(id, enabled) }

func (i interfaces) Changed() <-chan struct{} { return i.PortsChanged() }
