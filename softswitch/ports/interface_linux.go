package ports

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"

	"github.com/mdlayher/packet"
)

// Interface is a network interface of the kernel, opened with AF_PACKET in promiscuous mode.
//
// What the kernel leaves to the network card is not done here: a frame whose checksum was to be
// computed by the card arrives without it, one that the card was to segment arrives whole, and a
// VLAN tag that the card took off is missing. Turn that off at the sender ("ethtool -K IFACE tx off
// gso off tso off gro off rxvlan off").
type Interface struct {
	name string
	conn *packet.Conn
	raw  syscall.RawConn

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup
}

const (
	ethPAll       = 0x0003 // linux/if_ether.h, every protocol
	solPacket     = 263    // linux/socket.h
	ignoreOutward = 23     // linux/if_packet.h, PACKET_IGNORE_OUTGOING
	maxRead       = 256 << 10
)

// OpenInterface opens an interface. It needs CAP_NET_RAW.
func OpenInterface(name string) (*Interface, error) {
	ifi, err := net.InterfaceByName(name)
	if err != nil {
		return nil, fmt.Errorf("interface %s: %w", name, err)
	}
	conn, err := packet.Listen(ifi, packet.Raw, ethPAll, nil)
	if err != nil {
		if errors.Is(err, syscall.EPERM) {
			return nil, fmt.Errorf("interface %s: opening it needs CAP_NET_RAW (root, or setcap cap_net_raw+ep): %w", name, err)
		}
		return nil, fmt.Errorf("interface %s: %w", name, err)
	}
	p := &Interface{name: name, conn: conn}
	if err := p.configure(); err != nil {
		return nil, errors.Join(fmt.Errorf("interface %s: %w", name, err), conn.Close())
	}
	return p, nil
}

func (p *Interface) configure() error {
	if err := p.conn.SetPromiscuous(true); err != nil {
		return err
	}
	var err error
	if p.raw, err = p.conn.SyscallConn(); err != nil {
		return err
	}
	// What the kernel's own stack sends on the interface is not received by the switch.
	var optErr error
	if err := p.raw.Control(func(fd uintptr) {
		optErr = syscall.SetsockoptInt(int(fd), solPacket, ignoreOutward, 1)
	}); err != nil {
		return err
	}
	if optErr != nil {
		return fmt.Errorf("PACKET_IGNORE_OUTGOING (Linux 4.20 or newer): %w", optErr)
	}
	return nil
}

// Start calls receive for each frame that arrives, until Close, or until reading fails for another
// reason, which failed is told. It is called once. The frame is valid during the call only.
func (p *Interface) Start(receive func(frame []byte), failed func(error)) {
	p.running.Add(1)
	go func() {
		defer p.running.Done()
		buf := make([]byte, maxRead)
		for {
			n, _, err := p.conn.ReadFrom(buf)
			switch {
			case err == nil:
				receive(buf[:n])
			case errors.Is(err, syscall.ENETDOWN):
				// The interface is down for now; the socket lives on.
			default:
				p.mu.Lock()
				closed := p.closed
				p.mu.Unlock()
				if !closed {
					failed(err)
				}
				return
			}
		}
	}()
}

// Name implements Port.
func (p *Interface) Name() string { return p.name }

// Send implements Port. It does not wait: a full send queue is ErrFull.
func (p *Interface) Send(frame []byte) error {
	var err error
	ctl := p.raw.Write(func(fd uintptr) bool {
		_, err = syscall.Write(int(fd), frame)
		return true
	})
	switch {
	case ctl != nil:
		return ErrClosed
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.ENOBUFS):
		return ErrFull
	case err != nil:
		return fmt.Errorf("interface %s: send %d bytes: %w", p.name, len(frame), err)
	}
	return nil
}

// Close implements Port. It waits for the calls of receive and must not be called from there.
func (p *Interface) Close() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.closed = true
	p.mu.Unlock()
	err := p.conn.Close()
	p.running.Wait()
	return err
}
