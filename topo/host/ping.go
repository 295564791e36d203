package host

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/waiter"
)

// Ping sends an ICMP echo request (RFC 792) and returns the time until the reply.
func (h *Host) Ping(ctx context.Context, to netip.Addr, sequence uint16) (time.Duration, error) {
	var queue waiter.Queue
	ep, terr := h.stack.NewEndpoint(icmp.ProtocolNumber4, ipv4.ProtocolNumber, &queue)
	if terr != nil {
		return 0, fmt.Errorf("host %s: ping: %w", h.name, stackError(terr))
	}
	if terr := ep.Connect(fullAddr(netip.AddrPortFrom(to, 0))); terr != nil {
		ep.Close()
		return 0, fmt.Errorf("host %s: ping %s: %w", h.name, to, stackError(terr))
	}
	socket := gonet.NewUDPConn(&queue, ep)
	defer socket.Close()
	stop := context.AfterFunc(ctx, func() { _ = socket.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()

	request := make([]byte, header.ICMPv4MinimumSize+8)
	echo := header.ICMPv4(request)
	echo.SetType(header.ICMPv4Echo)
	echo.SetSequence(sequence)
	binary.BigEndian.PutUint64(request[header.ICMPv4MinimumSize:], uint64(sequence))
	start := time.Now()
	if _, err := socket.Write(request); err != nil {
		return 0, fmt.Errorf("host %s: ping %s: %w", h.name, to, err)
	}
	answer := make([]byte, 64)
	for {
		n, err := socket.Read(answer)
		if err != nil {
			return 0, fmt.Errorf("host %s: ping %s: %w", h.name, to, errors.Join(ctx.Err(), err))
		}
		reply := header.ICMPv4(answer[:n])
		if n >= header.ICMPv4MinimumSize && reply.Type() == header.ICMPv4EchoReply && reply.Sequence() == sequence {
			return time.Since(start), nil
		}
	}
}
