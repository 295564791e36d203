package main

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"time"

	"github.com/spf13/pflag"

	"github.com/firstack/firstack/controller/store/etcd"
	"github.com/firstack/firstack/internal/tlsfiles"
)

// etcdAccess is how to reach the etcd that several controllers share.
type etcdAccess struct {
	endpoints []string // nil: there is none
	prefix    string
	name      string
	files     tlsfiles.Files
	insecure  bool
	lease     time.Duration

	material *tlsfiles.Material // of an etcd that was opened; nil: plaintext
}

func (a *etcdAccess) add(flags *pflag.FlagSet) {
	flags.StringSliceVar(&a.endpoints, "etcd", nil, "members of an etcd that keeps the configuration and elects each switch's primary: `HOST:PORT,...`")
	flags.StringVar(&a.prefix, "etcd-prefix", etcd.DefaultPrefix, "what keys in etcd begin with; controllers with the same one belong together")
	flags.StringVar(&a.files.Cert, "etcd-cert", "", "certificate to show etcd (PEM)")
	flags.StringVar(&a.files.Key, "etcd-key", "", "its key (PEM)")
	flags.StringVar(&a.files.CA, "etcd-ca", "", "authorities of etcd's certificates (PEM)")
	flags.BoolVar(&a.insecure, "etcd-insecure", false, "talk to etcd in plaintext")
	flags.DurationVar(&a.lease, "lease", etcd.DefaultLease, "how long a controller that falls silent keeps its switches from others; whole seconds")
	flags.StringVar(&a.name, "name", "", "this controller's name among several (default the machine's)")
}

// unused names a flag that was given and means nothing without --etcd; "": there is none.
func (a *etcdAccess) unused(flags *pflag.FlagSet) string {
	for _, name := range []string{"etcd-prefix", "etcd-cert", "etcd-key", "etcd-ca", "etcd-insecure", "lease", "name"} {
		if flags.Changed(name) {
			return name
		}
	}
	return ""
}

// open joins the others.
func (a *etcdAccess) open(ctx context.Context, logger *slog.Logger) (*etcd.Cluster, error) {
	o := etcd.Options{
		Endpoints: a.endpoints, Prefix: a.prefix, Name: a.name, Insecure: a.insecure, Lease: a.lease, Logger: logger,
	}
	given := a.files != (tlsfiles.Files{})
	switch {
	case a.insecure && given:
		return nil, errors.New("--etcd-insecure and certificates for etcd contradict each other")
	case given && (a.files.CA == "" || a.files.Cert == "" || a.files.Key == ""), !given && !a.insecure:
		return nil, errors.New("etcd needs --etcd-cert, --etcd-key and --etcd-ca; plaintext has to be asked for: --etcd-insecure")
	case given:
		a.material = tlsfiles.New(a.files, logger)
		o.TLS = func() (*tls.Config, error) { return a.material.Client("") }
		o.Expires = a.material.Expires
	}
	return etcd.Open(ctx, o)
}
