package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Lab is a lab that this process has brought up. It outlives the process.
type Lab struct {
	Layout *Layout
	state  *State
	opts   Options
	tools  tools

	mu      sync.Mutex // guards state.Processes and running
	running map[string]*running
}

// Dial connects from a host to an address and port, both by number.
func (l *Lab) Dial(ctx context.Context, from, address string) (net.Conn, error) {
	// A lost SYN is sent again after a second; a new attempt is quicker than that.
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	return dial(ctx, l.state.Namespace(from), address)
}

// Command is a command in the namespace of a host, a gateway or the core. What still runs of it is ended by Down.
func (l *Lab) Command(ctx context.Context, node string, argv ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", l.state.Namespace(node)}, argv...)...)
	cmd.Env = append(os.Environ(), environment+"="+l.state.Name)
	return cmd
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
