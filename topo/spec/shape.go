package spec

import "github.com/firstack/firstack/topo/link"

// DefaultMTU is the largest IPv4 packet of a link that sets none, in bytes.
const DefaultMTU = 1500

// WANPath returns the treatment of frames from one site to another.
func (t *Topology) WANPath(from, to string) Path {
	for _, p := range t.Links.Paths {
		if p.From == from && p.To == to {
			return p.Path
		}
	}
	return t.Links.WAN
}

// WANShape returns the same with the delay of the pair, for a link.
func (t *Topology) WANShape(from, to string) link.Shape {
	s := t.WANPath(from, to).shape()
	s.Delay = t.Delay(from, to)
	return s
}

// LANShape returns the treatment of frames between a host and its gateway.
func (t *Topology) LANShape() link.Shape {
	s := t.Links.LAN.shape()
	s.Delay = milliseconds(t.Links.LAN.DelayMS)
	return s
}

func (p Path) shape() link.Shape {
	return link.Shape{
		Jitter: milliseconds(p.JitterMS), Loss: p.Loss, Duplicate: p.Duplicate,
		Reorder: p.Reorder, ReorderDelay: milliseconds(p.ReorderMS),
		Bandwidth: int64(p.BandwidthMbit * 1e6), Queue: p.Queue,
	}
}
