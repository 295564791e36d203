package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"google.golang.org/grpc"

	"github.com/firstack/firstack/cmd/firstack/internal/manager"
	"github.com/firstack/firstack/controller"
	"github.com/firstack/firstack/controller/gnmi"
	"github.com/firstack/firstack/controller/store"
	"github.com/firstack/firstack/internal/tlsfiles"
)

// off is the value of --gnmi for no server.
const off = "off"

// service is a controller with its gNMI server, as a service manager runs it.
type service struct {
	address  string // of the gNMI server, or off
	chosen   bool   // the address was asked for
	files    tlsfiles.Files
	insecure bool               // plaintext gNMI is meant
	file     string             // to read again when asked to
	kept     bool               // the store outlives the process
	shared   *tlsfiles.Material // for etcd; nil: none, or plaintext
	logger   *slog.Logger
}

// serve runs until ctx ends or a part of it fails.
func (s *service) serve(ctx context.Context, k *controller.Controller, st store.Store, intent *gnmi.Intent) error {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP) // from the start, for it would end the process
	defer signal.Stop(hangups)
	listener, material, options, err := s.listen(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server := gnmi.New(gnmi.Options{Controller: k, Store: st, Intent: intent, Logger: s.logger})
	g := grpc.NewServer(append(gnmi.ServerOptions(), options...)...)
	server.Register(g)
	notify := manager.Notifier{Logger: s.logger}
	var parts sync.WaitGroup
	parts.Go(func() { server.Run(ctx) })
	var failed error
	if listener != nil {
		s.logger.Info("gNMI", "address", listener.Addr(), "tls", material != nil)
		parts.Go(func() {
			if failed = g.Serve(listener); errors.Is(failed, grpc.ErrServerStopped) {
				failed = nil // before it began
			} else if failed != nil {
				s.logger.Error("gNMI is not served any more", "err", failed)
				cancel()
			}
		})
	}
	parts.Go(func() {
		select {
		case <-k.Started():
			notify.Ready("running")
		case <-ctx.Done():
			return
		}
		r := reloader{file: s.file, kept: s.kept, k: k, server: server, tls: []*tlsfiles.Material{material, s.shared}, manager: notify, logger: s.logger}
		parts.Go(func() { r.run(ctx, hangups) })
		notify.Watch(ctx, func(ctx context.Context) error {
			_, err := k.Sessions(ctx) // every gateway's own goroutine answers
			return err
		})
	})
	parts.Go(func() {
		<-ctx.Done()
		notify.Stopping()
	})
	err = k.Run(ctx)
	cancel()
	g.Stop()
	parts.Wait()
	if err == nil && failed != nil {
		err = fmt.Errorf("serve gNMI: %w", failed)
	}
	return err
}

// howGNMI is what it takes to be served.
const howGNMI = "--gnmi-cert, --gnmi-key and --gnmi-ca for TLS, or --gnmi-insecure for plaintext"

// listen opens the gNMI server's address, with TLS when there are files for it, and in plaintext only when that is asked
// for by name. With neither there is no server, which is an error for who asked for an address.
func (s *service) listen(ctx context.Context) (net.Listener, *tlsfiles.Material, []grpc.ServerOption, error) {
	secure := s.files != (tlsfiles.Files{})
	switch {
	case s.address == off:
		return nil, nil, nil, nil
	case secure && s.insecure:
		return nil, nil, nil, errors.New("--gnmi-insecure contradicts --gnmi-cert, --gnmi-key and --gnmi-ca")
	case !secure && !s.insecure && s.chosen:
		return nil, nil, nil, fmt.Errorf("--gnmi %s: gNMI takes %s", s.address, howGNMI)
	case !secure && !s.insecure:
		s.logger.Info("gNMI is not served, for it was not said how", "takes", howGNMI)
		return nil, nil, nil, nil
	}
	var material *tlsfiles.Material
	var options []grpc.ServerOption
	if secure {
		material = tlsfiles.New(s.files, s.logger)
		conf, err := material.Server(tls.RequireAndVerifyClientCert)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("gNMI over TLS: %w", err)
		}
		options = append(tlsfiles.Guard(gnmiRole), grpc.Creds(tlsfiles.Credentials(conf, s.logger)))
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.address)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("listen for gNMI: %w", err)
	}
	if a, err := netip.ParseAddrPort(listener.Addr().String()); !secure && (err != nil || !a.Addr().IsLoopback()) {
		s.logger.Warn("gNMI can be reached from other machines, and asks nobody who they are", "address", listener.Addr())
	}
	return listener, material, options, nil
}

// gnmiRole is what a gNMI call takes.
func gnmiRole(method string) tlsfiles.Role {
	switch method {
	case "/gnmi.gNMI/Capabilities", "/gnmi.gNMI/Get", "/gnmi.gNMI/Subscribe":
		return tlsfiles.Read
	}
	return tlsfiles.Write
}
