package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"

	"google.golang.org/grpc"

	"github.com/firstack/firstack/controller"
	"github.com/firstack/firstack/controller/gnmi"
	"github.com/firstack/firstack/controller/store"
)

// off is the value of --gnmi for no server.
const off = "off"

// serve runs a controller and its gNMI server until ctx ends or one of them fails.
func serve(ctx context.Context, k *controller.Controller, s store.Store, intent *gnmi.Intent, address string, logger *slog.Logger) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var listener net.Listener
	if address != off {
		var err error
		if listener, err = new(net.ListenConfig).Listen(ctx, "tcp", address); err != nil {
			return fmt.Errorf("listen for gNMI: %w", err)
		}
		if a, err := netip.ParseAddrPort(listener.Addr().String()); err == nil && !a.Addr().IsLoopback() {
			logger.Warn("gNMI can be reached from other machines, and asks nobody who they are", "address", a)
		}
	}
	server := gnmi.New(gnmi.Options{Controller: k, Store: s, Intent: intent, Logger: logger})
	following := make(chan struct{})
	go func() {
		defer close(following)
		server.Run(ctx)
	}()
	served := make(chan error, 1)
	g := grpc.NewServer(gnmi.ServerOptions()...)
	server.Register(g)
	go func() {
		if listener == nil {
			served <- nil
			return
		}
		logger.Info("gNMI", "address", listener.Addr())
		err := g.Serve(listener)
		if err != nil {
			logger.Error("gNMI is not served any more", "err", err)
			cancel()
		}
		served <- err
	}()
	err := k.Run(ctx)
	cancel()
	g.Stop()
	<-following
	if failed := <-served; err == nil && failed != nil {
		err = fmt.Errorf("serve gNMI: %w", failed)
	}
	return err
}
