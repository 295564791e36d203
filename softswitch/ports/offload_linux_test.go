package ports

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// wire carries frames between two interfaces and looks at each on the way.
type wire struct {
	frames, long atomic.Uint64
	wrong        atomic.Pointer[string]
	counters     [2]Counters
}

// newWire joins the hosts.
func newWire(t *testing.T, h hosts, log *slog.Logger) (*wire, [2]*Interface) {
	t.Helper()
	w := &wire{}
	ends := [2]*Interface{
		openInside(t, h.middle, "port-a", InterfaceOptions{Logger: log}),
		openInside(t, h.middle, "port-b", InterfaceOptions{Logger: log}),
	}
	for i := range ends {
		ends[i].StartBursts(func(frames [][]byte) {
			for _, f := range frames {
				w.frames.Add(1)
				if len(f) > 1514 {
					w.long.Add(1)
				}
			}
			ends[1-i].SendBurst(frames, &w.counters[i])
		}, func(err error) { t.Error(err) })
	}
	return w, ends
}

// watch reads what leaves the middle on an interface, as it leaves, and verifies each frame.
func (w *wire) watch(t *testing.T, h hosts, name string) (verified *atomic.Uint64) {
	t.Helper()
	var fd int
	inside(t, h.middle, func() (err error) {
		ifi, err := net.InterfaceByName(name)
		if err != nil {
			return err
		}
		if fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, int(bigEndian16(unix.ETH_P_ALL))); err != nil {
			return err
		}
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 64<<20)
		_ = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 50000})
		return unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: ifi.Index, Protocol: bigEndian16(unix.ETH_P_ALL)})
	})
	verified = &atomic.Uint64{}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buf := make([]byte, 128<<10)
		for ctx.Err() == nil {
			n, from, err := unix.Recvfrom(fd, buf, 0)
			link, ok := from.(*unix.SockaddrLinklayer)
			if err != nil || !ok || link.Pkttype != unix.PACKET_OUTGOING {
				continue
			}
			if n > 1514 {
				text := "a frame longer than the wire bears"
				w.wrong.Store(&text)
			}
			if p, err := parseNetwork(buf[:n]); err != nil || p.protocol != protoTCP && p.protocol != protoUDP {
				continue
			}
			if err := naiveCheck(buf[:n]); err != nil {
				text := err.Error()
				w.wrong.Store(&text)
			}
			verified.Add(1)
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
		_ = unix.Close(fd)
	})
	return verified
}

// TestOffloads sends TCP both ways between two kernels that leave checksums and segments to cards, and
// verifies the bytes, and every frame as it leaves.
func TestOffloads(t *testing.T) {
	h := newHosts(t)
	w, ends := newWire(t, h, nil)
	toA, toB := w.watch(t, h, "port-a"), w.watch(t, h, "port-b")
	for name, address := range map[string]string{"IPv4": "10.0.0.2:80", "IPv6": "[fd00::2]:80"} {
		t.Run(name, func(t *testing.T) { exchange(t, h, address) })
	}
	if wrong := w.wrong.Load(); wrong != nil {
		t.Error(*wrong)
	}
	if toA.Load() < 1000 || toB.Load() < 1000 || w.frames.Load() < 2000 {
		t.Errorf("only %d and %d frames were verified: nothing went through here", toA.Load(), toB.Load())
	}
	if w.long.Load() > 0 {
		t.Errorf("%d frames were not cut", w.long.Load())
	}
	for i := range ends {
		if s := w.counters[i].Snapshot(); s.OutErrors > 0 || s.OutFrames == 0 {
			t.Errorf("end %d: %+v", i, s)
		}
	}
}

// exchange sends some megabytes to a server in b, which sends them back.
func exchange(t *testing.T, h hosts, address string) {
	const size = 8 << 20
	var listener net.Listener
	inside(t, h.b, func() (err error) {
		listener, err = net.Listen("tcp", address)
		return err
	})
	defer listener.Close()
	echoed := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err == nil {
			_, err = io.CopyN(struct{ io.Writer }{conn}, struct{ io.Reader }{conn}, size) // no splicing
			_ = conn.Close()                                                              // all has been sent, or the client says so
		}
		echoed <- err
	}()
	var conn net.Conn
	inside(t, h.a, func() (err error) {
		conn, err = net.DialTimeout("tcp", address, 10*time.Second)
		return err
	})
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(60 * time.Second)) // a TCP connection has deadlines
	data := make([]byte, size)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(data) // never fails
	sent := make(chan error, 1)
	go func() {
		_, err := conn.Write(data)
		sent <- err
	}()
	got := make([]byte, size)
	if _, err := io.ReadFull(conn, got); err != nil {
		t.Fatal(err)
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	if err := <-echoed; err != nil {
		t.Fatal(err)
	}
	if sha256.Sum256(got) != sha256.Sum256(data) {
		t.Error("the bytes that came back are not those that were sent")
	}
}

// TestDatagrams sends UDP of one frame, and of several that a card was to cut.
func TestDatagrams(t *testing.T) {
	h := newHosts(t)
	w, _ := newWire(t, h, nil)
	verified := w.watch(t, h, "port-b")
	var to, from net.PacketConn
	inside(t, h.b, func() (err error) {
		to, err = net.ListenPacket("udp", "10.0.0.2:53")
		return err
	})
	defer to.Close()
	inside(t, h.a, func() (err error) {
		from, err = net.ListenPacket("udp", "10.0.0.1:0")
		return err
	})
	defer from.Close()
	raw, err := from.(*net.UDPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	data := bytes.Repeat([]byte("0123456789abcdef"), 250) // 4000 bytes
	for _, c := range []struct{ segment, datagrams int }{{0, 1}, {1000, 4}, {1100, 4}} {
		payload := data
		if c.segment == 0 {
			payload = data[:1001]
		}
		_ = raw.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.SOL_UDP, unix.UDP_SEGMENT, c.segment)
		})
		if err != nil {
			t.Skipf("NOT TESTED: UDP_SEGMENT: %v", err)
		}
		if _, err := from.WriteTo(payload, to.LocalAddr()); err != nil {
			t.Fatal(err)
		}
		var got []byte
		buf := make([]byte, 2000)
		_ = to.SetReadDeadline(time.Now().Add(10 * time.Second)) // a socket has deadlines
		for i := range c.datagrams {
			n, _, err := to.ReadFrom(buf)
			if err != nil {
				t.Fatalf("segments of %d, datagram %d: %v", c.segment, i, err)
			}
			got = append(got, buf[:n]...)
		}
		if !bytes.Equal(got, payload) {
			t.Errorf("segments of %d: got %d bytes, want %d, or others", c.segment, len(got), len(payload))
		}
	}
	awaitTrue(t, "9 verified frames", func() bool { return verified.Load() >= 9 })
	if wrong := w.wrong.Load(); wrong != nil {
		t.Error(*wrong)
	}
}

// TestTag: the kernel takes the outer VLAN tag off a frame; it is put back.
func TestTag(t *testing.T) {
	h := newHosts(t)
	got := make(chan []byte, 16)
	port := openInside(t, h.middle, "port-a", InterfaceOptions{})
	port.StartBursts(func(frames [][]byte) {
		for _, f := range frames {
			if p, err := parseNetwork(f); err == nil && p.protocol == protoSCTP {
				got <- bytes.Clone(f)
			}
		}
	}, func(err error) { t.Error(err) })
	host := openInside(t, h.a, "eth0", InterfaceOptions{})
	for tags := range 3 {
		frame, _ := shape{vlan: tags, protocol: protoSCTP, payload: 10}.build()
		if err := host.Send(frame); err != nil {
			t.Fatal(err)
		}
		select {
		case f := <-got:
			if !bytes.Equal(f, frame) {
				t.Errorf("%d tags: got %x, want %x", tags, f, frame)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("nothing arrived")
		}
	}
}

// TestFull: what finds no room while nobody reads is counted, and the rest arrives in order.
func TestFull(t *testing.T) {
	h := newHosts(t)
	const queue, sent = 32, 100
	port := openInside(t, h.middle, "port-a", InterfaceOptions{Queue: queue})
	host := openInside(t, h.a, "eth0", InterfaceOptions{})
	frame, _ := shape{protocol: protoSCTP, payload: 10}.build()
	var burst [][]byte
	for i := range sent {
		frame[len(frame)-1] = byte(i)
		burst = append(burst, bytes.Clone(frame))
	}
	var c Counters
	host.SendBurst(burst, &c)
	if s := c.Snapshot(); s.OutFrames != sent || s.OutBytes != uint64(sent*len(frame)) {
		t.Fatalf("sent: %+v", s)
	}
	awaitTrue(t, "loss", func() bool { return port.Lost() >= sent-queue })
	got := make(chan byte, sent)
	port.StartBursts(func(frames [][]byte) {
		for _, f := range frames {
			if p, err := parseNetwork(f); err == nil && p.protocol == protoSCTP {
				got <- f[len(f)-1]
			}
		}
	}, func(err error) { t.Error(err) })
	last := -1
	awaitTrue(t, "last frame", func() bool {
		// Sent again and again: the first may come before there is room.
		host.SendBurst(burst[sent-1:], &c)
		for {
			select {
			case i := <-got:
				if int(i) < last || int(i) == last && last < sent-1 {
					t.Errorf("frame %d after %d", i, last)
				}
				last = int(i)
			default:
				return last == sent-1
			}
		}
	})
}

// TestBurstErrors: a frame that cannot be sent does not keep back those behind it.
func TestBurstErrors(t *testing.T) {
	h := newHosts(t)
	port := openInside(t, h.middle, "port-a", InterfaceOptions{})
	frame, _ := shape{protocol: protoSCTP, payload: 10}.build()
	var c Counters
	port.SendBurst([][]byte{frame, make([]byte, 4000), frame, frame[:5], frame}, &c)
	if s := c.Snapshot(); s.OutFrames != 3 || s.OutErrors != 2 {
		t.Errorf("counters %+v, want 3 frames and 2 errors", s)
	}
	if err := port.Send(make([]byte, 4000)); err == nil {
		t.Error("a frame that is too long was sent")
	}
	if err := port.Close(); err != nil {
		t.Fatal(err)
	}
	port.SendBurst([][]byte{frame}, &c)
	if s := c.Snapshot(); s.OutDiscards != 1 {
		t.Errorf("after Close: %+v", s)
	}
}

func awaitTrue(t *testing.T, what string, ready func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ready(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("no %s", what)
		}
	}
}
