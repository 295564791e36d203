package stratum

import (
	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"
)

// endpoint is a gRPC server in memory.
type endpoint struct {
	listener *bufconn.Listener
	server   *grpc.Server
	served   chan struct{}
}

func serve(register func(grpc.ServiceRegistrar)) *endpoint {
	e := &endpoint{
		listener: bufconn.Listen(1 << 20), server: grpc.NewServer(grpc.MaxRecvMsgSize(64 << 20)), served: make(chan struct{}),
	}
	register(e.server)
	go func() {
		defer close(e.served)
		_ = e.server.Serve(e.listener) // ends with Stop, and with that alone
	}()
	return e
}

func (e *endpoint) stop() {
	e.server.Stop()
	<-e.served
}
