package host

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/waiter"
)

// Conn is an open TCP connection.
type Conn struct {
	*gonet.TCPConn
	local, remote netip.AddrPort
	connect       time.Duration
	syns          int
	endpoint      tcpip.Endpoint
}

// Local returns the host's address and port.
func (c *Conn) Local() netip.AddrPort { return c.local }

// Remote returns the address and port that were dialled.
func (c *Conn) Remote() netip.AddrPort { return c.remote }

// Connect returns the time from the call to the established connection.
func (c *Conn) Connect() time.Duration { return c.connect }

// SYNs returns how many SYNs it took: 1, and one more for each that was sent again.
func (c *Conn) SYNs() int { return c.syns }

// Reset breaks the connection with a RST.
func (c *Conn) Reset() { c.endpoint.Abort() }

// DialContext opens a TCP connection to "address:port", as an http.Transport and the controller's
// probes want it. Names are not resolved.
func (h *Host) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if network != "tcp" && network != "tcp4" {
		return nil, &net.OpError{Op: "dial", Net: network, Err: net.UnknownNetworkError(network)}
	}
	remote, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: fmt.Errorf("host %s resolves no names: %w", h.name, err)}
	}
	c, err := h.Dial(ctx, netip.AddrPort{}, remote)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Dial opens a TCP connection. Of local both address and port may be zero: the stack then chooses. An
// error is a *net.OpError around a syscall.Errno where there is one, or around ctx's.
func (h *Host) Dial(ctx context.Context, local, remote netip.AddrPort) (*Conn, error) {
	fail := func(err error) (*Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: net.TCPAddrFromAddrPort(remote), Err: err}
	}
	if !remote.Addr().Is4() {
		return fail(fmt.Errorf("%s is not IPv4", remote))
	}
	if err := ctx.Err(); err != nil {
		return fail(err)
	}
	var queue waiter.Queue
	ep, terr := h.stack.NewEndpoint(tcp.ProtocolNumber, ipv4.ProtocolNumber, &queue)
	if terr != nil {
		return fail(stackError(terr))
	}
	if !local.Addr().IsValid() {
		local = netip.AddrPortFrom(h.Address(), local.Port())
	}
	// Bound before the first SYN, the flow is known when that passes the card.
	if terr := ep.Bind(fullAddr(local)); terr != nil {
		ep.Close()
		return fail(stackError(terr))
	}
	bound, terr := ep.GetLocalAddress()
	if terr != nil {
		ep.Close()
		return fail(stackError(terr))
	}
	f := flow{addrPort(bound), remote}
	syns := h.card.syns.watch(f)
	defer h.card.syns.forget(f)

	start := time.Now()
	if err := connect(ctx, ep, &queue, remote); err != nil {
		ep.Close()
		return fail(err)
	}
	return newConn(ep, &queue, f, time.Since(start), syns), nil
}

func newConn(ep tcpip.Endpoint, queue *waiter.Queue, f flow, took time.Duration, syns *atomic.Int32) *Conn {
	return &Conn{
		TCPConn: gonet.NewTCPConn(queue, ep), endpoint: ep,
		local: f.local, remote: f.remote, connect: took, syns: int(syns.Load()),
	}
}

func connect(ctx context.Context, ep tcpip.Endpoint, queue *waiter.Queue, remote netip.AddrPort) error {
	entry, notify := waiter.NewChannelEntry(waiter.WritableEvents | waiter.EventErr | waiter.EventHUp)
	queue.EventRegister(&entry)
	defer queue.EventUnregister(&entry)
	terr := ep.Connect(fullAddr(remote))
	if _, started := terr.(*tcpip.ErrConnectStarted); started {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-notify:
		}
		terr = ep.LastError()
	}
	if terr != nil {
		return stackError(terr)
	}
	return nil
}

// Listen takes TCP connections at an address of the host, or at all of them when it is zero.
func (h *Host) Listen(at netip.AddrPort) (net.Listener, error) {
	l, err := gonet.ListenTCP(h.stack, fullAddr(at), ipv4.ProtocolNumber)
	if err != nil {
		return nil, fmt.Errorf("host %s: listen on %s: %w", h.name, at, err)
	}
	return l, nil
}

// DialUDP opens a UDP socket to a remote address, or one for all when remote is zero. Zero local lets
// the stack choose.
func (h *Host) DialUDP(local, remote netip.AddrPort) (*gonet.UDPConn, error) {
	var laddr, raddr *tcpip.FullAddress
	if local.IsValid() {
		full := fullAddr(local)
		laddr = &full
	}
	if remote.IsValid() {
		full := fullAddr(remote)
		raddr = &full
	}
	c, err := gonet.DialUDP(h.stack, laddr, raddr, ipv4.ProtocolNumber)
	if err != nil {
		return nil, fmt.Errorf("host %s: open UDP: %w", h.name, err)
	}
	return c, nil
}
