package manager_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/firstack/firstack/cmd/firstack/internal/manager"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listen stands in for the service manager and gives the next message.
func listen(t *testing.T) (next func() string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "notify") // t.TempDir's names are too long for a socket on some systems
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", socket)
	return func() string {
		t.Helper()
		buffer := make([]byte, 4096)
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, err := conn.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		return string(buffer[:n])
	}
}

func TestStates(t *testing.T) {
	next := listen(t)
	var log bytes.Buffer
	n := manager.Notifier{Logger: slog.New(slog.NewTextHandler(&log, nil))}
	for _, c := range []struct {
		tell func()
		want string
	}{
		{func() { n.Ready("2 switches") }, `^READY=1\nSTATUS=2 switches$`},
		{n.Reloading, `^RELOADING=1\nMONOTONIC_USEC=\d+\n?$`},
		{n.Stopping, `^STOPPING=1\nSTATUS=stopping$`},
	} {
		c.tell()
		if got := next(); !regexp.MustCompile(c.want).MatchString(got) {
			t.Errorf("told %q, want %s", got, c.want)
		}
	}
	t.Setenv("NOTIFY_SOCKET", "")
	n.Ready("to nobody")
	if log.Len() > 0 {
		t.Errorf("logged: %s", &log)
	}
	t.Setenv("NOTIFY_SOCKET", "/nowhere/socket")
	n.Ready("to nobody")
	if !strings.Contains(log.String(), "READY=1") {
		t.Errorf("logged: %s", &log)
	}
}

// TestWatchdog: signs of life come as long as the process is alive, and only then.
func TestWatchdog(t *testing.T) {
	next := listen(t)
	t.Setenv("WATCHDOG_USEC", "20000")
	t.Setenv("WATCHDOG_PID", fmt.Sprint(os.Getpid()))
	n := manager.Notifier{Logger: slog.New(slog.DiscardHandler)}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	asked := 0
	n.Watch(ctx, func(context.Context) error {
		switch asked++; asked {
		case 1, 4:
			return nil
		case 6:
			cancel()
		}
		return errors.New("dead")
	})
	n.Stopping()
	for _, want := range []string{"WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"} {
		if got := next(); !strings.HasPrefix(got, want) {
			t.Errorf("told %q, want %q", got, want)
		}
	}
	t.Setenv("WATCHDOG_USEC", "")
	n.Watch(context.Background(), nil) // returns
}

// TestWatchdogHangs: what does not answer in time is not alive.
func TestWatchdogHangs(t *testing.T) {
	listen(t)
	t.Setenv("WATCHDOG_USEC", "20000")
	t.Setenv("WATCHDOG_PID", fmt.Sprint(os.Getpid()))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var log lockedBuffer
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		manager.Notifier{Logger: slog.New(slog.NewTextHandler(&log, nil))}.Watch(ctx, func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		})
	}()
	for end := time.Now().Add(10 * time.Second); !strings.Contains(log.String(), "no answer in 10ms"); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("logged: %s", log.String())
		}
	}
	cancel()
	<-ended
}

type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
