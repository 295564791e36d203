package grpcserver

import (
	"context"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// stream is one call. It is what handlers of streaming calls get.
type stream struct {
	c        *conn
	id       uint32
	method   *method
	encoding string
	limit    int // bytes of a message
	ctx      context.Context
	cancel   context.CancelFunc

	// By conn.mu; ended and left are changed by the reader alone. In unary calls, before they are carried out, all is the
	// reader's.
	started  bool // its handler runs in a goroutine of its own
	ended    bool // the client has sent everything
	in       []byte
	granted  int    // leading bytes of in that are given back to the client's window
	giveBack uint32 // bytes to give back that the client does not know of
	left     int64  // what the client may still send
	toSend   window31
	more     chan struct{} // tells the handler that in or ended have changed
	room     chan struct{} // tells the sender that windows have; nil before one waits

	// By output.mu.
	header, trailer metadata.MD
	headerSent      bool
	closed          bool // nothing may be sent any more
}

var _ grpc.ServerStream = (*stream)(nil)

// open makes the stream of a call.
func (c *conn) open(id uint32, r request) *stream {
	s := &stream{c: c, id: id, method: r.method, encoding: r.encoding, limit: c.s.opt.MaxMessage, left: window}
	if r.method.stream != nil {
		s.more = make(chan struct{}, 1)
	}
	ctx := metadata.NewIncomingContext(c.ctx, r.metadata)
	ctx = grpc.NewContextWithServerTransportStream(ctx, transport{s})
	if r.limited {
		s.ctx, s.cancel = context.WithTimeout(ctx, r.timeout)
	} else {
		s.ctx, s.cancel = context.WithCancel(ctx)
	}
	c.mu.Lock()
	s.toSend = window31(c.initial)
	c.streams[id] = s
	c.active++
	c.mu.Unlock()
	return s
}

// drop forgets a stream that was reset. If its handler runs, it is counted until that returns.
func (c *conn) drop(s *stream) {
	c.mu.Lock()
	delete(c.streams, s.id)
	if !s.started {
		c.active--
	}
	idle := c.goingAway && c.active == 0
	c.mu.Unlock()
	s.cancel()
	if idle {
		c.finish()
	}
}

// accept counts a DATA frame of n bytes, padding of which will not be read, and says whether the client might send it.
func (s *stream) accept(n, padding int64) bool {
	s.c.mu.Lock()
	s.left -= n
	ok := s.left >= 0
	update := s.grant(int(padding))
	s.c.mu.Unlock()
	s.tell(update)
	return ok
}

// grant gives n bytes back to the client's window. It returns what the client is to be told, if it is worth it. The
// caller holds conn.mu.
func (s *stream) grant(n int) (update uint32) {
	s.giveBack += uint32(n)
	if s.giveBack < window/4 || s.ended {
		return 0
	}
	update, s.giveBack = s.giveBack, 0
	s.left += int64(update)
	return update
}

func (s *stream) tell(update uint32) {
	if update > 0 {
		s.c.out.windowUpdate(s.id, update)
	}
}

// next waits for a message of the client. io.EOF is the end of its messages.
func (s *stream) next() ([]byte, error) {
	for {
		s.c.mu.Lock()
		n, st := s.complete(s.in)
		var message []byte
		var update uint32
		switch {
		case st != nil:
		case n > 0:
			message = s.in[prefixBytes:n:n]
			if s.in = s.in[n:]; len(s.in) == 0 {
				s.in = nil
			}
			update = s.grant(max(0, n-s.granted))
			s.granted = max(0, s.granted-n)
		case !s.ended: // what is there of a message makes room for the rest
			update = s.grant(len(s.in) - s.granted)
			s.granted = len(s.in)
		}
		ended, partial := s.ended, len(s.in) > 0
		s.c.mu.Unlock()
		s.tell(update)
		switch {
		case st != nil:
			return nil, st.Err()
		case n > 0:
			return message, nil
		case ended && partial:
			return nil, status.Error(codes.Internal, io.ErrUnexpectedEOF.Error())
		case ended:
			return nil, io.EOF
		}
		select {
		case <-s.more:
		case <-s.ctx.Done():
			return nil, status.FromContextError(s.ctx.Err()).Err()
		}
	}
}

// Context implements grpc.ServerStream.
func (s *stream) Context() context.Context { return s.ctx }

// RecvMsg implements grpc.ServerStream.
func (s *stream) RecvMsg(m any) error {
	message, err := s.next()
	if err != nil {
		return err
	}
	return decode(message, m)
}

// SendMsg implements grpc.ServerStream. It waits while the client gives no leave to send.
func (s *stream) SendMsg(m any) error {
	data, err := encode(m)
	if err != nil {
		return err
	}
	return s.send(data)
}

func (s *stream) send(data []byte) error {
	for len(data) > 0 {
		n, err := s.c.reserve(s, len(data))
		if err != nil {
			return err
		}
		if err := s.c.out.data(s, data[:n]); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

// SetHeader implements grpc.ServerStream.
func (s *stream) SetHeader(md metadata.MD) error { return s.c.out.setHeader(s, md, false) }

// SendHeader implements grpc.ServerStream.
func (s *stream) SendHeader(md metadata.MD) error { return s.c.out.setHeader(s, md, true) }

// SetTrailer implements grpc.ServerStream.
func (s *stream) SetTrailer(md metadata.MD) { s.c.out.setTrailer(s, md) }

// transport is a stream as grpc.SetHeader and its like want it.
type transport struct{ s *stream }

func (t transport) Method() string                  { return t.s.method.path }
func (t transport) SetHeader(md metadata.MD) error  { return t.s.SetHeader(md) }
func (t transport) SendHeader(md metadata.MD) error { return t.s.SendHeader(md) }
func (t transport) SetTrailer(md metadata.MD) error { t.s.SetTrailer(md); return nil }
