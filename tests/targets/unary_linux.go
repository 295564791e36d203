package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// unary makes gRPC's unary calls one after the other, on one connection and in one goroutine: between a request and
// its answer is the server and as little else as can be (gRPC over HTTP/2; RFC 9113).
type unary struct {
	conn      net.Conn
	out       *bufio.Writer
	frames    *http2.Framer
	block     bytes.Buffer
	headers   *hpack.Encoder
	authority string

	stream        uint32 // the last one used
	window        int64  // bytes that the connection may send
	streamWindow  int64  // that a new stream may send
	current       int64  // that the stream of the present call may send
	largest       int    // bytes of a DATA frame
	received      uint32 // bytes to give back to the server's window
	ofStream      uint32 // and to that of the present call
	status        string // of the present call
	statusMessage string
	ended         bool
}

// dialUnary connects to a server in a network namespace that speaks HTTP/2 in plaintext.
func dialUnary(ctx context.Context, namespace, address string) (*unary, error) {
	conn, err := dial(ctx, namespace, address)
	if err != nil {
		return nil, err
	}
	return newUnary(conn, address)
}

// newUnary makes its calls on a connection, which it closes when that fails.
func newUnary(conn net.Conn, address string) (*unary, error) {
	u := &unary{conn: conn, out: bufio.NewWriterSize(conn, 64<<10), authority: address,
		stream: 1<<32 - 1, window: 65535, streamWindow: 65535, largest: 16384}
	u.frames = http2.NewFramer(u.out, bufio.NewReaderSize(conn, 64<<10))
	u.frames.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	u.headers = hpack.NewEncoder(&u.block)
	u.out.WriteString(http2.ClientPreface)
	if err := u.frames.WriteSettings(); err != nil {
		conn.Close()
		return nil, err
	}
	return u, nil
}

func (u *unary) close() { u.conn.Close() }

// call sends a request, a protobuf message, and waits for the answer, which it does not keep.
func (u *unary) call(method string, message []byte) error {
	u.stream += 2
	u.block.Reset()
	for _, h := range [][2]string{{":method", "POST"}, {":scheme", "http"}, {":path", method}, {":authority", u.authority},
		{"content-type", "application/grpc"}, {"te", "trailers"}} {
		if err := u.headers.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]}); err != nil {
			return err
		}
	}
	u.current, u.ofStream, u.ended, u.status, u.statusMessage = u.streamWindow, 0, false, "", ""
	if err := u.frames.WriteHeaders(http2.HeadersFrameParam{StreamID: u.stream, BlockFragment: u.block.Bytes(), EndHeaders: true}); err != nil {
		return err
	}
	body := make([]byte, 5, 5+len(message)) // not compressed, length
	binary.BigEndian.PutUint32(body[1:], uint32(len(message)))
	body = append(body, message...)
	for len(body) > 0 && !u.ended {
		n := min(int64(len(body)), int64(u.largest), u.window, u.current)
		if n <= 0 { // the server has to give leave
			if err := u.next(); err != nil {
				return err
			}
			continue
		}
		u.window, u.current = u.window-n, u.current-n
		if err := u.frames.WriteData(u.stream, n == int64(len(body)), body[:n]); err != nil {
			return err
		}
		body = body[n:]
	}
	for !u.ended {
		if err := u.next(); err != nil {
			return err
		}
	}
	if u.status != "0" {
		return fmt.Errorf("%s: gRPC status %q: %s", method, u.status, u.statusMessage)
	}
	return nil
}

// next sends what is written and takes in one frame.
func (u *unary) next() error {
	if err := u.out.Flush(); err != nil {
		return err
	}
	frame, err := u.frames.ReadFrame()
	if err != nil {
		return err
	}
	switch id := frame.Header().StreamID; {
	case id == u.stream || id == 0:
	case frame.Header().Type == http2.FrameData: // of a call that has ended; it counts for the connection's window
	default:
		return nil
	}
	switch f := frame.(type) {
	case *http2.MetaHeadersFrame:
		for _, h := range f.Fields {
			switch h.Name {
			case "grpc-status":
				u.status = h.Value
			case "grpc-message":
				u.statusMessage = h.Value
			}
		}
		u.ended = u.ended || f.StreamEnded()
	case *http2.DataFrame:
		u.ended = u.ended || f.StreamID == u.stream && f.StreamEnded()
		if u.received += f.Length; u.received > 32768 {
			err = u.frames.WriteWindowUpdate(0, u.received)
			u.received = 0
		}
		if f.StreamID != u.stream || u.ended {
			break
		}
		if u.ofStream += f.Length; u.ofStream > 32768 {
			err = errors.Join(err, u.frames.WriteWindowUpdate(u.stream, u.ofStream))
			u.ofStream = 0
		}
	case *http2.WindowUpdateFrame:
		if f.StreamID == 0 {
			u.window += int64(f.Increment)
		} else {
			u.current += int64(f.Increment)
		}
	case *http2.SettingsFrame:
		err = u.settings(f)
	case *http2.PingFrame:
		if !f.IsAck() {
			err = u.frames.WritePing(true, f.Data)
		}
	case *http2.RSTStreamFrame:
		err = fmt.Errorf("stream reset: %v", f.ErrCode)
	case *http2.GoAwayFrame:
		err = fmt.Errorf("server goes away: %v %s", f.ErrCode, f.DebugData())
	}
	return err
}

// settings takes in what the server can take.
func (u *unary) settings(f *http2.SettingsFrame) error {
	if f.IsAck() {
		return nil
	}
	if v, ok := f.Value(http2.SettingInitialWindowSize); ok {
		u.current += int64(v) - u.streamWindow
		u.streamWindow = int64(v)
	}
	if v, ok := f.Value(http2.SettingMaxFrameSize); ok {
		u.largest = int(v)
	}
	return u.frames.WriteSettingsAck()
}
