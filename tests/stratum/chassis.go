package stratum

import (
	"errors"
	"slices"

	"github.com/firstack/firstack/softswitch"
	"github.com/firstack/firstack/softswitch/gnmi"
)

// chassis shows a chip's ports as the chassis configuration names and numbers them. Stratum serves gNMI on the addresses
// of its P4Runtime (external_stratum_urls, both services on each).
type chassis struct {
	s  *Switch
	sw *softswitch.Switch
}

// Interfaces implements gnmi.Device.
func (c chassis) Interfaces() []gnmi.Interface {
	var list []gnmi.Interface
	for _, p := range c.sw.Ports() {
		i := slices.IndexFunc(c.s.options.Ports, func(o Port) bool { return o.Device == p.ID })
		if i < 0 {
			continue
		}
		list = append(list, gnmi.Interface{
			ID: c.s.options.Ports[i].ID, Name: c.s.options.Ports[i].Name,
			Enabled: p.Enabled, Up: p.Up, Changed: p.Changed, Link: p.Link, Counters: p.CountersSnapshot,
		})
	}
	return list
}

// SetEnabled implements gnmi.Device.
func (c chassis) SetEnabled(id uint32, enabled bool) error {
	for _, p := range c.s.options.Ports {
		if p.ID == id {
			return c.sw.SetPortEnabled(p.Device, enabled)
		}
	}
	return errors.New("no such port")
}

// Changed implements gnmi.Device.
func (c chassis) Changed() <-chan struct{} { return c.sw.PortsChanged() }
