package grpcserver

import (
	"errors"
	"fmt"

	"golang.org/x/net/http2"
)

// read takes in frames until the connection ends.
func (c *conn) read() error {
	for {
		f, err := c.frames.ReadFrame()
		if err == nil {
			err = c.frame(f)
		}
		if err == nil {
			continue
		}
		var stream http2.StreamError
		switch {
		case errors.As(err, &stream):
			c.reset(stream.StreamID, stream.Code)
		case errors.Is(err, http2.ErrFrameTooLarge):
			return fmt.Errorf("%w: %w", err, http2.ConnectionError(http2.ErrCodeFrameSize))
		default:
			return err
		}
	}
}

// frame takes in one frame. An error is one of the connection but for http2.StreamError.
func (c *conn) frame(f http2.Frame) error {
	switch f := f.(type) {
	case *http2.MetaHeadersFrame:
		return c.headers(f)
	case *http2.DataFrame:
		return c.data(f)
	case *http2.WindowUpdateFrame:
		return c.windowUpdate(f)
	case *http2.SettingsFrame:
		return c.settings(f)
	case *http2.PingFrame:
		if !f.IsAck() {
			c.out.pong(f.Data)
		}
	case *http2.RSTStreamFrame:
		return c.cancelled(f)
	case *http2.PushPromiseFrame:
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	return nil // of a kind that means nothing here (RFC 9113, 4.1)
}

// idle says whether a stream was never opened (RFC 9113, 5.1). Those that come after GOAWAY are not looked at. The caller
// holds mu.
func (c *conn) idle(id uint32) bool { return id > c.lastID && !c.goingAway }

// settings takes in what the client can take.
func (c *conn) settings(f *http2.SettingsFrame) error {
	if f.IsAck() {
		return nil
	}
	if err := f.ForeachSetting(http2.Setting.Valid); err != nil {
		return err
	}
	if v, ok := f.Value(http2.SettingInitialWindowSize); ok {
		c.mu.Lock()
		change := int64(v) - c.initial
		c.initial = int64(v)
		for _, s := range c.streams {
			if !s.toSend.add(change) {
				c.mu.Unlock()
				return http2.ConnectionError(http2.ErrCodeFlowControl)
			}
			s.wakeSender()
		}
		c.mu.Unlock()
	}
	c.out.acknowledge(f)
	return nil
}

// headers opens a stream, or ends one by trailers.
func (c *conn) headers(f *http2.MetaHeadersFrame) error {
	id := f.StreamID
	c.mu.Lock()
	s, last, full, away := c.streams[id], c.lastID, c.active >= maxStreams, c.goingAway
	if id > last && id%2 == 1 && !away {
		c.lastID = id
	}
	c.mu.Unlock()
	switch {
	case s != nil && !f.StreamEnded():
		return http2.StreamError{StreamID: id, Code: http2.ErrCodeProtocol}
	case s != nil: // a client's trailers; gRPC has none
		return c.arrived(s, nil, true)
	case id%2 == 0 || id <= last: // RFC 9113, 5.1.1; gRPC's requests have no trailers that could come late
		return http2.ConnectionError(http2.ErrCodeProtocol)
	case away: // the client knows that this call is not served
		return nil
	case full:
		return http2.StreamError{StreamID: id, Code: http2.ErrCodeRefusedStream}
	case f.Truncated:
		return http2.StreamError{StreamID: id, Code: http2.ErrCodeEnhanceYourCalm}
	}
	r, no := parseRequest(f.Fields)
	if no == malformed {
		return http2.StreamError{StreamID: id, Code: http2.ErrCodeProtocol}
	}
	if no == nil {
		r.method = c.s.methods[r.path]
		if r.method == nil {
			no = c.s.unknown(r.path)
		}
	}
	if no != nil {
		c.out.refuse(id, no, !f.StreamEnded())
		return nil
	}
	s = c.open(id, r)
	if r.method.stream != nil {
		c.start(s, func() { c.runStream(s) })
	}
	if f.StreamEnded() {
		return c.arrived(s, nil, true)
	}
	return nil
}

// data takes in a piece of a request. Windows count padding too (RFC 9113, 6.9).
func (c *conn) data(f *http2.DataFrame) error {
	n := f.Length
	if c.left -= int64(n); c.left < 0 {
		return http2.ConnectionError(http2.ErrCodeFlowControl)
	}
	// The connection's window is given back at once, so that one call which is not read holds up no other.
	if c.received += n; c.received >= window/4 {
		c.out.windowUpdate(0, c.received)
		c.left += int64(c.received)
		c.received = 0
	}
	c.mu.Lock()
	s, idle := c.streams[f.StreamID], c.idle(f.StreamID)
	c.mu.Unlock()
	switch {
	case idle:
		return http2.ConnectionError(http2.ErrCodeProtocol)
	case s == nil: // under way when the stream was closed
		return nil
	case s.ended:
		return http2.StreamError{StreamID: f.StreamID, Code: http2.ErrCodeStreamClosed}
	}
	if !s.accept(int64(n), int64(n)-int64(len(f.Data()))) {
		return http2.StreamError{StreamID: f.StreamID, Code: http2.ErrCodeFlowControl}
	}
	return c.arrived(s, f.Data(), f.StreamEnded())
}

// arrived hands a piece of a request to its stream. data is valid during the call only.
func (c *conn) arrived(s *stream, data []byte, ended bool) error {
	if s.method.unary != nil {
		c.arrivedUnary(s, data, ended)
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s.in = append(s.in, data...)
	s.ended = s.ended || ended
	select {
	case s.more <- struct{}{}:
	default: // the handler does not wait, or will look anyway
	}
	return nil
}

// cancelled ends a call that the client has given up.
func (c *conn) cancelled(f *http2.RSTStreamFrame) error {
	c.mu.Lock()
	s, idle := c.streams[f.StreamID], c.idle(f.StreamID)
	c.mu.Unlock()
	switch {
	case s != nil:
		c.out.close(s)
		c.drop(s)
	case idle:
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	return nil
}

// reset ends a call in which the client breaks the rules.
func (c *conn) reset(id uint32, code http2.ErrCode) {
	c.mu.Lock()
	s := c.streams[id]
	if id%2 == 1 && !c.goingAway {
		c.lastID = max(c.lastID, id) // headers that are wrong have opened it
	}
	c.mu.Unlock()
	c.out.reset(s, id, code)
	if s != nil {
		c.drop(s)
	}
}
