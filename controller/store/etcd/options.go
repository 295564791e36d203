package etcd

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"
)

// Defaults.
const (
	DefaultPrefix = "/firstack"
	DefaultLease  = 2 * time.Second // the shortest that an etcd with default settings gives
)

// Options say how to reach etcd. Endpoints are needed, and either TLS or Insecure.
type Options struct {
	Endpoints []string // host:port of members
	Prefix    string   // of all keys; DefaultPrefix by default
	Name      string   // of this controller, for people; the machine's by default

	// TLS is consulted at every connection, so that renewed certificates are used.
	TLS func() (*tls.Config, error)
	// Expires tells when the certificate that etcd is shown ends; nil: there is none.
	Expires func() time.Time
	// Insecure gives up encryption and authentication. There is no falling back to it.
	Insecure bool

	// Lease is how long a controller that has fallen silent keeps its switches; DefaultLease by default. etcd counts
	// whole seconds, and may give more than was asked for.
	Lease time.Duration
	// Timeout bounds a request to etcd; 5 s by default.
	Timeout time.Duration

	Logger *slog.Logger // slog.Default by default
}

func (o *Options) complete() error {
	if len(o.Endpoints) == 0 {
		return errors.New("etcd: no endpoint is given")
	}
	for _, e := range o.Endpoints {
		if host, port, err := net.SplitHostPort(e); err != nil || host == "" || port == "" || strings.ContainsAny(e, "/,") {
			return fmt.Errorf("etcd: endpoint %q: want HOST:PORT", e)
		}
	}
	if o.Insecure == (o.TLS != nil) {
		return errors.New("etcd: needs either TLS or Insecure")
	}
	if o.Prefix == "" {
		o.Prefix = DefaultPrefix
	}
	if o.Prefix = strings.TrimRight(o.Prefix, "/"); !strings.HasPrefix(o.Prefix, "/") {
		return fmt.Errorf("etcd: prefix %q: want a path, such as %s", o.Prefix, DefaultPrefix)
	}
	if o.Name == "" {
		name, err := os.Hostname()
		if err != nil {
			return fmt.Errorf("etcd: this controller has no name: %w", err)
		}
		o.Name = name
	}
	if o.Lease == 0 {
		o.Lease = DefaultLease
	}
	if o.Lease < time.Second || o.Lease > time.Hour {
		return fmt.Errorf("etcd: lease %v: want 1 s to 1 h", o.Lease)
	}
	if o.Timeout == 0 {
		o.Timeout = 5 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return nil
}

// seconds is the lease as etcd counts it.
func (o *Options) seconds() int64 { return int64((o.Lease + time.Second - 1) / time.Second) }
