package grpcserver

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// start runs a call's handler in a goroutine of its own.
func (c *conn) start(s *stream, run func()) {
	c.mu.Lock()
	s.started = true
	c.mu.Unlock()
	c.s.running.Go(run)
}

// runStream carries out a streaming call.
func (c *conn) runStream(s *stream) {
	err := s.method.stream(s.method.impl, s)
	c.end(s, nil, statusOf(err))
}

// arrivedUnary takes in a piece of a unary call's request, and carries the call out when it is complete.
func (c *conn) arrivedUnary(s *stream, data []byte, ended bool) {
	shared := s.in == nil // with the frame that is read
	request := data
	if !shared || !ended {
		s.in = append(s.in, data...)
		request, shared = s.in, false
	}
	n, st := s.complete(request)
	c.mu.Lock()
	s.ended = ended
	update := s.grant(len(data))
	c.mu.Unlock()
	switch {
	case st != nil:
		c.end(s, nil, st)
		return
	case !ended:
		s.tell(update)
		return
	case n != len(request) || n == 0:
		c.end(s, nil, status.Newf(codes.Internal, "the request of %d bytes is not one message", len(request)))
		return
	}
	request = request[prefixBytes:]
	s.in = nil
	if s.method.direct && len(request) <= directBytes {
		c.runUnary(s, request, true)
		return
	}
	if shared {
		request = append([]byte(nil), request...)
	}
	c.start(s, func() { c.runUnary(s, request, false) })
}

// runUnary carries out a unary call; direct says that it is the reader who does.
func (c *conn) runUnary(s *stream, request []byte, direct bool) {
	reply, err := s.method.unary(s.method.impl, s.ctx, func(m any) error { return decode(request, m) }, nil)
	var answer []byte
	if err == nil {
		answer, err = encode(reply)
	}
	if err != nil {
		c.end(s, nil, statusOf(err))
		return
	}
	c.mu.Lock()
	atOnce := c.take(s, len(answer), len(answer)) > 0
	c.mu.Unlock()
	rest := func() {
		if err := s.send(answer); err != nil {
			c.end(s, nil, statusOf(err))
			return
		}
		c.end(s, nil, nil)
	}
	switch {
	case atOnce:
		c.end(s, answer, nil)
	case direct: // the reader must go on reading, for it is told when it may send
		c.start(s, rest)
	default:
		rest()
	}
}

// end answers a call with what is left of its answer, for which the windows have room, and its status (nil = OK).
func (c *conn) end(s *stream, answer []byte, st *status.Status) {
	c.mu.Lock()
	delete(c.streams, s.id)
	c.active--
	idle := c.goingAway && c.active == 0
	ended := s.ended
	c.mu.Unlock()
	c.out.finish(s, answer, st, !ended)
	s.cancel()
	if idle {
		c.finish()
	}
}

// statusOf is the status that a handler's error stands for.
func statusOf(err error) *status.Status {
	if err == nil {
		return nil
	}
	if st, ok := status.FromError(err); ok {
		return st
	}
	return status.FromContextError(err)
}
