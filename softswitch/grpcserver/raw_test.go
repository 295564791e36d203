package grpcserver_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc/interop"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/softswitch/grpcserver"
)

const patient = 20 * time.Second // for what must happen

// raw speaks HTTP/2 frame by frame.
type raw struct {
	t      testing.TB
	conn   net.Conn
	frames *http2.Framer
	block  bytes.Buffer
	enc    *hpack.Encoder
}

// newRaw connects, and sends settings.
func newRaw(t testing.TB, address string, settings ...http2.Setting) *raw {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patient)); err != nil {
		t.Fatal(err)
	}
	r := &raw{t: t, conn: conn, frames: http2.NewFramer(conn, conn)}
	r.frames.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	r.frames.AllowIllegalWrites = true
	r.enc = hpack.NewEncoder(&r.block)
	r.must(conn.Write([]byte(http2.ClientPreface)))
	r.must(0, r.frames.WriteSettings(settings...))
	return r
}

func (r *raw) must(_ int, err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// call sends the headers of a call; fields replace or add to the usual ones, "" takes one away.
func (r *raw) call(id uint32, path string, end bool, fields ...string) {
	r.t.Helper()
	list := [][2]string{{":method", "POST"}, {":scheme", "http"}, {":path", path}, {":authority", "test"}, {"content-type", "application/grpc"}, {"te", "trailers"}}
next:
	for i := 0; i < len(fields); i += 2 {
		for j := range list {
			if list[j][0] == fields[i] {
				list[j][1] = fields[i+1]
				continue next
			}
		}
		list = append(list, [2]string{fields[i], fields[i+1]})
	}
	r.block.Reset()
	for _, f := range list {
		if f[1] != "" {
			r.must(0, r.enc.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}))
		}
	}
	r.must(0, r.frames.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: r.block.Bytes(), EndHeaders: true, EndStream: end}))
}

func (r *raw) data(id uint32, end bool, b []byte) {
	r.t.Helper()
	r.must(0, r.frames.WriteData(id, end, b))
}

// until reads frames up to the first that f takes, "" being what it does not.
func (r *raw) until(f func(http2.Frame) string) string {
	r.t.Helper()
	for {
		frame, err := r.frames.ReadFrame()
		if err != nil {
			r.t.Fatal(err)
		}
		if s := f(frame); s != "" {
			return s
		}
	}
}

// outcome is how a call on a stream, or the connection, ends.
func (r *raw) outcome(id uint32) string {
	r.t.Helper()
	return r.until(func(f http2.Frame) string {
		switch f := f.(type) {
		case *http2.GoAwayFrame:
			return "GOAWAY " + f.ErrCode.String()
		case *http2.RSTStreamFrame:
			if f.StreamID == id {
				return "RST_STREAM " + f.ErrCode.String()
			}
		case *http2.MetaHeadersFrame:
			if f.StreamID == id && f.StreamEnded() {
				http, grpc, message := "", "", ""
				for _, h := range f.Fields {
					switch h.Name {
					case ":status":
						http = h.Value + " "
					case "grpc-status":
						grpc = h.Value
					case "grpc-message":
						message = " " + h.Value
					}
				}
				return http + grpc + message
			}
		}
		return ""
	})
}

// message makes a request of a unary call, with its prefix, for an answer with a payload of n bytes.
func message(t testing.TB, n int) []byte {
	t.Helper()
	return prefixed(t, &testgrpc.SimpleRequest{ResponseSize: int32(n), ResponseType: testgrpc.PayloadType_COMPRESSABLE})
}

// streamed makes a request of a streaming call, with its prefix, for answers with payloads of some sizes.
func streamed(t testing.TB, sizes ...int32) []byte {
	t.Helper()
	m := &testgrpc.StreamingOutputCallRequest{}
	for _, n := range sizes {
		m.ResponseParameters = append(m.ResponseParameters, &testgrpc.ResponseParameters{Size: n})
	}
	return prefixed(t, m)
}

func prefixed(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(b))), b...)
}

const unaryCall, fullDuplex = testgrpc.TestService_UnaryCall_FullMethodName, testgrpc.TestService_FullDuplexCall_FullMethodName

func register(s *grpcserver.Server) { testgrpc.RegisterTestServiceServer(s, interop.NewTestServer()) }

// TestRules: what breaks the rules of HTTP/2 or gRPC is answered as they demand, and spoils nothing else.
func TestRules(t *testing.T) {
	whole, outputs := message(t, 3), streamed(t, 10)
	tests := []struct {
		name string
		send func(r *raw)
		want string // of stream 1
	}{
		{"good", func(r *raw) { r.call(1, unaryCall, false); r.data(1, true, whole) }, "0"},
		{"good in pieces", func(r *raw) {
			r.call(1, unaryCall, false)
			for _, b := range whole {
				r.data(1, false, []byte{b})
			}
			r.data(1, true, nil)
		}, "0"},
		{"good, padded", func(r *raw) {
			r.call(1, unaryCall, false)
			r.must(0, r.frames.WriteDataPadded(1, true, whole, make([]byte, 200)))
		}, "0"},
		{"end by trailers", func(r *raw) {
			r.call(1, unaryCall, false)
			r.data(1, false, whole)
			r.block.Reset()
			r.must(0, r.enc.WriteField(hpack.HeaderField{Name: "x", Value: "y"}))
			r.must(0, r.frames.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: r.block.Bytes(), EndHeaders: true, EndStream: true}))
		}, "0"},
		{"proto subtype", func(r *raw) {
			r.call(1, unaryCall, false, "content-type", "application/grpc+proto")
			r.data(1, true, whole)
		}, "0"},
		{"no message", func(r *raw) { r.call(1, unaryCall, true) }, "200 13 the request of 0 bytes is not one message"},
		{"half a message", func(r *raw) { r.call(1, unaryCall, false); r.data(1, true, whole[:6]) }, "200 13 the request of 6 bytes is not one message"},
		{"two messages", func(r *raw) {
			r.call(1, unaryCall, false)
			r.data(1, true, append(whole[:len(whole):len(whole)], whole...))
		},
			fmt.Sprintf("200 13 the request of %d bytes is not one message", 2*len(whole))},
		{"no protobuf", func(r *raw) { r.call(1, unaryCall, false); r.data(1, true, []byte{0, 0, 0, 0, 1, 0xff}) },
			"200 13 grpc: error unmarshalling request: proto: cannot parse invalid wire-format data"},
		{"too long", func(r *raw) { r.call(1, unaryCall, false); r.data(1, false, []byte{0, 1, 0, 0, 0}) },
			"200 8 grpc: received message larger than max (16777216 vs. 1048576)"},
		{"compressed", func(r *raw) {
			r.call(1, unaryCall, false, "grpc-encoding", "gzip")
			r.data(1, false, []byte{1, 0, 0, 0, 1})
		},
			`200 12 grpc: Decompressor is not installed for grpc-encoding "gzip"`},
		{"compressed by nothing", func(r *raw) { r.call(1, unaryCall, false); r.data(1, false, []byte{1, 0, 0, 0, 1}) },
			"200 13 grpc: compressed flag set with identity or empty encoding"},
		{"unknown format", func(r *raw) { r.call(1, unaryCall, false); r.data(1, false, []byte{2, 0, 0, 0, 1}) },
			"200 13 grpc: received unexpected payload format 2"},
		{"stream, half a message", func(r *raw) { r.call(1, fullDuplex, false); r.data(1, true, whole[:6]) }, "200 13 unexpected EOF"},
		{"stream, too long", func(r *raw) { r.call(1, fullDuplex, false); r.data(1, false, []byte{0, 1, 0, 0, 0}) },
			"200 8 grpc: received message larger than max (16777216 vs. 1048576)"},
		{"unknown service", func(r *raw) { r.call(1, "/a.B/C", true) }, "200 12 unknown service a.B"},
		{"unknown method", func(r *raw) { r.call(1, "/grpc.testing.TestService/C", true) }, "200 12 unknown method C for service grpc.testing.TestService"},
		{"malformed path", func(r *raw) { r.call(1, "nothing", true) }, `200 12 malformed method name: "nothing"`},
		{"content type", func(r *raw) { r.call(1, unaryCall, true, "content-type", "text/plain") }, `415 3 invalid gRPC request content-type "text/plain"`},
		{"method", func(r *raw) { r.call(1, unaryCall, true, ":method", "GET") }, `405 13 Received a HEADERS frame with :method "GET" which should be POST`},
		{"no authority", func(r *raw) { r.call(1, unaryCall, true, ":authority", "") }, "400 13 no host or :authority header present"},
		{"host for authority", func(r *raw) { r.call(1, unaryCall, false, ":authority", "", "host", "h"); r.data(1, true, whole) }, "0"},
		{"timeout", func(r *raw) { r.call(1, unaryCall, true, "grpc-timeout", "1x") }, `400 13 malformed grpc-timeout: "1x" has an unknown unit`},
		{"no time", func(r *raw) { r.call(1, unaryCall, true, "grpc-timeout", "0m") }, "200 4 context deadline exceeded"},
		{"deadline", func(r *raw) { r.call(1, fullDuplex, false, "grpc-timeout", "10m") }, "200 4 context deadline exceeded"},
		{"binary metadata", func(r *raw) { r.call(1, unaryCall, true, "x-bin", "!") }, "400 13 malformed binary metadata in header x-bin: illegal base64 data at input byte 0"},
		{"connection header", func(r *raw) { r.call(1, unaryCall, true, "connection", "close") }, "RST_STREAM PROTOCOL_ERROR"},
		{"no path", func(r *raw) { r.call(1, "", true) }, "RST_STREAM PROTOCOL_ERROR"},
		{"upper case", func(r *raw) { r.call(1, unaryCall, true, "Upper", "x") }, "RST_STREAM PROTOCOL_ERROR"},
		{"headers without end", func(r *raw) { r.call(1, fullDuplex, false); r.call(1, fullDuplex, false) }, "RST_STREAM PROTOCOL_ERROR"},
		{"data after the end", func(r *raw) { // the handler cannot send, and so does not end
			r.must(0, r.frames.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0}))
			r.call(1, fullDuplex, false)
			r.data(1, true, outputs)
			r.data(1, true, nil)
		}, "RST_STREAM STREAM_CLOSED"},
		{"data of no stream", func(r *raw) { r.data(1, true, nil) }, "GOAWAY PROTOCOL_ERROR"},
		{"even stream", func(r *raw) { r.call(2, unaryCall, true) }, "GOAWAY PROTOCOL_ERROR"},
		{"stream used again", func(r *raw) { r.call(3, unaryCall, true); r.call(1, unaryCall, true) }, "GOAWAY PROTOCOL_ERROR"},
		{"reset of no stream", func(r *raw) { r.must(0, r.frames.WriteRSTStream(1, http2.ErrCodeCancel)) }, "GOAWAY PROTOCOL_ERROR"},
		{"window of no stream", func(r *raw) { r.must(0, r.frames.WriteWindowUpdate(1, 1)) }, "GOAWAY PROTOCOL_ERROR"},
		{"window of the stream too wide", func(r *raw) { r.call(1, fullDuplex, false); r.must(0, r.frames.WriteWindowUpdate(1, 1<<31-1)) }, "RST_STREAM FLOW_CONTROL_ERROR"},
		{"window too wide", func(r *raw) { r.must(0, r.frames.WriteWindowUpdate(0, 1<<31-1)) }, "GOAWAY FLOW_CONTROL_ERROR"},
		{"window by nothing", func(r *raw) { r.must(0, r.frames.WriteWindowUpdate(0, 0)) }, "GOAWAY PROTOCOL_ERROR"},
		{"initial window too wide", func(r *raw) {
			r.must(0, r.frames.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 31}))
		}, "GOAWAY FLOW_CONTROL_ERROR"},
		{"initial window makes one too wide", func(r *raw) {
			r.call(1, fullDuplex, false)
			r.must(0, r.frames.WriteWindowUpdate(1, 1<<31-1-65535))
			r.must(0, r.frames.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 65536}))
		}, "GOAWAY FLOW_CONTROL_ERROR"},
		{"frame too long", func(r *raw) { r.call(1, unaryCall, false); r.data(1, false, make([]byte, 16385)) }, "GOAWAY FRAME_SIZE_ERROR"},
		{"more than the window", func(r *raw) { // the handler cannot send, and so does not read
			r.must(0, r.frames.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0}))
			r.call(1, fullDuplex, false)
			r.data(1, false, outputs)
			for range 5 << 20 / 16384 {
				r.data(1, false, make([]byte, 16384))
			}
		}, "RST_STREAM FLOW_CONTROL_ERROR"},
		{"header block", func(r *raw) {
			r.must(0, r.frames.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte{0xff, 0xff, 0xff}, EndHeaders: true}))
		}, "GOAWAY COMPRESSION_ERROR"},
		{"push promise", func(r *raw) {
			r.call(1, fullDuplex, false)
			r.must(0, r.frames.WritePushPromise(http2.PushPromiseParam{StreamID: 1, PromiseID: 2, BlockFragment: []byte{0x82}, EndHeaders: true}))
		}, "GOAWAY PROTOCOL_ERROR"},
	}
	_, address := serve(t, grpcserver.Options{MaxMessage: 1 << 20, Direct: []string{unaryCall}}, register)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRaw(t, address)
			tt.send(r)
			got := strings.ReplaceAll(r.outcome(1), "%C2%A0", " ") // protobuf's errors have the one or the other
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
