package grpcserver

import (
	"context"

	"golang.org/x/net/http2"
	"google.golang.org/grpc/status"
)

// initialWindow is in force on both sides until something else is said (RFC 9113, 6.9.2).
const initialWindow = 65535

const maxWindow = 1<<31 - 1

// window31 is a flow-control window for what is sent. It can be negative, after settings that shrink it.
type window31 int64

// add widens a window, and says whether it is still one (RFC 9113, 6.9.1).
func (w *window31) add(n int64) bool {
	*w += window31(n)
	return *w <= maxWindow
}

// reserve takes up to n bytes off the windows of a stream and its connection, and waits until it gets at least one.
func (c *conn) reserve(s *stream, n int) (int, error) {
	for {
		c.mu.Lock()
		got := c.take(s, 1, n)
		if got == 0 && s.room == nil {
			s.room = make(chan struct{}, 1)
		}
		room := s.room
		c.mu.Unlock()
		if err := context.Cause(s.ctx); err != nil {
			return 0, status.FromContextError(err).Err()
		}
		if got > 0 {
			return got, nil
		}
		select {
		case <-room:
		case <-s.ctx.Done():
		}
	}
}

// take takes from least to most bytes off both windows, or nothing. The caller holds mu.
func (c *conn) take(s *stream, least, most int) int {
	n := min(window31(most), c.toSend, s.toSend)
	if n < window31(least) {
		return 0
	}
	c.toSend -= n
	s.toSend -= n
	return int(n)
}

// windowUpdate gives leave to send.
func (c *conn) windowUpdate(f *http2.WindowUpdateFrame) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.StreamID == 0 {
		if !c.toSend.add(int64(f.Increment)) {
			return http2.ConnectionError(http2.ErrCodeFlowControl)
		}
		for _, s := range c.streams {
			s.wakeSender()
		}
		return nil
	}
	s := c.streams[f.StreamID]
	switch {
	case s != nil:
		if !s.toSend.add(int64(f.Increment)) {
			return http2.StreamError{StreamID: f.StreamID, Code: http2.ErrCodeFlowControl}
		}
		s.wakeSender()
	case c.idle(f.StreamID):
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	return nil
}

// wakeSender wakes the goroutine in reserve. The caller holds conn.mu.
func (s *stream) wakeSender() {
	select {
	case s.room <- struct{}{}:
	default: // nobody waits, or it will look anyway
	}
}
