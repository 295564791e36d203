package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/firstack/firstack/controller/state"
)

// pseudoterminal opens both ends of one.
func pseudoterminal(t *testing.T) (keyboard, terminal *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("NOT TESTED: the terminal view needs pseudoterminals (mount -t devpts devpts /dev/pts): %v", err)
	}
	t.Cleanup(func() { keyboard.Close() })
	fd := int(keyboard.Fd())
	n, err := unix.IoctlGetUint32(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80})
	}
	if err != nil {
		t.Fatal(err)
	}
	if terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	return keyboard, terminal
}

// stateServer answers as a controller with one session does.
func stateServer(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/sessions" {
			json.NewEncoder(w).Encode([]state.Session{{Switch: "frankfurt", Role: "client-gateway", State: "primary", Primary: true, Settled: true}})
			return
		}
		io.WriteString(w, "[]")
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// TestTopOnTerminal: top draws, ends by a key or a signal, and leaves the terminal as it was.
func TestTopOnTerminal(t *testing.T) {
	address := stateServer(t)
	for name, end := range map[string]func(keyboard *os.File, p *os.Process) error{
		"q":       func(keyboard *os.File, _ *os.Process) error { _, err := keyboard.WriteString("q"); return err },
		"Ctrl-C":  func(keyboard *os.File, _ *os.Process) error { _, err := keyboard.WriteString("\x03"); return err },
		"SIGTERM": func(_ *os.File, p *os.Process) error { return p.Signal(syscall.SIGTERM) },
	} {
		t.Run(name, func(t *testing.T) {
			keyboard, terminal := pseudoterminal(t)
			before, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("firstack", "top", "--controller", address, "--interval", "100ms") // on PATH by TestMain
			cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			var shown bytes.Buffer
			ended := false
			keyboard.SetReadDeadline(time.Now().Add(20 * time.Second))
			buffer := make([]byte, 4096)
			for !strings.Contains(shown.String(), "\x1b[?1049l") {
				n, err := keyboard.Read(buffer)
				if err != nil {
					t.Fatalf("%v; shown: %q", err, shown.String())
				}
				shown.Write(buffer[:n])
				if !ended && strings.Contains(shown.String(), "frankfurt") {
					ended = true
					if err := end(keyboard, cmd.Process); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("%v; shown: %q", err, shown.String())
			}
			after, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
			if err != nil {
				t.Fatal(err)
			}
			if *after != *before {
				t.Errorf("the terminal is %+v, was %+v", after, before)
			}
		})
	}
}

func TestTopOnce(t *testing.T) {
	out, err := firstack(t.Context(), "top", "--once", "--controller", stateServer(t), "--interval", "100ms")
	if err != nil || !strings.Contains(out, "1 of 1 switches ready") || strings.Contains(out, "\x1b") {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := firstack(t.Context(), "top", "--once", "--controller", "127.0.0.1:1"); err == nil || !strings.Contains(err.Error(), "no controller answers") {
		t.Errorf("no controller: %v", err)
	}
	if _, err := firstack(t.Context(), "top", "--once", "--interval", "1ms"); err == nil {
		t.Error("an interval of 1 ms was taken")
	}
}
