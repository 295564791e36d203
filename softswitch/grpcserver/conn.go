package grpcserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc/peer"
)

const (
	handshakeTime = 2 * time.Minute
	linger        = time.Second // for the client to read what was sent last

	// window is what a client may send of one call, and on a connection, before it is read: a batch in flight fits.
	window = 4 << 20
	// maxStreams is how many calls of one connection may be under way, those included that the client has given up.
	maxStreams    = 256
	maxFrame      = 16 << 10 // bytes, on both sides until something else is said (RFC 9113, 4.2)
	maxHeaderList = 16 << 20
	readBuffer    = 32 << 10
)

// conn is one connection. One goroutine reads it; whoever has something to send writes.
type conn struct {
	s      *Server
	raw    net.Conn // as accepted
	net    net.Conn // raw or, over TLS, what it carries
	ctx    context.Context
	cancel context.CancelFunc
	frames *http2.Framer // read by the reader, written by output

	out output

	// Of the reader alone:
	received uint32 // bytes that the connection's window was not yet given back
	left     int64  // that the client may still send

	mu        sync.Mutex
	streams   map[uint32]*stream // that are open
	active    int                // streams that are open or whose call still runs
	lastID    uint32             // highest that the client has opened
	goingAway bool
	toSend    window31 // of the connection
	initial   int64    // toSend of a new stream
}

// newConn makes a connection that serve serves.
func newConn(s *Server, raw net.Conn) *conn {
	raw = spinning(raw)
	c := &conn{s: s, raw: raw, net: raw, left: initialWindow, streams: make(map[uint32]*stream), toSend: initialWindow, initial: initialWindow}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// serve reads until the connection ends.
func (c *conn) serve() {
	err := c.handshake()
	if err == nil {
		err = c.read()
	}
	c.cancel()
	var code http2.ConnectionError
	if errors.As(err, &code) {
		c.s.log.Info("gRPC connection breaks the rules of HTTP/2", "peer", c.raw.RemoteAddr().String(), "error", err)
		c.leave(http2.ErrCode(code), err.Error())
	}
	_ = c.raw.Close() // it may be closed already
}

// handshake brings the connection to the first frame after the settings of both sides.
func (c *conn) handshake() error {
	if err := c.raw.SetDeadline(time.Now().Add(handshakeTime)); err != nil {
		return err
	}
	p := &peer.Peer{Addr: c.raw.RemoteAddr(), LocalAddr: c.raw.LocalAddr()}
	if creds := c.s.opt.Credentials; creds != nil {
		var err error
		if c.net, p.AuthInfo, err = creds.ServerHandshake(c.raw); err != nil {
			return err
		}
	}
	c.ctx = peer.NewContext(c.ctx, p)
	in := bufio.NewReaderSize(c.net, readBuffer)
	c.out.init(c.net)
	c.frames = http2.NewFramer(c.out.w, in)
	c.frames.SetReuseFrames()
	c.frames.SetMaxReadFrameSize(maxFrame)
	c.frames.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	c.frames.MaxHeaderListSize = maxHeaderList
	c.out.frames = c.frames
	if err := c.out.settings(); err != nil {
		return err
	}
	c.left = window
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(in, preface); err != nil {
		return err
	}
	if string(preface) != http2.ClientPreface {
		return fmt.Errorf("client speaks no HTTP/2: %q", preface)
	}
	f, err := c.frames.ReadFrame()
	if err != nil {
		return err
	}
	settings, ok := f.(*http2.SettingsFrame)
	if !ok || settings.IsAck() {
		return fmt.Errorf("first frame is %v, not settings: %w", f.Header(), http2.ConnectionError(http2.ErrCodeProtocol))
	}
	if err := c.settings(settings); err != nil {
		return err
	}
	if err := c.raw.SetDeadline(time.Time{}); err != nil {
		return err
	}
	c.mu.Lock()
	away := c.goingAway
	c.mu.Unlock()
	if away { // since these settings were sent
		c.finish()
	}
	return nil
}

// goAway refuses further calls; the connection ends with the last that is under way.
func (c *conn) goAway() {
	c.mu.Lock()
	if c.goingAway {
		c.mu.Unlock()
		return
	}
	c.goingAway = true
	last, idle := c.lastID, c.active == 0
	c.mu.Unlock()
	if !c.out.ready() { // in its handshake
		_ = c.raw.Close()
		return
	}
	c.out.goAway(last, http2.ErrCodeNo, "")
	if idle {
		c.finish()
	}
}

// finish ends the connection once the client has read what was sent.
func (c *conn) finish() {
	if half, ok := c.net.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	_ = c.raw.SetReadDeadline(time.Now().Add(linger))
}

// leave tells the client why the connection ends, and gives it time to read that.
func (c *conn) leave(code http2.ErrCode, why string) {
	if !c.out.ready() {
		return
	}
	c.mu.Lock()
	last := c.lastID
	c.mu.Unlock()
	_ = c.raw.SetWriteDeadline(time.Now().Add(linger))
	c.out.goAway(last, code, why)
	c.finish()
	_, _ = io.Copy(io.Discard, c.net)
}
