package host

import (
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"

	"github.com/firstack/firstack/topo/link"
)

// card is the Ethernet card between a stack and a port. The stack's own channel endpoint would need a
// goroutine that carries packets from its queue to the port; a link queues by itself, so the card hands
// them over at once.
type card struct {
	port     atomic.Pointer[link.Port]
	attached atomic.Pointer[stack.NetworkDispatcher]
	address  tcpip.LinkAddress
	mtu      uint32
	syns     synCounters
}

var _ stack.LinkEndpoint = (*card)(nil)

func newCard(mac net.HardwareAddr, mtu int) *card {
	return &card{address: tcpip.LinkAddress(mac), mtu: uint32(mtu), syns: synCounters{counts: map[flow]*atomic.Int32{}}}
}

// outFrames are the buffers that frames are put together in.
var outFrames = sync.Pool{New: func() any { b := make([]byte, 0, 2048); return &b }}

// WritePackets sends packets of the stack. A frame that the port refuses is lost, as on any network.
func (c *card) WritePackets(packets stack.PacketBufferList) (int, tcpip.Error) {
	port := c.port.Load()
	if port == nil {
		return 0, &tcpip.ErrNoBufferSpace{}
	}
	scratch := outFrames.Get().(*[]byte)
	defer outFrames.Put(scratch)
	list := packets.AsSlice()
	for _, p := range list {
		frame := (*scratch)[:0]
		views, offset := p.AsViewList()
		for v := views.Front(); v != nil; v = v.Next() {
			data := v.AsSlice()
			skip := min(offset, len(data))
			offset -= skip
			frame = append(frame, data[skip:]...)
		}
		*scratch = frame
		c.syns.count(frame)
		if (*port).Send(frame) == link.ErrClosed {
			return 0, &tcpip.ErrClosedForSend{}
		}
	}
	return len(list), nil
}

// receive hands a frame for this card, or for all, to the stack.
func (c *card) receive(frame []byte) {
	d := c.attached.Load()
	if d == nil || len(frame) < header.EthernetMinimumSize {
		return
	}
	eth := header.Ethernet(frame)
	to := eth.DestinationAddress()
	if to != c.address && to != header.EthernetBroadcastAddress {
		return
	}
	p := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(frame)})
	defer p.DecRef()
	if !c.ParseHeader(p) {
		return
	}
	p.PktType = tcpip.PacketHost
	if to != c.address {
		p.PktType = tcpip.PacketBroadcast
	}
	(*d).DeliverNetworkPacket(eth.Type(), p)
}

// AddHeader puts the Ethernet header before a packet that is sent.
func (c *card) AddHeader(p *stack.PacketBuffer) {
	eth := header.Ethernet(p.LinkHeader().Push(header.EthernetMinimumSize))
	eth.Encode(&header.EthernetFields{
		SrcAddr: p.EgressRoute.LocalLinkAddress, DstAddr: p.EgressRoute.RemoteLinkAddress, Type: p.NetworkProtocolNumber,
	})
}

// ParseHeader takes the Ethernet header off a packet that arrived.
func (c *card) ParseHeader(p *stack.PacketBuffer) bool {
	_, ok := p.LinkHeader().Consume(header.EthernetMinimumSize)
	return ok
}

// Attach is called by the stack; with nil when the card is removed.
func (c *card) Attach(d stack.NetworkDispatcher) {
	if d == nil {
		c.attached.Store(nil)
		return
	}
	c.attached.Store(&d)
}

// The rest describes an ordinary card to the stack.

func (c *card) IsAttached() bool                 { return c.attached.Load() != nil }
func (c *card) MTU() uint32                      { return c.mtu }
func (c *card) SetMTU(uint32)                    {}
func (c *card) MaxHeaderLength() uint16          { return header.EthernetMinimumSize }
func (c *card) LinkAddress() tcpip.LinkAddress   { return c.address }
func (c *card) SetLinkAddress(tcpip.LinkAddress) {}
func (c *card) Capabilities() stack.LinkEndpointCapabilities {
	return stack.CapabilityResolutionRequired
}
func (c *card) ARPHardwareType() header.ARPHardwareType { return header.ARPHardwareEther }
func (c *card) Wait()                                   {}
func (c *card) Close()                                  {}
func (c *card) SetOnCloseAction(func())                 {}

// flow is a TCP connection seen from the host.
type flow struct{ local, remote netip.AddrPort }

// synCounters counts the SYNs of connections that are being opened: how often the stack had to repeat
// the first is not told by its own statistics.
type synCounters struct {
	mu     sync.Mutex
	counts map[flow]*atomic.Int32
}

func (s *synCounters) watch(f flow) *atomic.Int32 {
	n := new(atomic.Int32)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[f] = n
	return n
}

func (s *synCounters) forget(f flow) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.counts, f)
}

// count looks for a SYN without ACK in an IPv4 frame of this stack, whose headers are whole.
func (s *synCounters) count(frame []byte) {
	const ip = header.EthernetMinimumSize
	if len(frame) < ip+header.IPv4MinimumSize || binary.BigEndian.Uint16(frame[12:]) != uint16(header.IPv4ProtocolNumber) {
		return
	}
	packet := header.IPv4(frame[ip:])
	segment := frame[ip:][min(int(packet.HeaderLength()), len(frame)-ip):]
	if packet.TransportProtocol() != header.TCPProtocolNumber || len(segment) < header.TCPMinimumSize {
		return
	}
	t := header.TCP(segment)
	if t.Flags()&(header.TCPFlagSyn|header.TCPFlagAck) != header.TCPFlagSyn {
		return
	}
	f := flow{
		netip.AddrPortFrom(netip.AddrFrom4(packet.SourceAddress().As4()), t.SourcePort()),
		netip.AddrPortFrom(netip.AddrFrom4(packet.DestinationAddress().As4()), t.DestinationPort()),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.counts[f]; n != nil {
		n.Add(1)
	}
}
