package p4rt

import (
	"context"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"github.com/firstack/firstack/internal/tlsfiles"
)

// dial makes a client; gRPC connects when the stream is opened. Every attempt has a client of its own, so nothing
// of a lost connection, gRPC's back-off included, lives on.
func (o *Options) dial() (*grpc.ClientConn, error) {
	creds := insecure.NewCredentials()
	if !o.Insecure {
		c, err := o.TLS()
		if err != nil {
			return nil, fmt.Errorf("TLS: %w", err)
		}
		creds = tlsfiles.Credentials(c, o.Logger)
	}
	dialer := o.Dial
	if dialer == nil {
		tcp := &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{
			Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3,
		}}
		dialer = func(ctx context.Context, address string) (net.Conn, error) {
			return tcp.DialContext(ctx, "tcp", address)
		}
	}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(creds),
		grpc.WithContextDialer(dialer),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.DefaultConfig, MinConnectTimeout: o.ConnectTimeout}),
		// Errors of a whole batch travel in a trailer. The specification's guideline, 8192 + 100 bytes an update,
		// assumes terse messages; ours name table and key.
		grpc.WithMaxHeaderListSize(uint32(8192 + 512*o.BatchUpdates)),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxReceive)),
		grpc.WithDisableServiceConfig(),
		grpc.WithNoProxy(),
	}
	if o.Keepalive > 0 {
		options = append(options, grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: o.Keepalive, Timeout: 5 * time.Second}))
	}
	return grpc.NewClient("passthrough:///"+o.Address, options...)
}
