package ports

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Interface is a network interface of the kernel, opened with AF_PACKET in promiscuous mode.
//
// A sender behind a veth pair leaves work to a network card that there is not; it is done here, so
// that a switch sees frames as they would be on a wire: checksums are completed, TCP and UDP frames
// of up to 64 KiB are cut into segments, and a VLAN tag that the kernel has taken off is put back.
// What cannot be cut (tunnels, fragments of UDP) is lost, counted and logged once.
//
// Frames are received in memory shared with the kernel and sent many at a time. What is sent passes
// through the interface's queueing discipline like any other traffic.
type Interface struct {
	name  string
	index int
	log   *slog.Logger
	in    int // socket with the ring
	wake  int // eventfd that ends waiting
	ring  *ring

	mu     sync.RWMutex // held for reading while out is used
	closed bool
	out    int       // socket that sends
	link   io.Closer // what follows the link; nil = nobody does

	running sync.WaitGroup
	vectors sync.Pool // of *vectors

	full  atomic.Uint64 // frames lost as the ring had no room
	uncut atomic.Uint64 // frames that could not be made what a wire carries
	told  atomic.Bool
}

// InterfaceOptions configure an Interface. The zero value is fit for use.
type InterfaceOptions struct {
	Queue  int          // received frames that may wait, 0 = DefaultQueue
	Logger *slog.Logger // nil = discard
}

// Sizes of the sockets' own buffers, in bytes: for frames that do not fit a slot of the ring, and for
// what a network card has not sent yet.
const (
	receiveBuffer = 8 << 20
	sendBuffer    = 4 << 20
)

// OpenInterface opens an interface. It needs CAP_NET_RAW.
func OpenInterface(name string, opt InterfaceOptions) (*Interface, error) {
	ifi, err := net.InterfaceByName(name)
	if err != nil {
		return nil, fmt.Errorf("interface %s: %w", name, err)
	}
	if opt.Queue <= 0 {
		opt.Queue = DefaultQueue
	}
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	p := &Interface{name: name, index: ifi.Index, log: opt.Logger, in: -1, out: -1, wake: -1}
	p.vectors.New = func() any { return &vectors{} }
	if err := p.open(ifi, opt.Queue); err != nil {
		p.release()
		if errors.Is(err, unix.EPERM) {
			return nil, fmt.Errorf("interface %s: opening it needs CAP_NET_RAW (root, or setcap cap_net_raw+ep): %w", name, err)
		}
		return nil, fmt.Errorf("interface %s: %w", name, err)
	}
	return p, nil
}

func (p *Interface) open(ifi *net.Interface, queue int) (err error) {
	// Protocol 0 receives nothing: the first socket until it is bound, the second for ever.
	const kind = unix.SOCK_RAW | unix.SOCK_CLOEXEC | unix.SOCK_NONBLOCK
	if p.in, err = unix.Socket(unix.AF_PACKET, kind, 0); err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	if p.out, err = unix.Socket(unix.AF_PACKET, kind, 0); err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	if p.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return fmt.Errorf("eventfd: %w", err)
	}
	setBuffer(p.in, unix.SO_RCVBUFFORCE, unix.SO_RCVBUF, receiveBuffer)
	setBuffer(p.out, unix.SO_SNDBUFFORCE, unix.SO_SNDBUF, sendBuffer)
	for _, o := range []struct {
		option, value int
		name          string
	}{
		{unix.PACKET_VNET_HDR, 1, "PACKET_VNET_HDR"},
		// What the kernel's own stack sends on the interface is not received by the switch.
		{unix.PACKET_IGNORE_OUTGOING, 1, "PACKET_IGNORE_OUTGOING (Linux 4.20 or newer)"},
	} {
		if err := unix.SetsockoptInt(p.in, unix.SOL_PACKET, o.option, o.value); err != nil {
			return fmt.Errorf("%s: %w", o.name, err)
		}
	}
	if p.ring, err = newRing(p.in, queue, ifi.MTU+ethMinimum+2*vlanLen); err != nil {
		return err
	}
	if err := unix.Bind(p.in, &unix.SockaddrLinklayer{Ifindex: ifi.Index, Protocol: bigEndian16(unix.ETH_P_ALL)}); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	if err := unix.Bind(p.out, &unix.SockaddrLinklayer{Ifindex: ifi.Index}); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	promiscuous := unix.PacketMreq{Ifindex: int32(ifi.Index), Type: unix.PACKET_MR_PROMISC}
	if err := unix.SetsockoptPacketMreq(p.in, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &promiscuous); err != nil {
		return fmt.Errorf("promiscuous mode: %w", err)
	}
	return nil
}

// setBuffer makes a socket's buffer as large as it may be: past the limit with CAP_NET_ADMIN.
func setBuffer(fd, force, plain, size int) {
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, force, size) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, plain, size) // cannot fail: the kernel takes what it allows
	}
}

// bigEndian16 gives v as the kernel keeps it in network byte order.
func bigEndian16(v uint16) uint16 {
	if nativeLittle {
		return v<<8 | v>>8
	}
	return v
}

// release gives back what open has taken.
func (p *Interface) release() (err error) {
	if p.ring != nil {
		err = p.ring.close()
	}
	for _, fd := range []int{p.in, p.out, p.wake} {
		if fd >= 0 {
			err = errors.Join(err, unix.Close(fd))
		}
	}
	return err
}

// Name implements Port.
func (p *Interface) Name() string { return p.name }

// Start calls receive for each frame that arrives, until Close, or until reading fails for another
// reason, which failed is told. Either it or StartBursts is called, once. The frame is valid during
// the call only, and may be changed.
func (p *Interface) Start(receive func(frame []byte), failed func(error)) {
	p.StartBursts(func(frames [][]byte) {
		for _, f := range frames {
			receive(f)
		}
	}, failed)
}

// StartBursts is Start with all the frames at once that have arrived meanwhile, MaxBurst or little
// more.
func (p *Interface) StartBursts(receive func(frames [][]byte), failed func(error)) {
	p.running.Add(1)
	go func() {
		defer p.running.Done()
		r := &reader{p: p, receive: receive, big: make([]byte, maxRead)}
		if err := r.run(); err != nil && !p.isClosed() {
			failed(fmt.Errorf("interface %s: %w", p.name, err))
		}
	}()
}

func (p *Interface) isClosed() bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.closed
}

// Lost implements Lossy.
func (p *Interface) Lost() uint64 {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if !p.closed {
		p.countFull()
	}
	return p.full.Load() + p.uncut.Load()
}

// countFull adds what the kernel has counted since it was asked last.
func (p *Interface) countFull() {
	if s, err := unix.GetsockoptTpacketStats(p.in, unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
		p.full.Add(uint64(s.Drops))
	}
}

// Close implements Port. It waits for the calls of receive and must not be called from there.
func (p *Interface) Close() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.countFull()
	p.closed = true
	var err error
	if p.link != nil {
		err = p.link.Close()
	}
	p.mu.Unlock()
	_, e := unix.Write(p.wake, []byte{1, 0, 0, 0, 0, 0, 0, 1}) // not zero in either byte order
	p.running.Wait()
	return errors.Join(err, e, p.release())
}
