package host

import (
	"fmt"
	"net"
	"net/netip"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"

	"github.com/firstack/firstack/topo/link"
)

// Options of a host.
type Options struct {
	Name string
	MAC  net.HardwareAddr
	// Addresses are its IPv4 addresses; it sends from the first unless told otherwise.
	Addresses []netip.Addr
	Gateway   netip.Addr // next hop for everything
	// GatewayMAC is the next hop's Ethernet address; nil asks by ARP (RFC 826).
	GatewayMAC net.HardwareAddr
	MTU        int           // largest IPv4 packet in bytes; 0 = 1500
	TimeWait   time.Duration // how long a closed connection's ports stay in use; 0 = 60 s
}

// Host is a computer with its network stack. All methods may be called at the same time.
type Host struct {
	name      string
	addresses []netip.Addr
	stack     *stack.Stack
	card      *card
}

// nicID is that of a host's only card.
const nicID tcpip.NICID = 1

// New makes a host. It is deaf and mute until Attach.
func New(opts Options) (*Host, error) {
	if len(opts.Addresses) == 0 || len(opts.MAC) != 6 || !opts.Gateway.Is4() {
		return nil, fmt.Errorf("host %s: needs an address, a MAC address of 6 bytes and an IPv4 gateway", opts.Name)
	}
	if opts.MTU == 0 {
		opts.MTU = 1500
	}
	s := stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, arp.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocolCUBIC, udp.NewProtocol, icmp.NewProtocol4},
	})
	h := &Host{
		name: opts.Name, addresses: opts.Addresses, stack: s,
		card: newCard(opts.MAC, opts.MTU),
	}
	if err := h.configure(opts); err != nil {
		s.Destroy()
		return nil, fmt.Errorf("host %s: %w", opts.Name, err)
	}
	return h, nil
}

func (h *Host) configure(opts Options) error {
	// Netstack's RACK (RFC 8985) forgets the retransmission timer when a tail loss probe repeats a FIN whose data was
	// lost before it: the connection then stands still for ever. Loss recovery by SACK and timer does not.
	recovery := tcpip.TCPRecovery(0)
	if err := h.stack.SetTransportProtocolOption(tcp.ProtocolNumber, &recovery); err != nil {
		return fmt.Errorf("switch RACK off: %w", stackError(err))
	}
	if opts.TimeWait > 0 {
		option := tcpip.TCPTimeWaitTimeoutOption(opts.TimeWait)
		if err := h.stack.SetTransportProtocolOption(tcp.ProtocolNumber, &option); err != nil {
			return fmt.Errorf("set TIME_WAIT to %v: %w", opts.TimeWait, stackError(err))
		}
	}
	if err := h.stack.CreateNIC(nicID, h.card); err != nil {
		return fmt.Errorf("create the card: %w", stackError(err))
	}
	for _, a := range opts.Addresses {
		if !a.Is4() {
			return fmt.Errorf("address %s is not IPv4", a)
		}
		address := tcpip.ProtocolAddress{Protocol: ipv4.ProtocolNumber, AddressWithPrefix: stackAddr(a).WithPrefix()}
		if err := h.stack.AddProtocolAddress(nicID, address, stack.AddressProperties{}); err != nil {
			return fmt.Errorf("add address %s: %w", a, stackError(err))
		}
	}
	h.stack.SetRouteTable([]tcpip.Route{{
		Destination: tcpip.AddressWithPrefix{Address: tcpip.AddrFrom4([4]byte{})}.Subnet(),
		Gateway:     stackAddr(opts.Gateway), NIC: nicID,
	}})
	if opts.GatewayMAC == nil {
		return nil
	}
	err := h.stack.AddStaticNeighbor(nicID, ipv4.ProtocolNumber, stackAddr(opts.Gateway), tcpip.LinkAddress(opts.GatewayMAC))
	if err != nil {
		return fmt.Errorf("add gateway %s: %w", opts.Gateway, stackError(err))
	}
	return nil
}

// Name returns the host's name.
func (h *Host) Name() string { return h.name }

// Address returns the address that the host sends from.
func (h *Host) Address() netip.Addr { return h.addresses[0] }

// Addresses returns all of its addresses.
func (h *Host) Addresses() []netip.Addr { return append([]netip.Addr(nil), h.addresses...) }

// MAC returns the card's Ethernet address.
func (h *Host) MAC() net.HardwareAddr { return net.HardwareAddr(h.card.LinkAddress()) }

// Attach connects the card to where its frames go.
func (h *Host) Attach(p link.Port) { h.card.port.Store(&p) }

// Receive takes a frame that arrived at the card; it does not keep it.
func (h *Host) Receive(frame []byte) { h.card.receive(frame) }

// Stats returns the stack's own counters, such as segments retransmitted.
func (h *Host) Stats() tcpip.Stats { return h.stack.Stats() }

// Close breaks all connections and ends the host; calls that wait on a connection return. What its
// connections send in parting still goes to the port.
func (h *Host) Close() error {
	h.stack.Destroy()
	return nil
}

func stackAddr(a netip.Addr) tcpip.Address { return tcpip.AddrFrom4(a.As4()) }

func fullAddr(a netip.AddrPort) tcpip.FullAddress {
	full := tcpip.FullAddress{NIC: nicID, Port: a.Port()}
	if a.Addr().IsValid() && !a.Addr().IsUnspecified() {
		full.Addr = stackAddr(a.Addr())
	}
	return full
}

func addrPort(f tcpip.FullAddress) netip.AddrPort {
	addr := netip.IPv4Unspecified()
	if f.Addr.Len() == 4 {
		addr = netip.AddrFrom4(f.Addr.As4())
	}
	return netip.AddrPortFrom(addr, f.Port)
}
