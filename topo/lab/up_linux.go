package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/firstack/firstack/topo/spec"
)

// controllerProcess names the controller's process.
const controllerProcess = "controller"

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
