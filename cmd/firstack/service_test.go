//go:build unix

package main

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
	"syscall"
	"testing"
	"time"

	"github.com/firstack/firstack/internal/devcerts"
)

// manager stands in for systemd: messages come out of it one by one.
func standInManager(t *testing.T) (next func(pattern string) string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "notify")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "s"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", filepath.Join(dir, "s"))
	t.Setenv("WATCHDOG_USEC", "200000")
	t.Setenv("WATCHDOG_PID", fmt.Sprint(os.Getpid()))
	return func(pattern string) string {
		t.Helper()
		re := regexp.MustCompile(pattern)
		buffer := make([]byte, 4096)
		conn.SetReadDeadline(time.Now().Add(30 * time.Second))
		for {
			n, err := conn.Read(buffer)
			if err != nil {
				t.Fatalf("waiting for %q: %v", pattern, err)
			}
			if got := string(buffer[:n]); re.MatchString(got) {
				return got
			} else if got != "WATCHDOG=1" {
				t.Errorf("told %q while waiting for %q", got, pattern)
			}
		}
	}
}

// firstack runs a command in this process and gives what it prints.
func firstack(ctx context.Context, args ...string) (string, error) {
	var out bytes.Buffer
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(&out)
	root.SetErr(&out)
	err := root.ExecuteContext(ctx)
	if errors.Is(err, errReported) {
		err = errors.New(out.String())
	}
	return out.String(), err
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

const serviceConfig = `controller: {listen: "off"}
health: {off: true}
switches:
  - {name: sg, role: server-gateway, address: "127.0.0.1:1", tls: {ca: %[1]s/p4runtime/ca.pem, cert: %[1]s/p4runtime/controller.pem, key: %[1]s/p4runtime/controller-key.pem}}
services:
  - {name: web, server: 192.0.2.10, port: %[2]d, gateway: sg, origins: [{name: o, address: 192.0.2.10}]}
`

// TestService: a service manager sees the controller start, live, reload and stop; gNMI clients with and without the
// right certificates see its configuration, or don't.
func TestService(t *testing.T) {
	next := standInManager(t)
	dir := t.TempDir()
	if out, err := firstack(t.Context(), "certs", "dev", dir); err != nil || !strings.Contains(out, filepath.Join(dir, "gnmi", "write.pem")) {
		t.Fatalf("certs dev: %v: %s", err, out)
	}
	if _, err := firstack(t.Context(), "certs", "dev", dir); err == nil {
		t.Error("certs dev wrote over certificates")
	}
	file := filepath.Join(dir, "firstack.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(fmt.Sprintf(serviceConfig, dir, 80))
	address := freePort(t)
	member := func(m string) []string {
		p := devcerts.PairOf(dir, m)
		return []string{"--gnmi", address, "--gnmi-ca", devcerts.PairOf(dir, devcerts.GNMICA).Cert, "--gnmi-cert", p.Cert, "--gnmi-key", p.Key}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := firstack(ctx, append([]string{"run", "-c", file, "--log-level", "error"}, member(devcerts.GNMIServer)...)...)
		ended <- err
	}()
	next(`^READY=1\nSTATUS=running$`)
	next(`^WATCHDOG=1$`)

	get := func(access []string) (string, error) {
		return firstack(t.Context(), append([]string{"config", "get", "services/service[name=web]/config/port"}, access...)...)
	}
	set := func(access []string) (string, error) {
		return firstack(t.Context(), append([]string{"config", "set", "services/service[name=web]/config/port=81"}, access...)...)
	}
	reload := func(status string) {
		t.Helper()
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		next(`^RELOADING=1\nMONOTONIC_USEC=\d+`)
		next(`^READY=1\nSTATUS=` + status)
	}
	port := func(want string) {
		t.Helper()
		if out, err := get(member(devcerts.GNMIRead)); err != nil || !strings.HasSuffix(strings.TrimSpace(out), ": "+want) {
			t.Errorf("port: %q, %v; want %s", out, err, want)
		}
	}
	port("80")
	if _, err := set(member(devcerts.GNMIRead)); err == nil || !strings.Contains(err.Error(), "has role read; this takes write") {
		t.Errorf("a reader's set: %v", err)
	}
	for says, access := range map[string][]string{
		"unknown certificate authority": append(member(devcerts.Controller), "--gnmi-ca", devcerts.PairOf(dir, devcerts.GNMICA).Cert),
		"certificate required":          {"--gnmi", address, "--gnmi-ca", devcerts.PairOf(dir, devcerts.GNMICA).Cert},
		"signed by unknown authority":   append(member(devcerts.GNMIWrite), "--gnmi-ca", devcerts.PairOf(dir, devcerts.P4RuntimeCA).Cert),
		"is not one for a client":       member(devcerts.GNMIServer),
	} {
		if _, err := get(access); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("get: %v, want %q", err, says)
		}
	}
	if _, err := get([]string{"--gnmi", address, "--gnmi-insecure"}); err == nil {
		t.Error("plaintext got an answer")
	}
	if out, err := set(member(devcerts.GNMIWrite)); err != nil {
		t.Errorf("a writer's set: %v: %s", err, out)
	}
	port("81")

	// The file again, changed; then bad ones, which change nothing.
	write(fmt.Sprintf(serviceConfig, dir, 82))
	reload("running$")
	port("82")
	write("swtiches: []\n")
	reload("running; the last reload failed")
	port("82")
	write(fmt.Sprintf(serviceConfig, dir, 83))
	if err := os.WriteFile(devcerts.PairOf(dir, devcerts.GNMIServer).Cert, []byte("junk"), 0o644); err != nil {
		t.Fatal(err)
	}
	reload("running; the last reload failed") // the certificate; the configuration is good
	port("83")
	if _, err := firstack(t.Context(), "certs", "renew", dir); err != nil {
		t.Fatal(err)
	}
	reload("running$")
	port("83")

	cancel()
	next(`^STOPPING=1`)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestServiceRefuses what would let others in.
func TestServiceRefuses(t *testing.T) {
	dir := t.TempDir()
	if err := devcerts.Make(dir, devcerts.Options{}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "firstack.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, serviceConfig, dir, 80), 0o644); err != nil {
		t.Fatal(err)
	}
	p := devcerts.PairOf(dir, devcerts.GNMIServer)
	reader := devcerts.PairOf(dir, devcerts.GNMIRead)
	for says, args := range map[string][]string{
		"or --gnmi-insecure for plaintext": {"--gnmi", "127.0.0.1:0"},
		"--gnmi-insecure contradicts":      {"--gnmi-insecure", "--gnmi-cert", p.Cert, "--gnmi-key", p.Key, "--gnmi-ca", p.Cert},
		"no authorities are given":         {"--gnmi", "127.0.0.1:0", "--gnmi-cert", p.Cert, "--gnmi-key", p.Key},
		"go together":                      {"--gnmi", "127.0.0.1:0", "--gnmi-cert", p.Cert},
		"is not one for a server":          {"--gnmi", "127.0.0.1:0", "--gnmi-cert", reader.Cert, "--gnmi-key", reader.Key, "--gnmi-ca", p.Cert},
		"/nowhere":                         {"--gnmi", "127.0.0.1:0", "--gnmi-cert", "/nowhere", "--gnmi-key", "/nowhere", "--gnmi-ca", "/nowhere"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		if _, err := firstack(ctx, append([]string{"run", "-c", file, "--log-level", "error"}, args...)...); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: %v, want %q", args, err, says)
		}
		cancel()
	}
}

// TestServesNothingUnasked: without a word on how, the default address is left alone, and the log says what it takes.
func TestServesNothingUnasked(t *testing.T) {
	var log bytes.Buffer
	s := service{address: defaultGNMI, logger: slog.New(slog.NewTextHandler(&log, nil))}
	listener, _, _, err := s.listen(t.Context())
	if listener != nil || err != nil || !strings.Contains(log.String(), "--gnmi-insecure for plaintext") {
		t.Errorf("%v, %v: %s", listener, err, log.String())
	}
}

// TestUnit: the command of docs/systemd is one that there is.
func TestUnit(t *testing.T) {
	data, err := os.ReadFile("../../docs/systemd/firstack.service")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(data), "\\\n", " ")
	_, rest, found := strings.Cut(text, "\nExecStart=")
	line, _, _ := strings.Cut(rest, "\n")
	words := strings.Fields(line)
	if !found || len(words) < 2 {
		t.Fatalf("ExecStart: %q", line)
	}
	cmd, args, err := newRoot().Find(words[1:])
	if err != nil || cmd.Name() != "run" {
		t.Fatalf("%v: %v", words, err)
	}
	if err := cmd.ParseFlags(args); err != nil || cmd.Flags().NArg() > 0 {
		t.Errorf("%v: %v, %v", args, err, cmd.Flags().Args())
	}
	if !strings.Contains(text, "\nType=notify\n") {
		t.Error("the unit does not wait until the controller is ready")
	}
}
