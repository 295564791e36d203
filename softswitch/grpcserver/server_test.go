package grpcserver_test

import (
	"context"
	"net"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"

	"github.com/firstack/firstack/softswitch/grpcserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts a server on loopback and gives its address.
func serve(t testing.TB, opt grpcserver.Options, register func(s *grpcserver.Server)) (*grpcserver.Server, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpcserver.New(opt)
	register(s)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return s, l.Addr().String()
}

func dial(t testing.TB, address string, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(address, append([]grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// both runs a test with unary calls carried out by the reader, and by goroutines of their own.
func both(t *testing.T, f func(t *testing.T, opt grpcserver.Options)) {
	t.Run("direct", func(t *testing.T) {
		f(t, grpcserver.Options{Direct: []string{testgrpc.TestService_UnaryCall_FullMethodName, testgrpc.TestService_EmptyCall_FullMethodName}})
	})
	t.Run("goroutines", func(t *testing.T) { f(t, grpcserver.Options{}) })
}

// TestInterop: gRPC's own cases for servers (doc/interop-test-descriptions.md), by grpc-go's client. Its functions end the
// process when something is wrong, with a message that says what.
func TestInterop(t *testing.T) {
	cases := map[string]func(ctx context.Context, tc testgrpc.TestServiceClient, args ...grpc.CallOption){
		"empty_unary": interop.DoEmptyUnaryCall, "large_unary": interop.DoLargeUnaryCall, "client_streaming": interop.DoClientStreaming,
		"server_streaming": interop.DoServerStreaming, "ping_pong": interop.DoPingPong, "empty_stream": interop.DoEmptyStream,
		"cancel_after_begin": interop.DoCancelAfterBegin, "cancel_after_first_response": interop.DoCancelAfterFirstResponse,
		"timeout_on_sleeping_server": interop.DoTimeoutOnSleepingServer, "custom_metadata": interop.DoCustomMetadata,
		"status_code_and_message": interop.DoStatusCodeAndMessage, "special_status_message": interop.DoSpecialStatusMessage,
	}
	both(t, func(t *testing.T, opt grpcserver.Options) {
		_, address := serve(t, opt, func(s *grpcserver.Server) { testgrpc.RegisterTestServiceServer(s, interop.NewTestServer()) })
		conn := dial(t, address)
		for name, f := range cases {
			t.Run(name, func(t *testing.T) { f(t.Context(), testgrpc.NewTestServiceClient(conn)) })
		}
		t.Run("unimplemented_method", func(t *testing.T) { interop.DoUnimplementedMethod(t.Context(), conn) })
		t.Run("unimplemented_service", func(t *testing.T) {
			interop.DoUnimplementedService(t.Context(), testgrpc.NewUnimplementedServiceClient(conn))
		})
	})
}
