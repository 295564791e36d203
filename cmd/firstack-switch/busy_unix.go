//go:build unix

package main

import (
	"errors"
	"io"
	"net"
	"runtime"
	"syscall"
	"time"
)

// busyFor is how long a connection is polled after it has brought something.
const busyFor = 200 * time.Microsecond

// busyListener accepts connections that are polled for a moment before their reader sleeps. A
// controller that writes one entry after the other sends the next request at once; to be woken for
// it by another processor takes as long as to serve it.
type busyListener struct{ net.Listener }

func (l busyListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return conn, nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return conn, nil
	}
	return &busyConn{TCPConn: tcp, raw: raw}, nil
}

type busyConn struct {
	*net.TCPConn
	raw  syscall.RawConn
	last time.Time // when something was read
}

// Read implements net.Conn; gRPC reads from one goroutine.
func (c *busyConn) Read(p []byte) (n int, err error) {
	ctl := c.raw.Read(func(fd uintptr) bool {
		for {
			n, err = syscall.Read(int(fd), p)
			switch {
			case errors.Is(err, syscall.EINTR):
			case !errors.Is(err, syscall.EAGAIN):
				c.last = time.Now()
				return true
			case time.Since(c.last) > busyFor:
				return false
			}
			runtime.Gosched()
		}
	})
	switch {
	case ctl != nil:
		return 0, ctl
	case err != nil:
		return 0, &net.OpError{Op: "read", Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
	case n == 0 && len(p) > 0:
		return 0, io.EOF
	}
	return n, nil
}
