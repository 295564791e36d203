package lab

import (
	"context"
	"fmt"
)

// bridge is the switch of a LAN or of the control network, inside a namespace.
const (
	lanBridge     = "hosts"
	controlBridge = "control"
)

// wire makes the namespaces of a layout and everything in them that is not a process.
func (s *State) wire(ctx context.Context, l *Layout) error {
	b := &builder{ctx: ctx}
	for _, ns := range s.Namespaces {
		b.addNamespace(ns)
	}
	core := s.Namespace(coreNode)
	b.addBridge(core, controlBridge, 1500)
	for i, g := range l.Gateways {
		ns := s.Namespace(g.Name)
		b.cable(ns, g.WAN.Interface, core, l.Core.Interfaces[i].Interface, l.Core.CableMTU)
		b.cable(ns, controlInterface, core, fmt.Sprintf("%s%d", controlInterface, i+1), 1500)
		b.in(core, "link set %s%d master %s", controlInterface, i+1, controlBridge)
		b.in(ns, "addr add %s dev %s", g.Control, controlInterface)
		b.addBridge(ns, lanBridge, l.lanMTU())
		b.cable(ns, g.LAN.Interface, ns, "uplink", l.lanMTU())
		b.in(ns, "link set uplink master %s", lanBridge)
	}
	for i := range l.Hosts {
		b.addHost(s, l, i)
	}
	b.cable(s.Namespace(l.Control.Host), controlInterface, core, controlInterface+"0", 1500)
	b.in(core, "link set %s0 master %s", controlInterface, controlBridge)
	b.in(s.Namespace(l.Control.Host), "addr add %s dev %s", l.Control.Address, controlInterface)
	if b.err != nil {
		return fmt.Errorf("lab %s: build: %w", s.Name, b.err)
	}
	return nil
}

// cable makes a veth pair, each end in its namespace, both up.
func (b *builder) cable(nsA, a, nsB, z string, mtu int) {
	b.in(nsA, "link add name %s mtu %d type veth peer name %s mtu %d netns %s", a, mtu, z, mtu, nsB)
	b.in(nsA, "link set dev %s up", a)
	b.in(nsB, "link set dev %s up", z)
}

// addBridge makes a plain learning bridge.
func (b *builder) addBridge(ns, name string, mtu int) {
	b.in(ns, "link add name %s mtu %d type bridge stp_state 0 forward_delay 0 mcast_snooping 0", name, mtu)
	b.in(ns, "link set dev %s up", name)
}

// addHost connects a host to its LAN, through the core when the LAN takes time.
func (b *builder) addHost(s *State, l *Layout, i int) {
	h := &l.Hosts[i]
	ns, lan := s.Namespace(h.Name), s.Namespace(h.Gateway)
	port := fmt.Sprintf("host%d", i+1)
	if len(l.Core.Wires) > 0 {
		w := l.Core.Wires[i]
		b.cable(ns, h.Interface, s.Namespace(coreNode), w.Near, h.MTU)
		b.cable(s.Namespace(coreNode), w.Far, lan, port, h.MTU)
	} else {
		b.cable(ns, h.Interface, lan, port, h.MTU)
	}
	b.in(lan, "link set %s master %s", port, lanBridge)
	b.in(ns, "link set dev %s address %s", h.Interface, h.MAC)
	for _, a := range h.Addresses {
		b.in(ns, "addr add %s dev %s", a, h.Interface)
	}
	if !h.Addresses[0].Contains(h.Via) {
		b.in(ns, "route add %s dev %s scope link", h.Via, h.Interface)
	}
	b.in(ns, "route add default via %s dev %s src %s", h.Via, h.Interface, h.Addresses[0].Addr())
	if !s.Switch.offloads() {
		b.run("ip", "netns", "exec", ns, "ethtool", "-K", h.Interface, "tx", "off", "sg", "off", "tso", "off", "gso", "off", "gro", "off")
	}
}
