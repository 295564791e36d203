package core

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/firstack/firstack/topo/link"
)

// Interface is the core's end of the link to a gateway.
type Interface struct {
	Name    string     // of the gateway
	Address netip.Addr // the core's own on that link
	MAC     net.HardwareAddr
	PeerMAC net.HardwareAddr // the gateway's
}

// Path carries frames that came in from one interface and leave by another.
type Path struct {
	Port link.Port
	MTU  int // largest IPv4 packet in bytes; 0 = no limit
}

// Stats counts packets since the start.
type Stats struct {
	Forwarded, Fragmented         uint64
	Malformed                     uint64 // no Ethernet, IPv4 or ARP that could be read, or a wrong header checksum
	NotMine                       uint64 // to another Ethernet address
	NoRoute, TTLExceeded, TooBig  uint64
	NoPath, Refused, ICMPSent     uint64
	LocalAnswered, LocalDiscarded uint64 // to one of the core's own addresses
}

// Router is the core. Interfaces, paths and routes are set before frames come in; Receive may then be
// called from several goroutines.
type Router struct {
	interfaces map[uint32]Interface
	paths      map[[2]uint32]Path
	own        map[netip.Addr]bool
	routes     map[int]map[netip.Prefix]uint32 // by prefix length
	lengths    []int                           // those in use, longest first

	forwarded, fragmented, malformed, notMine, noRoute, ttlExceeded, tooBig atomic.Uint64
	noPath, refused, icmpSent, localAnswered, localDiscarded                atomic.Uint64
	identification                                                          atomic.Uint32
}

// New returns a router without interfaces.
func New() *Router {
	return &Router{
		interfaces: make(map[uint32]Interface), paths: make(map[[2]uint32]Path),
		own: make(map[netip.Addr]bool), routes: make(map[int]map[netip.Prefix]uint32),
	}
}

// AddInterface adds the end of a link under a number of its own.
func (r *Router) AddInterface(id uint32, i Interface) error {
	if _, ok := r.interfaces[id]; ok {
		return fmt.Errorf("core interface %d is there already", id)
	}
	if !i.Address.Is4() || len(i.MAC) != 6 || len(i.PeerMAC) != 6 {
		return fmt.Errorf("core interface %d (%s): needs an IPv4 address and two MAC addresses of 6 bytes", id, i.Name)
	}
	r.interfaces[id] = i
	r.own[i.Address] = true
	return nil
}

// AddPath sets what carries frames from one interface to another, which may be the same.
func (r *Router) AddPath(from, to uint32, p Path) error {
	if p.MTU != 0 && p.MTU < minMTU {
		return fmt.Errorf("core path %d to %d: MTU %d is less than %d (RFC 791)", from, to, p.MTU, minMTU)
	}
	r.paths[[2]uint32{from, to}] = p
	return nil
}

// AddRoute sends a prefix to an interface.
func (r *Router) AddRoute(prefix netip.Prefix, to uint32) error {
	if !prefix.IsValid() || !prefix.Addr().Is4() {
		return fmt.Errorf("core route %s: not IPv4", prefix)
	}
	prefix = prefix.Masked()
	table := r.routes[prefix.Bits()]
	if table == nil {
		table = make(map[netip.Prefix]uint32)
		r.routes[prefix.Bits()] = table
		r.lengths = append(r.lengths, prefix.Bits())
		slices.SortFunc(r.lengths, func(a, b int) int { return b - a })
	}
	if other, ok := table[prefix]; ok && other != to {
		return fmt.Errorf("core route %s: leads to interface %d already", prefix, other)
	}
	table[prefix] = to
	return nil
}

func (r *Router) route(to netip.Addr) (uint32, bool) {
	for _, bits := range r.lengths {
		prefix, _ := to.Prefix(bits)
		if id, ok := r.routes[bits][prefix]; ok {
			return id, true
		}
	}
	return 0, false
}

// Stats returns the counters.
func (r *Router) Stats() Stats {
	return Stats{
		Forwarded: r.forwarded.Load(), Fragmented: r.fragmented.Load(), Malformed: r.malformed.Load(),
		NotMine: r.notMine.Load(), NoRoute: r.noRoute.Load(), TTLExceeded: r.ttlExceeded.Load(),
		TooBig: r.tooBig.Load(), NoPath: r.noPath.Load(), Refused: r.refused.Load(),
		ICMPSent: r.icmpSent.Load(), LocalAnswered: r.localAnswered.Load(), LocalDiscarded: r.localDiscarded.Load(),
	}
}

// scratch holds the buffers that frames are rewritten in: those that come in belong to the caller.
var scratch = sync.Pool{New: func() any { b := make([]byte, 0, 2048); return &b }}

// Receive takes a frame from an interface; it does not keep it.
func (r *Router) Receive(from uint32, frame []byte) {
	in, ok := r.interfaces[from]
	if !ok || len(frame) < ethernetHeader {
		r.malformed.Add(1)
		return
	}
	broadcast := [6]byte(frame[:6]) == [6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	if !broadcast && [6]byte(frame[:6]) != [6]byte(in.MAC) {
		r.notMine.Add(1)
		return
	}
	switch binary.BigEndian.Uint16(frame[12:]) {
	case etherTypeARP:
		r.arp(from, in, frame)
	case etherTypeIPv4:
		packet, ok := ipv4Of(frame[ethernetHeader:])
		if !ok || broadcast {
			r.malformed.Add(1)
			return
		}
		r.packet(from, in, packet)
	default:
		r.malformed.Add(1)
	}
}

// packet forwards a whole IPv4 packet with a right header.
func (r *Router) packet(from uint32, in Interface, p []byte) {
	to := destination(p)
	if r.own[to] {
		r.local(from, in, p)
		return
	}
	if p[8] <= 1 {
		r.ttlExceeded.Add(1)
		r.tell(from, in, p, icmpTimeExceeded, 0, 0)
		return
	}
	out, ok := r.route(to)
	if !ok {
		r.noRoute.Add(1)
		r.tell(from, in, p, icmpUnreachable, codeNetUnreachable, 0)
		return
	}
	path, ok := r.paths[[2]uint32{from, out}]
	if !ok {
		r.noPath.Add(1)
		return
	}
	if path.MTU != 0 && len(p) > path.MTU {
		if dontFragment(p) {
			r.tooBig.Add(1)
			r.tell(from, in, p, icmpUnreachable, codeFragmentationNeeded, uint16(path.MTU))
			return
		}
		r.fragmented.Add(1)
		for _, f := range fragments(p, path.MTU) {
			r.send(path.Port, r.interfaces[out], f, true)
		}
		r.forwarded.Add(1)
		return
	}
	if r.send(path.Port, r.interfaces[out], p, true) {
		r.forwarded.Add(1)
	}
}

// send puts an Ethernet header before a packet, a copy of it, and hands it on; a hop lowers its TTL.
func (r *Router) send(port link.Port, out Interface, p []byte, hop bool) bool {
	buffer := scratch.Get().(*[]byte)
	defer scratch.Put(buffer)
	frame := append((*buffer)[:0], out.PeerMAC...)
	frame = append(frame, out.MAC...)
	frame = binary.BigEndian.AppendUint16(frame, etherTypeIPv4)
	frame = append(frame, p...)
	*buffer = frame
	if hop {
		lowerTTL(frame[ethernetHeader:])
	}
	if err := port.Send(frame); err != nil {
		r.refused.Add(1)
		return false
	}
	return true
}

// reply sends a packet of the core's own back to where a packet came from.
func (r *Router) reply(from uint32, in Interface, p []byte) bool {
	path, ok := r.paths[[2]uint32{from, from}]
	if !ok {
		r.noPath.Add(1)
		return false
	}
	return r.send(path.Port, in, p, false)
}
