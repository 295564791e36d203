package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/softswitch/grpcserver"
)

// recorder remembers the last request. It answers with as many bytes as are asked for, or with an error.
type recorder struct {
	testgrpc.UnimplementedTestServiceServer
	mu   sync.Mutex
	last *testgrpc.SimpleRequest
	n    int
}

func (r *recorder) UnaryCall(_ context.Context, m *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last, r.n = m, r.n+1
	if s := m.GetResponseStatus(); s != nil {
		return nil, status.Error(codes.Code(s.GetCode()), s.GetMessage())
	}
	return &testgrpc.SimpleResponse{Payload: &testgrpc.Payload{Body: make([]byte, m.GetResponseSize())}}, nil
}

func newTestUnary(t *testing.T, address string) *unary {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	u, err := newUnary(conn, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(u.close)
	return u
}

// TestUnary: each call is made once, in order, and whole, whatever its size, and its status is told; on grpc-go's server
// and on the embedded switch's.
func TestUnary(t *testing.T) {
	type server interface {
		grpc.ServiceRegistrar
		Serve(net.Listener) error
		Stop()
	}
	for name, s := range map[string]server{"grpc-go": grpc.NewServer(), "grpcserver": grpcserver.New(grpcserver.Options{})} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			r := &recorder{}
			testgrpc.RegisterTestServiceServer(s, r)
			served := make(chan error, 1)
			go func() { served <- s.Serve(l) }()
			u := newTestUnary(t, l.Addr().String())
			calls := 0
			call := func(m *testgrpc.SimpleRequest) error {
				t.Helper()
				b, err := proto.Marshal(m)
				if err != nil {
					t.Fatal(err)
				}
				err = u.call(testgrpc.TestService_UnaryCall_FullMethodName, b)
				r.mu.Lock()
				defer r.mu.Unlock()
				if calls++; r.n != calls || !proto.Equal(r.last, m) {
					t.Fatalf("call %d: the server has seen %d, the last of %d bytes", calls, r.n, proto.Size(r.last))
				}
				return err
			}
			// Windows are 65,535 bytes at first, frames 16,384.
			for i, n := range []int{0, 1, 16_370, 16_384, 65_535, 300_000, 3_000_000, 5} {
				body := bytes.Repeat([]byte{byte(i)}, n)
				if err := call(&testgrpc.SimpleRequest{Payload: &testgrpc.Payload{Body: body}, ResponseSize: int32(n)}); err != nil {
					t.Errorf("%d bytes: %v", n, err)
				}
			}
			for i := range 2000 {
				if err := call(&testgrpc.SimpleRequest{ResponseSize: int32(i % 100)}); err != nil {
					t.Fatal(err)
				}
			}
			err = call(&testgrpc.SimpleRequest{ResponseStatus: &testgrpc.EchoStatus{Code: 9, Message: "not now"}})
			if err == nil || !strings.Contains(err.Error(), `gRPC status "9": not now`) {
				t.Errorf("a call that fails: %v", err)
			}
			// The server refuses this at its first bytes, and resets the stream while the rest comes.
			if err := u.call(testgrpc.TestService_UnaryCall_FullMethodName, make([]byte, 6<<20)); err == nil || !strings.Contains(err.Error(), `gRPC status "8"`) {
				t.Errorf("a request that is too long: %v", err)
			}
			if err := call(&testgrpc.SimpleRequest{}); err != nil {
				t.Errorf("after those: %v", err)
			}
			s.Stop()
			if err := <-served; err != nil {
				t.Error(err)
			}
			if err := u.call(testgrpc.TestService_UnaryCall_FullMethodName, nil); err == nil {
				t.Error("a call without a server succeeds")
			}
		})
	}
}

// TestUnaryFrames: frames that servers rarely send are taken as they are meant.
func TestUnaryFrames(t *testing.T) {
	tests := []struct {
		name string
		send func(f *http2.Framer, id uint32) error
		want string // in the error
	}{
		{"reset", func(f *http2.Framer, id uint32) error { return f.WriteRSTStream(id, http2.ErrCodeCancel) }, "stream reset: CANCEL"},
		{"reset of another", func(f *http2.Framer, id uint32) error {
			return answer(f, id, f.WriteRSTStream(id+2, http2.ErrCodeCancel), f.WriteData(id+2, true, []byte("x")))
		}, ""},
		{"going away", func(f *http2.Framer, _ uint32) error {
			return f.WriteGoAway(0, http2.ErrCodeEnhanceYourCalm, []byte("why"))
		},
			"server goes away: ENHANCE_YOUR_CALM why"},
		{"trailers alone", func(f *http2.Framer, id uint32) error { return headers(f, id, "13", "wrong") }, `gRPC status "13": wrong`},
		{"no status", func(f *http2.Framer, id uint32) error { return f.WriteData(id, true, nil) }, `gRPC status ""`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			served := make(chan error, 1)
			go func() { served <- serveFrames(l, tt.send) }()
			err = newTestUnary(t, l.Addr().String()).call("/a/b", make([]byte, size))
			if got := fmt.Sprint(err); (err == nil) != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if err := <-served; err != nil {
				t.Error(err)
			}
		})
	}
}

const size = 70_000 // of the request to serveFrames

// serveFrames takes one request, piece by piece as it gives leave, and answers with frames.
func serveFrames(l net.Listener, send func(f *http2.Framer, id uint32) error) error {
	conn, err := l.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return err
	}
	f := http2.NewFramer(conn, conn)
	// The windows that hold before any settings are used up first. Then a call gets 1000 bytes at a time.
	if err := f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0}, http2.Setting{ID: http2.SettingMaxFrameSize, Val: 20_000}); err != nil {
		return err
	}
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(conn, preface); err != nil {
		return err
	}
	const first, step, prefix = 65535, 1000, 5
	got := 0
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			return err
		}
		switch frame := frame.(type) {
		case *http2.HeadersFrame:
			err = f.WritePing(false, [8]byte{7})
		case *http2.PingFrame:
			if !frame.IsAck() || frame.Data != [8]byte{7} {
				return fmt.Errorf("ping: %v", frame)
			}
			err = errors.Join(f.WriteWindowUpdate(0, 1<<20), f.WriteWindowUpdate(1, first))
		case *http2.DataFrame:
			if got += len(frame.Data()); got > first && len(frame.Data()) > step {
				return fmt.Errorf("%d bytes, %d are allowed", len(frame.Data()), step)
			}
			if frame.StreamEnded() {
				if got != prefix+size {
					return fmt.Errorf("a request of %d bytes", got)
				}
				return send(f, frame.StreamID)
			}
			if got >= first {
				err = f.WriteWindowUpdate(1, step)
			}
		}
		if err != nil {
			return err
		}
	}
}

// answer ends a call well.
func answer(f *http2.Framer, id uint32, errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	if err := headers(f, id, "", ""); err != nil {
		return err
	}
	if err := f.WriteData(id, false, binary.BigEndian.AppendUint32([]byte{0}, 0)); err != nil {
		return err
	}
	return headers(f, id, "0", "")
}

// headers writes those of an answer, or with a status its trailers.
func headers(f *http2.Framer, id uint32, status, message string) error {
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	fields := []hpack.HeaderField{{Name: ":status", Value: "200"}}
	if status != "" {
		fields = []hpack.HeaderField{{Name: "grpc-status", Value: status}, {Name: "grpc-message", Value: message}}
	}
	for _, h := range fields {
		if err := e.WriteField(h); err != nil {
			return err
		}
	}
	return f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: b.Bytes(), EndHeaders: true, EndStream: status != ""})
}
