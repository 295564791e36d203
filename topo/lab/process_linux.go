package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// environment names the lab in the environment of its processes, so that they are known after a crash.
const environment = "FIRSTACK_LAB"

// stopGrace is how long processes have to end by themselves.
const stopGrace = 5 * time.Second

// running is a process that this one has started.
type running struct {
	cmd   *exec.Cmd
	ended chan struct{}
	err   error // once ended
}

// start runs a process in its namespace, with what it prints in its log. It goes on when this process ends.
func (p *Process) start(lab string) (*running, error) {
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", p.Name, err)
	}
	defer log.Close()
	// ip netns exec enters the namespace and becomes the program: the process id stays.
	cmd := exec.Command("ip", append([]string{"netns", "exec", p.Namespace}, p.Argv...)...)
	cmd.Env = append(os.Environ(), environment+"="+lab)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", p.Name, err)
	}
	p.PID = cmd.Process.Pid
	r := &running{cmd: cmd, ended: make(chan struct{})}
	go func() {
		r.err = cmd.Wait()
		close(r.ended)
	}()
	return r, nil
}

// tail returns the end of the log, to go with an error.
func (p *Process) tail() string {
	const lines = 5
	data, err := os.ReadFile(p.Log)
	if err != nil || len(bytes.TrimSpace(data)) == 0 {
		return "its log is empty"
	}
	all := strings.Split(strings.TrimSpace(string(data)), "\n")
	return "its log ends:\n  " + strings.Join(all[max(0, len(all)-lines):], "\n  ")
}

// owned lists the lab's processes that run: those that carry its name, in its namespaces or on the way there, and those
// in its namespaces of a session that it started. A shell that somebody opened there is not among them.
func (s *State) owned() []int {
	inodes := make(map[uint64]bool)
	for _, ns := range s.Namespaces {
		if i := inode(ns); i != 0 {
			inodes[i] = true
		}
	}
	var pids []int
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		if carries(pid, s.Name) {
			pids = append(pids, pid)
			continue
		}
		var st unix.Stat_t
		if unix.Stat(filepath.Join("/proc", e.Name(), "ns/net"), &st) != nil || !inodes[st.Ino] {
			continue
		}
		session, err := unix.Getsid(pid)
		if err == nil && slices.ContainsFunc(s.Processes, func(p Process) bool { return p.PID == session }) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func carries(pid int, lab string) bool {
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	return err == nil && slices.Contains(strings.Split(string(env), "\x00"), environment+"="+lab)
}

// stopAll ends the lab's processes: asks first, then does not ask.
func (s *State) stopAll(ctx context.Context) error {
	for _, step := range []struct {
		signal syscall.Signal
		grace  time.Duration
	}{{syscall.SIGTERM, stopGrace}, {syscall.SIGKILL, stopGrace}} {
		deadline := time.Now().Add(step.grace)
		for first := true; ; first = false {
			pids := s.owned()
			if len(pids) == 0 {
				return nil
			}
			for _, pid := range pids {
				if first || step.signal == syscall.SIGKILL {
					if err := syscall.Kill(pid, step.signal); err != nil && !errors.Is(err, syscall.ESRCH) {
						return fmt.Errorf("lab %s: stop process %d: %w", s.Name, pid, err)
					}
				}
			}
			if time.Now().After(deadline) {
				break
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(20 * time.Millisecond): // other people's children cannot be waited for
			}
		}
	}
	return fmt.Errorf("lab %s: processes %v do not end", s.Name, s.owned())
}
