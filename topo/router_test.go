package topo

import (
	"encoding/binary"
	"net/netip"

	"github.com/firstack/firstack/topo/link"
	"github.com/firstack/firstack/topo/plan"
)

// router is a gateway that does nothing but route, for networks without the real switches.
type router struct {
	gateway *plan.Gateway
	ports   map[uint32]link.Port
	routes  []plan.Route
}

func newRouter(g *plan.Gateway) (Node, error) {
	r := &router{gateway: g, ports: map[uint32]link.Port{}, routes: g.Routes}
	for _, p := range g.Ports {
		r.routes = append(r.routes, plan.Route{Prefix: p.Address.Masked(), Port: p.ID})
	}
	return r, nil
}

func (r *router) AddPort(id uint32, p link.Port) error {
	r.ports[id] = p
	return nil
}

func (r *router) Close() error { return nil }

func (r *router) Receive(_ uint32, frame []byte) {
	if len(frame) < 34 || binary.BigEndian.Uint16(frame[12:]) != 0x0800 || frame[22] <= 1 {
		return
	}
	to := netip.AddrFrom4([4]byte(frame[30:34]))
	var best plan.Route
	for _, route := range r.routes {
		if route.Prefix.Contains(to) && (best.Port == 0 || route.Prefix.Bits() > best.Prefix.Bits()) {
			best = route
		}
	}
	if best.Via.IsValid() {
		to = best.Via
	}
	for _, n := range r.gateway.Neighbors {
		if n.Address == to && n.Port == best.Port {
			out := append([]byte(nil), frame...)
			copy(out, n.MAC)
			copy(out[6:], r.gateway.Ports[best.Port-1].MAC)
			out[22]--
			sum := uint32(^binary.BigEndian.Uint16(out[24:])) + 0xfeff
			binary.BigEndian.PutUint16(out[24:], ^uint16(sum+sum>>16))
			_ = r.ports[best.Port].Send(out)
		}
	}
}
