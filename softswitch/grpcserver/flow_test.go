package grpcserver_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"

	"github.com/firstack/firstack/softswitch/grpcserver"
)

// TestWindows: a server sends no more than it may, on each stream and on the connection, and goes on reading meanwhile,
// also when the reader itself has carried out the call.
func TestWindows(t *testing.T) {
	both(t, func(t *testing.T, opt grpcserver.Options) {
		_, address := serve(t, opt, register)
		r := newRaw(t, address, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 10})
		const size = 100_000 // more than the connection's window
		r.call(1, unaryCall, false)
		r.data(1, true, message(t, size))
		got, frame := 0, 0
		read := func(more int) { // more bytes, and then nothing but the answer to a ping
			t.Helper()
			for more += got; got < more; got += frame {
				frame = r.dataFrame(1)
			}
			r.must(0, r.frames.WritePing(false, [8]byte{byte(got)}))
			r.until(func(f http2.Frame) string {
				switch f := f.(type) {
				case *http2.DataFrame:
					t.Errorf("%d bytes more than allowed", f.Length)
				case *http2.PingFrame:
					return "pong"
				}
				return ""
			})
			if got != more {
				t.Errorf("%d bytes, want %d", got, more)
			}
		}
		read(10)
		r.must(0, r.frames.WriteWindowUpdate(1, 5))
		read(5)
		r.must(0, r.frames.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0})) // 10 less: below zero
		r.must(0, r.frames.WriteWindowUpdate(1, 10))
		read(0)
		r.must(0, r.frames.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 7}))
		read(7)
		r.must(0, r.frames.WriteWindowUpdate(1, 1<<20)) // now it is the connection's that counts
		read(65535 - got)
		// Another call is not held up where it needs no window.
		r.call(3, "/a.B/C", true)
		if got := r.outcome(3); !strings.HasPrefix(got, "200 12 ") {
			t.Errorf("another call: %s", got)
		}
		r.must(0, r.frames.WriteWindowUpdate(0, 1<<20))
		if got := r.outcome(1); got != "0" {
			t.Errorf("the call ends with %s", got)
		}
	})
}

// ping waits until the server has read everything that was sent.
func (r *raw) ping() {
	r.t.Helper()
	r.must(0, r.frames.WritePing(false, [8]byte{}))
	r.until(func(f http2.Frame) string {
		if f.Header().Type == http2.FramePing {
			return "pong"
		}
		return ""
	})
}

// dataFrame waits for a stream's next DATA frame and gives its length.
func (r *raw) dataFrame(id uint32) (n int) {
	r.t.Helper()
	r.until(func(f http2.Frame) string {
		if d, ok := f.(*http2.DataFrame); ok && d.StreamID == id {
			n = int(d.Length)
			return "data"
		}
		return ""
	})
	return n
}

// TestCancelledWhileItSends: a call that waits for a window ends when the client gives it up, and the connection when the
// client closes it.
func TestCancelledWhileItSends(t *testing.T) {
	both(t, func(t *testing.T, opt grpcserver.Options) {
		_, address := serve(t, opt, register)
		r := newRaw(t, address, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0})
		for id := uint32(1); id < 2*1000; id += 2 { // many times what may be under way
			r.call(id, unaryCall, false)
			r.data(id, true, message(t, 10))
			r.must(0, r.frames.WritePing(false, [8]byte{}))
			r.until(func(f http2.Frame) string {
				switch f := f.(type) {
				case *http2.MetaHeadersFrame:
					t.Fatalf("stream %d is answered", f.StreamID)
				case *http2.RSTStreamFrame: // those given up count until their goroutines have ended
					if f.ErrCode != http2.ErrCodeRefusedStream {
						t.Fatalf("stream %d: %v", f.StreamID, f.ErrCode)
					}
				case *http2.PingFrame:
					return "pong"
				}
				return ""
			})
			r.must(0, r.frames.WriteRSTStream(id, http2.ErrCodeCancel))
		}
	}) // the servers stop, and do not wait for ever
}

// TestMoreThanWindows: windows are given back for a long message and for many short ones.
func TestMoreThanWindows(t *testing.T) {
	both(t, func(t *testing.T, opt grpcserver.Options) {
		opt.MaxMessage = 16 << 20
		_, address := serve(t, opt, register)
		client := testgrpc.NewTestServiceClient(dial(t, address))
		ctx, cancel := context.WithTimeout(t.Context(), patient)
		defer cancel()
		const long = 10 << 20
		if _, err := client.UnaryCall(ctx, &testgrpc.SimpleRequest{Payload: &testgrpc.Payload{Body: make([]byte, long)}}); err != nil {
			t.Errorf("a long request: %v", err)
		}
		stream, err := client.StreamingInputCall(ctx)
		if err != nil {
			t.Fatal(err)
		}
		const short = 10_000 // in one frame
		for range long / short {
			if err := stream.Send(&testgrpc.StreamingInputCallRequest{Payload: &testgrpc.Payload{Body: make([]byte, short)}}); err != nil {
				t.Fatal(err)
			}
		}
		if m, err := stream.CloseAndRecv(); err != nil || m.GetAggregatedPayloadSize() != long/short*short {
			t.Errorf("many short messages: %v, %v", m, err)
		}
	})
}

// TestSettings: a client's limits on frames and on header compression hold.
func TestSettings(t *testing.T) {
	_, address := serve(t, grpcserver.Options{}, register)
	r := newRaw(t, address, http2.Setting{ID: http2.SettingHeaderTableSize, Val: 0}, http2.Setting{ID: http2.SettingMaxFrameSize, Val: 20_000})
	r.frames.ReadMetaHeaders = hpack.NewDecoder(0, nil)
	for id := uint32(1); id < 6; id += 2 { // a second answer's headers could refer to those of the first
		r.call(id, unaryCall, false)
		r.data(id, true, message(t, 20_000))
		if n := r.dataFrame(id); n != 20_000 {
			t.Errorf("a frame of %d bytes", n)
		}
		if got := r.outcome(id); got != "0" {
			t.Errorf("call %d ends with %s", id, got)
		}
	}
}

// TestTogether: calls of all kinds and sizes side by side on one connection.
func TestTogether(t *testing.T) {
	both(t, func(t *testing.T, opt grpcserver.Options) {
		opt.MaxMessage = 64 << 20
		_, address := serve(t, opt, register)
		client := testgrpc.NewTestServiceClient(dial(t, address, grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20))))
		var wg sync.WaitGroup
		sizes := []int{0, 1, 16379, 16384, 70_000, 300_000, 2_500_000}
		for i, n := range sizes {
			wg.Go(func() {
				for range 3 {
					m, err := client.UnaryCall(t.Context(), &testgrpc.SimpleRequest{ResponseSize: int32(n),
						Payload: &testgrpc.Payload{Body: make([]byte, sizes[len(sizes)-1-i])}})
					if err != nil || len(m.GetPayload().GetBody()) != n {
						t.Errorf("unary of %d bytes: %d, %v", n, len(m.GetPayload().GetBody()), err)
					}
				}
			})
			wg.Go(func() {
				stream, err := client.FullDuplexCall(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				for range 3 {
					if err := stream.Send(&testgrpc.StreamingOutputCallRequest{ResponseParameters: []*testgrpc.ResponseParameters{{Size: int32(n)}},
						Payload: &testgrpc.Payload{Body: make([]byte, n)}}); err != nil {
						t.Error(err)
						return
					}
				}
				if err := stream.CloseSend(); err != nil {
					t.Error(err)
				}
				for range 3 {
					if m, err := stream.Recv(); err != nil || len(m.GetPayload().GetBody()) != n {
						t.Errorf("stream of %d bytes: %d, %v", n, len(m.GetPayload().GetBody()), err)
						return
					}
				}
				if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
					t.Errorf("stream of %d bytes ends with %v", n, err)
				}
			})
		}
		wg.Wait()
	})
}
