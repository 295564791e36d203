package grpcserver_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/softswitch/grpcserver"
)

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

// TestForgotten: calls that end before they were carried out, by the client or for its mistakes, take up no room, and
// what comes for them afterwards does no harm.
func TestForgotten(t *testing.T) {
	_, address := serve(t, grpcserver.Options{}, register)
	r := newRaw(t, address)
	id := uint32(1)
	for range 2 * 256 {
		r.call(id, unaryCall, false) // given up
		r.must(0, r.frames.WriteRSTStream(id, http2.ErrCodeCancel))
		id += 2
		r.call(id, unaryCall, false) // reset
		r.call(id, unaryCall, false)
		if got := r.outcome(id); got != "RST_STREAM PROTOCOL_ERROR" {
			t.Fatalf("headers without end: %s", got)
		}
		id += 2
		r.call(id, unaryCall, false, "Upper", "x") // never begun
		r.data(id, true, message(t, 1))
		if got := r.outcome(id); got != "RST_STREAM PROTOCOL_ERROR" {
			t.Fatalf("malformed headers: %s", got)
		}
		id += 2
	}
	r.call(id, unaryCall, false)
	r.data(id, true, message(t, 1))
	if got := r.outcome(id); got != "0" {
		t.Errorf("a call after those: %s", got)
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

// kept is a service that keeps the contexts of its calls.
type kept struct {
	testgrpc.UnimplementedTestServiceServer
	contexts chan context.Context
}

func (k kept) UnaryCall(ctx context.Context, _ *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
	k.contexts <- ctx
	return &testgrpc.SimpleResponse{}, nil
}

func (k kept) FullDuplexCall(stream testgrpc.TestService_FullDuplexCallServer) error {
	k.contexts <- stream.Context()
	return nil
}

// TestContext: a call's context knows the client, and ends with the call.
func TestContext(t *testing.T) {
	both(t, func(t *testing.T, opt grpcserver.Options) {
		k := kept{contexts: make(chan context.Context, 2)}
		_, address := serve(t, opt, func(s *grpcserver.Server) { testgrpc.RegisterTestServiceServer(s, k) })
		client := testgrpc.NewTestServiceClient(dial(t, address))
		ctx, cancel := context.WithTimeout(metadata.AppendToOutgoingContext(t.Context(), "x", "y"), patient)
		defer cancel()
		if _, err := client.UnaryCall(ctx, &testgrpc.SimpleRequest{}); err != nil {
			t.Fatal(err)
		}
		stream, err := client.FullDuplexCall(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		for _, kind := range []string{"unary", "stream"} {
			ctx := <-k.contexts
			select {
			case <-ctx.Done():
			case <-time.After(patient / 2):
				t.Errorf("%s: the context goes on", kind)
			}
			p, _ := peer.FromContext(ctx)
			md, _ := metadata.FromIncomingContext(ctx)
			path, _ := grpc.Method(ctx)
			if _, ok := ctx.Deadline(); !ok || p == nil || p.Addr == nil || len(md["x"]) != 1 || md["x"][0] != "y" || !strings.HasPrefix(path, "/grpc.testing.") {
				t.Errorf("%s: deadline %v, peer %v, metadata %v, method %s", kind, ok, p, md, path)
			}
		}
	})
}

// TestEarly: a call that is answered before its request is complete is reset, so that the client need not send the rest.
// After a call was reset for the client's mistake nothing more comes.
func TestEarly(t *testing.T) {
	_, address := serve(t, grpcserver.Options{MaxMessage: 100}, register)
	r := newRaw(t, address, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0})
	r.call(1, unaryCall, false)
	r.data(1, false, []byte{0, 0, 0, 0, 101})
	for _, want := range []string{"200 8 grpc: received message larger than max (101 vs. 100)", "RST_STREAM NO_ERROR"} {
		if got := r.outcome(1); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	r.call(3, fullDuplex, false)
	r.data(3, false, streamed(t, 10)) // the handler waits for a window
	r.call(3, fullDuplex, false)
	if got := r.outcome(3); got != "RST_STREAM PROTOCOL_ERROR" {
		t.Errorf("headers without end: %s", got)
	}
	r.must(0, r.frames.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 100}))
	r.must(0, r.frames.WritePing(false, [8]byte{}))
	r.until(func(f http2.Frame) string {
		if f.Header().StreamID == 3 {
			t.Errorf("after the reset: %v", f)
		}
		if f.Header().Type == http2.FramePing {
			return "pong"
		}
		return ""
	})
}

// ordered is a service that notes the sizes that are asked for.
type ordered struct {
	testgrpc.UnimplementedTestServiceServer
	mu   sync.Mutex
	seen []int32
}

func (o *ordered) UnaryCall(_ context.Context, m *testgrpc.SimpleRequest) (*testgrpc.SimpleResponse, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen = append(o.seen, m.GetResponseSize())
	return &testgrpc.SimpleResponse{}, nil
}

// TestOrder: direct calls are carried out in the order in which they come.
func TestOrder(t *testing.T) {
	o := &ordered{}
	_, address := serve(t, grpcserver.Options{Direct: []string{unaryCall}}, func(s *grpcserver.Server) { testgrpc.RegisterTestServiceServer(s, o) })
	r := newRaw(t, address)
	const n = 200
	for i := range uint32(n) {
		r.call(2*i+1, unaryCall, false)
		r.data(2*i+1, true, message(t, int(i)))
	}
	if got := r.outcome(2*n - 1); got != "0" {
		t.Fatalf("the last call ends with %s", got)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.seen) != n || !slices.IsSorted(o.seen) {
		t.Errorf("carried out as %v", o.seen)
	}
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
