package stratum

import (
	"errors"
	"slices"

	"github.com/firstack/firstack/softswitch"
	"github.com/firstack/firstack/softswitch/gnmi"
)

// chassis shows a chip's ports under their names in the chassis configuration. state/ifindex is the device port, as in
// Stratum (BfChassisManager::GetPortData, kSdnPortId); state/id, which there is the id of the chassis configuration, is the
// same number here. gNMI is served on the addresses of P4Runtime (external_stratum_urls, both services on each).
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
			ID: p.ID, Name: c.s.options.Ports[i].Name,
			Enabled: p.Enabled, Up: p.Up, Changed: p.Changed, Link: p.Link, Counters: p.CountersSnapshot,
		})
	}
	return list
}

// SetEnabled implements gnmi.Device.
func (c chassis) SetEnabled(id uint32, enabled bool) error {
	for _, p := range c.s.options.Ports {
		if p.Device == id {
			return c.sw.SetPortEnabled(p.Device, enabled)
		}
	}
	return errors.New("no such port")
}

// Changed implements gnmi.Device.
func (c chassis) Changed() <-chan struct{} { return c.sw.PortsChanged() }
