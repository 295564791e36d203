package grpcserver

import (
	"bufio"
	"bytes"
	"net"
	"slices"
	"strconv"
	"sync"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// output is what a connection sends. All that belongs together goes out in one piece; who writes waits for the socket.
// After an error the connection is closed, and all else is thrown away.
type output struct {
	mu       sync.Mutex
	conn     net.Conn
	w        *bufio.Writer
	frames   *http2.Framer
	block    bytes.Buffer
	encoder  *hpack.Encoder
	fields   []hpack.HeaderField // scratch
	begun    bool
	maxFrame int    // bytes that the client takes in a frame
	maxList  uint32 // bytes of headers, by SETTINGS_MAX_HEADER_LIST_SIZE
	err      error
}

func (o *output) init(conn net.Conn) {
	o.conn, o.w, o.maxFrame, o.maxList = conn, bufio.NewWriterSize(conn, 32<<10), maxFrame, 1<<32-1
	o.encoder = hpack.NewEncoder(&o.block)
}

// ready says whether frames may be sent.
func (o *output) ready() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.begun
}

// write calls f, which writes frames, and sends them.
func (o *output) write(f func()) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	f()
	return o.flush()
}

func (o *output) flush() error {
	if o.err == nil {
		if err := o.w.Flush(); err != nil { // errors of earlier writes too
			o.err = status.Errorf(codes.Unavailable, "connection: %v", err)
			_ = o.conn.Close()
		}
	}
	return o.err
}

// settings sends what this side takes, first of all.
func (o *output) settings() error {
	return o.write(func() {
		o.begun = true
		_ = o.frames.WriteSettings(
			http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: maxStreams},
			http2.Setting{ID: http2.SettingInitialWindowSize, Val: window},
			http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: maxHeaderList})
		_ = o.frames.WriteWindowUpdate(0, window-initialWindow)
	})
}

// acknowledge applies a client's settings to what is sent from now on.
func (o *output) acknowledge(f *http2.SettingsFrame) {
	_ = o.write(func() {
		if v, ok := f.Value(http2.SettingHeaderTableSize); ok {
			const largest = 4096
			o.encoder.SetMaxDynamicTableSizeLimit(v)
			o.encoder.SetMaxDynamicTableSize(min(v, largest))
		}
		if v, ok := f.Value(http2.SettingMaxFrameSize); ok {
			o.maxFrame = int(v)
		}
		if v, ok := f.Value(http2.SettingMaxHeaderListSize); ok {
			o.maxList = v
		}
		_ = o.frames.WriteSettingsAck()
	})
}

func (o *output) pong(data [8]byte) { _ = o.write(func() { _ = o.frames.WritePing(true, data) }) }

func (o *output) windowUpdate(id, n uint32) {
	_ = o.write(func() { _ = o.frames.WriteWindowUpdate(id, n) })
}

func (o *output) goAway(last uint32, code http2.ErrCode, why string) {
	_ = o.write(func() { _ = o.frames.WriteGoAway(last, code, []byte(why)) })
}

// reset ends a stream, which may be none of those that are open.
func (o *output) reset(s *stream, id uint32, code http2.ErrCode) {
	_ = o.write(func() {
		if s != nil {
			s.closed = true
		}
		_ = o.frames.WriteRSTStream(id, code)
	})
}

// close keeps anything more from being sent on a stream.
func (o *output) close(s *stream) {
	o.mu.Lock()
	defer o.mu.Unlock()
	s.closed = true
}

// headers writes a block of headers, in as many frames as it needs.
func (o *output) headers(id uint32, fields []hpack.HeaderField, end bool) {
	o.block.Reset()
	for _, f := range fields {
		_ = o.encoder.WriteField(f) // into memory
	}
	rest := o.block.Bytes()
	n := min(len(rest), o.maxFrame)
	_ = o.frames.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: rest[:n], EndStream: end, EndHeaders: n == len(rest)})
	for rest = rest[n:]; len(rest) > 0; rest = rest[n:] {
		n = min(len(rest), o.maxFrame)
		_ = o.frames.WriteContinuation(id, n == len(rest), rest[:n])
	}
}

func (o *output) body(id uint32, data []byte) {
	for len(data) > 0 {
		n := min(len(data), o.maxFrame)
		_ = o.frames.WriteData(id, false, data[:n])
		data = data[n:]
	}
}

// first writes a stream's headers if they are not out.
func (o *output) first(s *stream) {
	if s.headerSent {
		return
	}
	s.headerSent = true
	o.headers(s.id, appendMetadata(append(o.fields[:0], okFields...), s.header), false)
}

// data sends a piece of an answer.
func (o *output) data(s *stream, data []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if s.closed {
		return status.Error(codes.Canceled, "the call has ended")
	}
	o.first(s)
	o.body(s.id, data)
	return o.flush()
}

// finish sends the rest of an answer and the status; reset says that the client would send more.
func (o *output) finish(s *stream, answer []byte, st *status.Status, reset bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	fields := o.fields[:0]
	if len(answer) > 0 || len(s.header) > 0 {
		o.first(s)
		o.body(s.id, answer)
	}
	if !s.headerSent { // "Trailers-Only"
		fields = append(fields, okFields...)
	}
	o.trailers(s.id, fields, st, s.trailer, reset)
}

// refuse answers a call that does not begin.
func (o *output) refuse(id uint32, no *refusal, reset bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	fields := append(o.fields[:0], okFields...)
	fields[0].Value = strconv.Itoa(no.http)
	o.trailers(id, fields, no.status, nil, reset)
}

// trailers writes fields and a status, and sends everything. Details that are longer than the client takes are left out:
// it should learn the status at least.
func (o *output) trailers(id uint32, fields []hpack.HeaderField, st *status.Status, md metadata.MD, reset bool) {
	fields = append(fields, hpack.HeaderField{Name: "grpc-status", Value: strconv.Itoa(int(st.Code()))})
	if m := st.Message(); m != "" {
		fields = append(fields, hpack.HeaderField{Name: "grpc-message", Value: escape(m)})
	}
	fields = appendMetadata(fields, md)
	if details := detailsOf(st); details != "" {
		fields = slices.DeleteFunc(fields, func(f hpack.HeaderField) bool { return f.Name == detailsHeader })
		if f := append(fields, hpack.HeaderField{Name: detailsHeader, Value: details}); listSize(f) <= uint64(o.maxList) {
			fields = f
		}
	}
	o.headers(id, fields, true)
	o.fields = fields
	if reset {
		_ = o.frames.WriteRSTStream(id, http2.ErrCodeNo)
	}
	_ = o.flush()
}

// setHeader adds to the headers of an answer, and may send them.
func (o *output) setHeader(s *stream, md metadata.MD, now bool) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case s.closed:
		return status.Error(codes.Canceled, "the call has ended")
	case s.headerSent:
		return status.Error(codes.Internal, "the headers are sent already")
	}
	s.header = metadata.Join(s.header, md)
	if !now {
		return nil
	}
	o.first(s)
	return o.flush()
}

func (o *output) setTrailer(s *stream, md metadata.MD) {
	o.mu.Lock()
	defer o.mu.Unlock()
	s.trailer = metadata.Join(s.trailer, md)
}
