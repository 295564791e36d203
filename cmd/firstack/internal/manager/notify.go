// Package manager speaks with the service manager that started the process (sd_notify(3)). Where there is none, all of
// it does nothing.
package manager

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Notifier tells the service manager how the process stands.
type Notifier struct{ Logger *slog.Logger }

func (n Notifier) tell(lines ...string) {
	if _, err := daemon.SdNotify(false, strings.Join(lines, "\n")); err != nil {
		n.Logger.Warn("service manager not told", "state", lines[0], "err", err)
	}
}

// Ready says that the process does its work; status is for people.
func (n Notifier) Ready(status string) { n.tell(daemon.SdNotifyReady, "STATUS="+status) }

// Reloading says that it reads its configuration again; Ready has to follow.
func (n Notifier) Reloading() { n.tell(daemon.SdNotifyReloading, daemon.SdNotifyMonotonicUsec()) }

// Stopping says that it ends.
func (n Notifier) Stopping() { n.tell(daemon.SdNotifyStopping, "STATUS=stopping") }

// Watch shows the manager's watchdog signs of life until ctx ends, twice in the time that it allows, as long as alive
// gives no error. Without a watchdog it returns at once.
func (n Notifier) Watch(ctx context.Context, alive func(context.Context) error) {
	every, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		n.Logger.Warn("watchdog of the service manager", "err", err)
	}
	if every <= 0 {
		return
	}
	every /= 2
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := within(ctx, every, alive); err == nil {
			n.tell(daemon.SdNotifyWatchdog)
		} else if ctx.Err() == nil {
			n.Logger.Error("no sign of life for the watchdog", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func within(ctx context.Context, d time.Duration, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, d, fmt.Errorf("no answer in %v", d))
	defer cancel()
	if err := do(ctx); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return err
	}
	return nil
}
