package topo

import (
	"github.com/firstack/firstack/topo/core"
	"github.com/firstack/firstack/topo/link"
)

// segment is a gateway's LAN: it carries frames by their Ethernet addresses, between the gateway and the
// hosts' links.
type segment struct {
	name    string
	gateway [6]byte
	toNode  func(frame []byte)
	hosts   map[[6]byte]*link.Link
}

var _ link.Port = (*segment)(nil)

// Name returns the gateway's port as logs show it.
func (s *segment) Name() string { return s.name }

// Send takes a frame from the gateway. One to an address that nobody has goes nowhere.
func (s *segment) Send(frame []byte) error {
	if len(frame) < 14 {
		return link.ErrFrameSize
	}
	to := [6]byte(frame[:6])
	if to[0]&1 == 0 {
		if l := s.hosts[to]; l != nil {
			return l.Send(frame)
		}
		return nil
	}
	var err error
	for mac, l := range s.hosts {
		if mac != [6]byte(frame[6:12]) {
			if e := l.Send(frame); e != nil {
				err = e
			}
		}
	}
	return err
}

// receive takes a frame from a host.
func (s *segment) receive(frame []byte) {
	to := [6]byte(frame[:6])
	if s.hosts[to] != nil || to[0]&1 != 0 {
		_ = s.Send(frame) // what a host's link has no room for is lost, and counted there
	}
	if to == s.gateway || to[0]&1 != 0 {
		s.toNode(frame)
	}
}

// Close does nothing: the world closes the links.
func (s *segment) Close() error { return nil }

// corePort is a gateway's WAN port.
type corePort struct {
	name   string
	id     uint32
	router *core.Router
}

var _ link.Port = (*corePort)(nil)

// Name returns the gateway's port as logs show it.
func (p *corePort) Name() string { return p.name }

// Send hands a frame to the core, which copies it to a path.
func (p *corePort) Send(frame []byte) error {
	p.router.Receive(p.id, frame)
	return nil
}

// Close does nothing: the world closes the paths.
func (p *corePort) Close() error { return nil }
