package p4rt_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/firstack/firstack/controller/p4rt"
)

func init() { targets["BMv2"] = bmv2 }

// bmv2 runs simple_switch_grpc in a network namespace of its own, for its Thrift server listens to everybody, and
// speaks with it over a Unix socket.
func bmv2(t testing.TB) p4rt.Options {
	t.Helper()
	path, err := exec.LookPath("simple_switch_grpc")
	if err != nil {
		t.Skip("simple_switch_grpc is not on PATH: install BMv2 (github.com/p4lang/behavioral-model) to test against it")
	}
	if os.Geteuid() != 0 {
		t.Skip("BMv2 gets a network namespace of its own, which needs root: run the tests as root to test against it")
	}
	// Socket names are short, and t.TempDir is not.
	dir, err := os.MkdirTemp("", "bmv2")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	cmd := exec.Command(path, "--device-id", "1", "--no-p4", "--", "--grpc-server-addr", "unix:"+socket, "--cpu-port", "255")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	until(t, "BMv2 listens", func() bool { _, err := os.Stat(socket); return err == nil })
	return p4rt.Options{
		Address: "unix",
		Dial: func(ctx context.Context, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}
}
