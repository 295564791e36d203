package grpcserver_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

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

// TestTooMany: calls above the limit are refused, and may be made later.
func TestTooMany(t *testing.T) {
	_, address := serve(t, grpcserver.Options{}, register)
	r := newRaw(t, address, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0})
	id := uint32(1)
	for ; id < 2*256; id += 2 {
		r.call(id, fullDuplex, false)
		r.data(id, false, streamed(t, 10))
	}
	r.call(id, fullDuplex, false)
	if got := r.outcome(id); got != "RST_STREAM REFUSED_STREAM" {
		t.Errorf("one call more: %s", got)
	}
	r.must(0, r.frames.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 100}))
	r.data(1, true, nil)
	if got := r.outcome(1); got != "0" {
		t.Errorf("the first: %s", got)
	}
	r.call(id+2, unaryCall, false)
	r.data(id+2, true, message(t, 1))
	if got := r.outcome(id + 2); got != "0" {
		t.Errorf("a call in its place: %s", got)
	}
}

// failing is a service whose unary call fails at length.
type failing struct {
	testgrpc.UnimplementedTestServiceServer
	err error
}

func (f failing) UnaryCall(context.Context, *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
	return nil, f.err
}

// TestDetails: details of a status come whole, in several frames; a client that does not take so much gets the status
// without them.
func TestDetails(t *testing.T) {
	const n = 200_000
	st, err := status.New(codes.Unknown, "100 % wrong: \u00fc").WithDetails(&testgrpc.Payload{Body: make([]byte, n)})
	if err != nil {
		t.Fatal(err)
	}
	_, address := serve(t, grpcserver.Options{Direct: []string{unaryCall}}, func(s *grpcserver.Server) {
		testgrpc.RegisterTestServiceServer(s, failing{err: fmt.Errorf("wrapped: %w", st.Err())})
	})
	for limit, want := range map[uint32]int{1 << 20: 1, 1 << 14: 0} {
		_, err := testgrpc.NewTestServiceClient(dial(t, address, grpc.WithMaxHeaderListSize(limit))).UnaryCall(t.Context(), &testgrpc.SimpleRequest{})
		got := status.Convert(err)
		if got.Code() != codes.Unknown || got.Message() != "wrapped: rpc error: code = Unknown desc = 100 % wrong: \u00fc" || len(got.Details()) != want {
			t.Errorf("limit %d: %v with %d details, want %d", limit, got, len(got.Details()), want)
		}
		if want == 1 && len(got.Details()) == 1 && len(got.Details()[0].(*testgrpc.Payload).GetBody()) != n {
			t.Error("the details are not whole")
		}
	}
}

// TestGracefulStop: what is under way is finished, and nothing else begins.
func TestGracefulStop(t *testing.T) {
	s, address := serve(t, grpcserver.Options{Direct: []string{unaryCall}}, register)
	conn, idle := dial(t, address), newRaw(t, address)
	client := testgrpc.NewTestServiceClient(conn)
	stream, err := client.FullDuplexCall(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	exchange := func() {
		t.Helper()
		if err := stream.Send(&testgrpc.StreamingOutputCallRequest{ResponseParameters: []*testgrpc.ResponseParameters{{Size: 3}}}); err != nil {
			t.Fatal(err)
		}
		if m, err := stream.Recv(); err != nil || len(m.GetPayload().GetBody()) != 3 {
			t.Fatalf("got %v, %v", m, err)
		}
	}
	exchange()
	idle.call(1, unaryCall, false) // ended by its client, below
	idle.must(0, idle.frames.WritePing(false, [8]byte{}))
	idle.until(func(f http2.Frame) string {
		if f.Header().Type == http2.FramePing {
			return "pong"
		}
		return ""
	})
	stopped := make(chan struct{})
	go func() { s.GracefulStop(); close(stopped) }()
	if got := idle.outcome(9); got != "GOAWAY NO_ERROR" {
		t.Errorf("the other connection: %s", got)
	}
	idle.must(0, idle.frames.WriteRSTStream(1, http2.ErrCodeCancel))
	if _, err := idle.frames.ReadFrame(); !errors.Is(err, io.EOF) {
		t.Errorf("the other connection, without calls: %v", err)
	}
	idle.conn.Close()
	exchange()
	select {
	case <-stopped:
		t.Error("stopped while a call is under way")
	default:
	}
	for { // until this client has heard of it
		_, err := client.EmptyCall(t.Context(), &testgrpc.Empty{})
		if status.Code(err) == codes.Unavailable {
			break
		}
		if err != nil {
			t.Fatalf("a call after the stop: %v", err)
		}
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("the call under way ends with %v", err)
	}
	select {
	case <-stopped:
	case <-time.After(patient):
		t.Error("does not stop")
	}
}

// TestStop: calls under way are cancelled.
func TestStop(t *testing.T) {
	s, address := serve(t, grpcserver.Options{}, register)
	stream, err := testgrpc.NewTestServiceClient(dial(t, address)).FullDuplexCall(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&testgrpc.StreamingOutputCallRequest{ResponseParameters: []*testgrpc.ResponseParameters{{Size: 3}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	s.Stop()
	if _, err := stream.Recv(); status.Code(err) != codes.Unavailable {
		t.Errorf("the call under way: %v", err)
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
