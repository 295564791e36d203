package lab

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// TestCrash kills `firstack lab up` at several moments: Down removes what is there, and nothing else.
func TestCrash(t *testing.T) {
	if *switchFlag == "" || os.Geteuid() != 0 {
		t.Skip("NOT RUN: labs on real kernels need root and -switch, or `make lab-test`")
	}
	name := testName("crash")
	sweep(t)
	firstack := filepath.Join(binaries(t), "firstack")
	for _, after := range []time.Duration{20, 100, 250, 400, 600, 900, 1300, 2500} {
		after *= time.Millisecond
		t.Run(after.String(), func(t *testing.T) {
			up := exec.CommandContext(t.Context(), firstack, "lab", "up", "--name", name)
			if err := up.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(after) // the moment of the crash
			if err := up.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Fatal(err)
			}
			_ = up.Wait()
			s, _, err := Status(name)
			if errors.Is(err, ErrNoLab) {
				return // it had not begun
			}
			if err != nil {
				t.Fatal(err)
			}
			// Somebody's own process in a namespace of the lab is not the lab's.
			var guest *exec.Cmd
			if len(s.Namespaces) > 0 && inode(s.Namespaces[0]) != 0 {
				guest = exec.Command("ip", "netns", "exec", s.Namespaces[0], "sleep", "600")
				if err := guest.Start(); err != nil {
					t.Fatal(err)
				}
			}
			if err := Down(t.Context(), name); err != nil {
				t.Fatal(err)
			}
			if guest != nil {
				if err := guest.Process.Signal(syscall.Signal(0)); err != nil {
					t.Errorf("somebody's own process is gone: %v", err)
				}
				_ = guest.Process.Kill()
				_ = guest.Wait()
			}
			nothingLeft(t, s)
			if err := Down(t.Context(), name); !errors.Is(err, ErrNoLab) {
				t.Errorf("down again: %v", err)
			}
		})
	}
}

// nothingLeft looks for what a lab that is down has left behind.
func nothingLeft(t *testing.T, s *State) {
	t.Helper()
	for _, ns := range s.Namespaces {
		if inode(ns) != 0 {
			t.Errorf("namespace %s is left", ns)
		}
	}
	for _, path := range []string{s.file(), s.dir()} {
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left", path)
		}
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		line, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		if carries(pid, s.Name) || bytes.Contains(line, []byte(s.dir()+"/")) {
			t.Errorf("process %d is left: %q", pid, line)
		}
	}
}
