package etcd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/firstack/firstack/internal/tlsfiles"
)

// Connections. etcd that is back shall be found soon.
const (
	connectTimeout = 3 * time.Second
	retryMax       = time.Second
	pingEvery      = 10 * time.Second // gRPC allows no less
	pingTimeout    = 3 * time.Second  // data that nobody acknowledges for so long ends a connection, too
)

// dial makes a client; it connects by itself, again and again.
func dial(o *Options, trouble *trouble) (*clientv3.Client, error) {
	var creds credentials.TransportCredentials = insecure.NewCredentials()
	if !o.Insecure {
		creds = &renewing{insecure.NewCredentials(), o, trouble}
	}
	tcp := &net.Dialer{Timeout: connectTimeout}
	client, err := clientv3.New(clientv3.Config{
		Endpoints: o.Endpoints, Logger: zap.NewNop(),
		DialKeepAliveTime: pingEvery, DialKeepAliveTimeout: pingTimeout, PermitWithoutStream: true,
		DialOptions: []grpc.DialOption{
			grpc.WithTransportCredentials(creds),
			grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
				conn, err := tcp.DialContext(ctx, "tcp", address)
				trouble.note(err)
				return conn, err
			}),
			grpc.WithConnectParams(grpc.ConnectParams{
				Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: retryMax},
				MinConnectTimeout: connectTimeout,
			}),
			grpc.WithNoProxy(),
		},
	})
	if err != nil {
		return nil, fmt.Errorf("etcd: %w", err)
	}
	return client, nil
}

// renewing are credentials that ask for their TLS settings at each connection.
type renewing struct {
	credentials.TransportCredentials // for what is the same in all
	options                          *Options
	trouble                          *trouble
}

func (r *renewing) Clone() credentials.TransportCredentials { return r }

func (r *renewing) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: "tls"}
}

func (r *renewing) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conf, err := r.options.TLS()
	if err != nil {
		r.trouble.note(fmt.Errorf("TLS: %w", err))
		return nil, nil, fmt.Errorf("TLS: %w", err)
	}
	conn, info, err := tlsfiles.Credentials(conf, slog.New(slog.DiscardHandler)).ClientHandshake(ctx, authority, raw)
	r.trouble.note(err)
	if err != nil {
		return nil, nil, err
	}
	return &watched{conn, r.trouble}, info, nil
}

// watched is a connection whose end is noted: in TLS 1.3 that is how a client learns that its certificate was refused.
type watched struct {
	net.Conn
	trouble *trouble
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	w.trouble.note(err)
	return n, err
}

func (w *watched) Write(b []byte) (int, error) {
	n, err := w.Conn.Write(b)
	w.trouble.note(err)
	return n, err
}

// trouble is why etcd could last not be reached. etcd's client says no more than that time ran out.
type trouble struct {
	mu   sync.Mutex
	last error
}

func (t *trouble) note(err error) {
	if err == nil || errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) || errors.Is(err, context.Canceled) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = err
}

func (t *trouble) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = nil
}

// explain completes an error of a request.
func (c *Cluster) explain(err error) error {
	c.trouble.mu.Lock()
	defer c.trouble.mu.Unlock()
	at := "etcd " + strings.Join(c.options.Endpoints, ",")
	switch {
	case !errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: %w", at, err)
	case c.trouble.last != nil:
		return fmt.Errorf("%s does not answer: %w (%w)", at, c.trouble.last, err)
	}
	return fmt.Errorf("%s does not answer: %w", at, err)
}
