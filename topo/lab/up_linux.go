package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/firstack/firstack/topo/spec"
)

// readyWithin is how long controller and switches have until connections run.
const readyWithin = 60 * time.Second

// pollInterval is how often is asked what does not tell by itself.
const pollInterval = 50 * time.Millisecond

// controllerProcess names the controller's process.
const controllerProcess = "controller"

// Lab is a lab that this process has brought up. It outlives the process.
type Lab struct {
	Layout *Layout
	state  *State
	opts   Options
	tools  tools

	mu      sync.Mutex // guards state.Processes and running
	running map[string]*running
}

// Up builds a topology and returns when its services can be connected to. What it has made is removed if it fails.
func Up(ctx context.Context, t *spec.Topology, opts Options) (*Lab, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	p, layout, err := Prepare(t)
	if err != nil {
		return nil, err
	}
	if os.Geteuid() != 0 {
		return nil, ErrNotRoot
	}
	found, err := findTools(opts)
	if err != nil {
		return nil, fmt.Errorf("lab %s: %w", opts.Name, err)
	}
	s := &State{Name: opts.Name, Topology: t.Name, Switch: opts.Switch, Started: time.Now().UTC()}
	s.Namespaces = []string{s.Namespace(coreNode)}
	for _, g := range layout.Gateways {
		s.Namespaces = append(s.Namespaces, s.Namespace(g.Name))
	}
	for _, h := range layout.Hosts {
		s.Namespaces = append(s.Namespaces, s.Namespace(h.Name))
	}
	for _, ns := range s.Namespaces {
		if inode(ns) != 0 {
			return nil, fmt.Errorf("lab %s: namespace %s is there already, and no lab's (`ip netns del %s` removes it)", s.Name, ns, ns)
		}
	}
	if err := s.claim(); err != nil {
		return nil, err
	}
	l := &Lab{Layout: layout, state: s, opts: opts, tools: found, running: make(map[string]*running)}
	if err := WriteFiles(s.dir(), p, layout); err != nil {
		return nil, errors.Join(err, Down(context.WithoutCancel(ctx), s.Name))
	}
	if err := l.build(ctx); err != nil {
		return nil, errors.Join(err, Down(context.WithoutCancel(ctx), s.Name))
	}
	return l, nil
}

func (l *Lab) build(ctx context.Context) error {
	log := l.opts.Logger.With("lab", l.state.Name)
	if err := l.state.wire(ctx, l.Layout); err != nil {
		return err
	}
	log.Info("namespaces and cables are there", "namespaces", len(l.state.Namespaces))
	dir := l.state.dir()
	if err := l.spawn(coreNode, coreNode, l.tools.firstack, "lab", "core", "--layout", filepath.Join(dir, layoutFile)); err != nil {
		return err
	}
	if err := l.state.measure(ctx, l.Layout); err != nil {
		return errors.Join(err, l.problems())
	}
	log.Info("round trips are as planned", "pairs", len(l.state.RoundTrips))
	for i := range l.Layout.Gateways {
		g := &l.Layout.Gateways[i]
		if err := l.spawn(g.Name, g.Name, l.opts.Switch.argv(l.tools.gateway, g, dir)...); err != nil {
			return err
		}
	}
	for i := range l.Layout.Hosts {
		h := &l.Layout.Hosts[i]
		if len(h.Listen) == 0 {
			continue
		}
		if err := l.spawn(h.Name, h.Name, l.tools.nginx, "-p", dir, "-c", filepath.Join(dir, "nginx", h.Name+".conf")); err != nil {
			return err
		}
	}
	if err := l.spawn(controllerProcess, l.Layout.Control.Host, l.tools.firstack, "run", "-c", filepath.Join(dir, controllerFile)); err != nil {
		return err
	}
	log.Info("processes run", "switch", l.opts.Switch, "processes", len(l.state.Processes))
	if err := l.WaitReady(ctx); err != nil {
		return err
	}
	l.state.Ready = true
	return l.state.save()
}

// spawn starts a process of a node and notes it.
func (l *Lab) spawn(name, node string, argv ...string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := Process{
		Name: name, Namespace: l.state.Namespace(node), Argv: argv,
		Log: filepath.Join(l.state.dir(), "log", name+".log"),
	}
	r, err := p.start(l.state.Name)
	if err != nil {
		return err
	}
	l.running[name] = r
	for i := range l.state.Processes {
		if l.state.Processes[i].Name == name {
			l.state.Processes[i] = p
			return l.state.save()
		}
	}
	l.state.Processes = append(l.state.Processes, p)
	return l.state.save()
}

// WaitReady returns when every client can connect to every service, within a minute.
func (l *Lab) WaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for _, c := range l.Layout.HostsOf(spec.Client) {
		for _, service := range l.Layout.Services {
			if err := l.waitConnect(ctx, c.Name, service.Server.String()); err != nil {
				return fmt.Errorf("lab %s: %s cannot connect to service %s: %w", l.state.Name, c.Name, service.Name, err)
			}
		}
	}
	return nil
}

func (l *Lab) waitConnect(ctx context.Context, from, address string) error {
	for {
		if err := l.problems(); err != nil {
			return err
		}
		conn, err := l.Dial(ctx, from, address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (%v)", err, ctx.Err())
		case <-time.After(pollInterval): // there is no event for another process's readiness
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

// Dial connects from a host to an address and port, both by number.
func (l *Lab) Dial(ctx context.Context, from, address string) (net.Conn, error) {
	// A lost SYN is sent again after a second; a new attempt is quicker than that.
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	return dial(ctx, l.state.Namespace(from), address)
}

// Namespace names the network namespace of a host, a gateway or the core.
func (l *Lab) Namespace(node string) string { return l.state.Namespace(node) }

// Dir is where the lab's files are.
func (l *Lab) Dir() string { return l.state.dir() }

// State returns what is noted of the lab.
func (l *Lab) State() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return *l.state
}

// Kill ends a process of the lab, as a crash would, and waits for its end.
func (l *Lab) Kill(name string) error {
	l.mu.Lock()
	r := l.running[name]
	l.mu.Unlock()
	if r == nil {
		return fmt.Errorf("lab %s: no process is called %s", l.state.Name, name)
	}
	if err := r.cmd.Process.Signal(syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("lab %s: kill %s: %w", l.state.Name, name, err)
	}
	<-r.ended
	return nil
}

// Restart starts a process that has ended, as it was started first.
func (l *Lab) Restart(name string) error {
	for _, p := range l.State().Processes {
		if p.Name == name {
			return l.spawn(name, strings.TrimPrefix(p.Namespace, l.state.Namespace("")), p.Argv...)
		}
	}
	return fmt.Errorf("lab %s: no process is called %s", l.state.Name, name)
}

// Down removes the lab.
func (l *Lab) Down(ctx context.Context) error {
	err := Down(ctx, l.state.Name)
	if err == nil {
		for _, r := range l.running {
			<-r.ended
		}
	}
	return err
}
