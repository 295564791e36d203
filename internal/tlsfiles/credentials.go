package tlsfiles

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"google.golang.org/grpc/credentials"
)

// Credentials are TLS for gRPC that says why a connection was refused. gRPC servers keep that to themselves, so it is
// logged; and in TLS 1.3 a client learns it only after its handshake is over (RFC 8446, section 4.4.2.4), by when it
// may fail to write first. A nil logger is slog.Default.
func Credentials(c *tls.Config, logger *slog.Logger) credentials.TransportCredentials {
	if logger == nil {
		logger = slog.Default()
	}
	return &outspoken{credentials.NewTLS(c), logger}
}

type outspoken struct {
	credentials.TransportCredentials
	logger *slog.Logger
}

func (o *outspoken) Clone() credentials.TransportCredentials {
	return &outspoken{o.TransportCredentials.Clone(), o.logger}
}

func (o *outspoken) ServerHandshake(c net.Conn) (net.Conn, credentials.AuthInfo, error) {
	secured, info, err := o.TransportCredentials.ServerHandshake(c)
	if err != nil {
		o.logger.Warn("TLS client refused", "client", c.RemoteAddr(), "err", err)
	}
	return secured, info, err
}

func (o *outspoken) ClientHandshake(ctx context.Context, authority string, c net.Conn) (net.Conn, credentials.AuthInfo, error) {
	secured, info, err := o.TransportCredentials.ClientHandshake(ctx, authority, c)
	if err != nil {
		return secured, info, err
	}
	return &explained{secured}, info, nil
}

// explained is a client's connection whose failed writes tell the alert that the server has left behind.
type explained struct{ net.Conn }

// alertWithin is how long to wait for the alert: it was sent before the server closed, so it is here, or lost.
const alertWithin = 100 * time.Millisecond

func (e *explained) Write(b []byte) (int, error) {
	n, err := e.Conn.Write(b)
	if err == nil || errors.Is(err, net.ErrClosed) {
		return n, err
	}
	if e.SetReadDeadline(time.Now().Add(alertWithin)) == nil {
		var alert *net.OpError
		if _, why := e.Read(make([]byte, 1)); errors.As(why, &alert) && alert.Op == "remote error" { // as crypto/tls marks alerts
			return n, fmt.Errorf("%w (%w)", why, err)
		}
	}
	return n, err
}
