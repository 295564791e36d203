package main

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"github.com/firstack/firstack/cmd/firstack/internal/manager"
	"github.com/firstack/firstack/controller"
	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/gnmi"
	"github.com/firstack/firstack/internal/tlsfiles"
)

// reloader reads configuration and certificates again when it is asked to.
type reloader struct {
	file    string // "": none was given
	kept    bool   // the store's configuration counts, not the file's
	k       *controller.Controller
	server  *gnmi.Server
	tls     []*tlsfiles.Material // of the gNMI server and for etcd; nil: plaintext
	manager manager.Notifier
	logger  *slog.Logger
}

// run reloads at each signal until ctx ends. What is wrong is logged, and changes nothing.
func (r *reloader) run(ctx context.Context, signals <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case s := <-signals:
			r.manager.Reloading()
			r.logger.Info("reloading", "signal", s.String())
			status := "running"
			if err := r.reload(ctx); err != nil && ctx.Err() == nil {
				r.logger.Error("not reloaded; what was there before stays in use", "err", err)
				status = "running; the last reload failed, see the log"
			}
			if ctx.Err() == nil {
				r.manager.Ready(status)
			}
		}
	}
}

// reload looks at certificates and configuration independently: one that is bad does not hold up the other.
func (r *reloader) reload(ctx context.Context) error {
	errs := []error{r.k.ReloadTLS()}
	for _, m := range r.tls {
		if m != nil {
			errs = append(errs, m.Reload())
		}
	}
	if r.file != "" {
		errs = append(errs, r.configure(ctx))
	}
	return errors.Join(errs...)
}

func (r *reloader) configure(ctx context.Context) error {
	next, err := readIntent(r.file)
	if err != nil {
		return err
	}
	now := r.server.Intent().Config
	changes := config.Diff(now, next.Config)
	switch {
	case len(changes) == 0:
		return nil
	case r.kept:
		r.logger.Warn("the store's configuration counts, not the file's; see firstack config diff",
			"file", r.file, "differences", len(changes), "first", changes[0].String())
		return nil
	}
	for _, w := range next.Config.Warnings() {
		r.logger.Warn("configuration", "warning", w)
	}
	if now.Controller.Listen != next.Config.Controller.Listen {
		r.logger.Warn("the state stays at its address until the next start", "address", now.Controller.Listen)
	}
	return r.server.Replace(ctx, next)
}
