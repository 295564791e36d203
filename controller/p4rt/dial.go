package p4rt

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

// LoadTLS reads certificates from files whenever it is called: ca authenticates the switch (the system's
// authorities when empty), cert and key authenticate the controller (neither or both), and name, when not empty,
// is what the switch's certificate has to be for instead of the address.
func LoadTLS(ca, cert, key, name string) func() (*tls.Config, error) {
	return func() (*tls.Config, error) {
		c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: name}
		if ca != "" {
			pem, err := os.ReadFile(ca)
			if err != nil {
				return nil, err
			}
			c.RootCAs = x509.NewCertPool()
			if !c.RootCAs.AppendCertsFromPEM(pem) {
				return nil, fmt.Errorf("%s: no certificate in it", ca)
			}
		}
		if (cert == "") != (key == "") {
			return nil, errors.New("certificate and key go together")
		}
		if cert != "" {
			pair, err := tls.LoadX509KeyPair(cert, key)
			if err != nil {
				return nil, err
			}
			c.Certificates = []tls.Certificate{pair}
		}
		return c, nil
	}
}

// dial makes a client; gRPC connects when the stream is opened. Every attempt has a client of its own, so nothing
// of a lost connection, gRPC's back-off included, lives on.
func (o *Options) dial() (*grpc.ClientConn, error) {
	creds := insecure.NewCredentials()
	if !o.Insecure {
		c, err := o.TLS()
		if err != nil {
			return nil, fmt.Errorf("TLS: %w", err)
		}
		creds = credentials.NewTLS(c)
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
