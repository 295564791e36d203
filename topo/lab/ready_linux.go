package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/firstack/firstack/topo/spec"
)

// readyWithin is how long controller and switches have until connections run.
const readyWithin = 60 * time.Second

// pollInterval is how often is asked what does not tell by itself.
const pollInterval = 50 * time.Millisecond

// WaitReady returns when the controller says that every switch holds what it should and every client can connect to
// every service, within a minute.
func (l *Lab) WaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	if err := l.poll(ctx, l.controllerReady); err != nil {
		return fmt.Errorf("lab %s: the controller is not ready: %w", l.state.Name, err)
	}
	for _, c := range l.Layout.HostsOf(spec.Client) {
		for _, service := range l.Layout.Services {
			err := l.poll(ctx, func(ctx context.Context) error {
				conn, err := l.Dial(ctx, c.Name, service.Server.String())
				if err == nil {
					err = conn.Close()
				}
				return err
			})
			if err != nil {
				return fmt.Errorf("lab %s: %s cannot connect to service %s: %w", l.state.Name, c.Name, service.Name, err)
			}
		}
	}
	return nil
}

// controllerReady asks whether every switch holds what it should.
func (l *Lab) controllerReady(ctx context.Context) error {
	_, err := l.Ask(ctx, "/readyz")
	return err
}

// Ask gets a path of the controller's state, in the controller's namespace.
func (l *Lab) Ask(ctx context.Context, path string) ([]byte, error) {
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			return l.Dial(ctx, l.Layout.Control.Host, address)
		},
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+controllerListen+path, nil)
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", answer.Status, strings.TrimSpace(string(text)))
	}
	return text, err
}

// poll tries until there is no error, or a process of the lab has ended, or the context. There is no event for
// another process's readiness.
func (l *Lab) poll(ctx context.Context, try func(context.Context) error) error {
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		if ended := l.problems(); ended != nil {
			return ended
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (%v)", err, ctx.Err())
		case <-time.After(pollInterval):
		}
	}
}

// problems tells which processes have ended that should run, and what they said.
func (l *Lab) problems() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for _, p := range l.state.Processes {
		r := l.running[p.Name]
		select {
		case <-r.ended:
			errs = append(errs, fmt.Errorf("%s (%s) has ended: %v; %s", p.Name, strings.Join(p.Argv, " "), r.err, p.tail()))
		default:
		}
	}
	return errors.Join(errs...)
}
