package grpcserver

import (
	"io"
	"net"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// spinTime is how long a reader looks for the next request before it sleeps: a little longer than a client takes that
	// writes one entry after the other, on a processor of its own.
	spinTime = 40 * time.Microsecond
	// maxRest is how many reads sleep at once after several have looked in vain.
	maxRest = 256
)

// spinningConn is a TCP connection whose reader looks for a request a moment longer before it sleeps. To be woken takes the
// kernel longer than a Write of one entry, the more so on a virtual machine, where another processor is woken by the
// hypervisor. Where looking is in vain, because the client has nothing to say or waits for this very processor, it is done
// ever more rarely. It does not yield: a busy processor would give what is left of the time slice to others.
// One goroutine reads.
type spinningConn struct {
	*net.TCPConn
	raw  syscall.RawConn
	time time.Duration

	fails int // how often in a row it was in vain
	rest  int // reads that sleep at once

	// Of one Read, for receive.
	into   []byte
	sleeps bool
	n      int
	err    error
}

// spinning makes a connection one whose reader spins, if it can be.
func spinning(c net.Conn) net.Conn {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return c
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return c
	}
	return &spinningConn{TCPConn: tcp, raw: raw, time: spinTime}
}

// Read implements net.Conn.
func (s *spinningConn) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	s.begin(b)
	err := s.raw.Read(s.receive)
	s.into = nil
	if err != nil {
		return 0, err
	}
	return s.n, s.err
}

func (s *spinningConn) begin(b []byte) {
	s.into = b
	if s.sleeps = s.rest > 0; s.sleeps {
		s.rest--
	}
}

// receive reads what is there; false is to sleep until something is.
func (s *spinningConn) receive(fd uintptr) bool {
	var began time.Time
	for {
		n, err := tryRead(fd, s.into)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN && s.sleeps:
			return false
		case err == unix.EAGAIN:
			if began.IsZero() {
				began = time.Now()
			} else if time.Since(began) >= s.time {
				s.sleeps = true
				s.fails++
				s.rest = min(1<<min(s.fails, 16), maxRest)
			}
			continue
		case err != 0:
			s.n, s.err = 0, &net.OpError{Op: "read", Net: "tcp", Source: s.LocalAddr(), Addr: s.RemoteAddr(), Err: os.NewSyscallError("read", err)}
		case n == 0:
			s.n, s.err = 0, io.EOF
		default:
			s.n, s.err = n, nil
			if !began.IsZero() && !s.sleeps {
				s.fails = 0
			}
		}
		return true
	}
}

// tryRead reads what is there. It does not wait, so the scheduler need not hear of it: it would move others meanwhile.
func tryRead(fd uintptr, b []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall6(unix.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), unix.MSG_DONTWAIT, 0, 0)
	return int(n), errno
}
