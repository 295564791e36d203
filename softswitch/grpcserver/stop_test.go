package grpcserver_test

import (
	"errors"
	"io"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc/codes"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/softswitch/grpcserver"
)

// TestGracefulStop: what is under way is finished, and nothing else begins.
func TestGracefulStop(t *testing.T) {
	s, address := serve(t, grpcserver.Options{Direct: []string{unaryCall}}, register)
	conn, idle := dial(t, address), newRaw(t, address)
	newRaw(t, address).ping() // without calls, and never closed by its client
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
	idle.ping()
	stopped := make(chan struct{})
	go func() { s.GracefulStop(); close(stopped) }()
	if got := idle.outcome(9); got != "GOAWAY NO_ERROR" {
		t.Errorf("the other connection: %s", got)
	}
	idle.call(3, unaryCall, false) // before this client has heard of it, say: not looked at
	idle.data(3, false, []byte{0})
	idle.must(0, idle.frames.WriteWindowUpdate(3, 1))
	idle.must(0, idle.frames.WriteRSTStream(3, http2.ErrCodeCancel))
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
