package tls_test

import (
	"bufio"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/state"
	"github.com/firstack/firstack/internal/devcerts"
)

// TestSwitchProcess: firstack-switch with the flags of simple_switch_grpc, and a controller with certificates of
// `firstack certs dev`.
func TestSwitchProcess(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "firstack-switch")
	if out, err := exec.Command("go", "build", "-o", binary, "github.com/firstack/firstack/cmd/firstack-switch").CombinedOutput(); err != nil {
		t.Fatalf("build: %v: %s", err, out)
	}
	dir := set(t, devcerts.Options{})
	p := devcerts.PairOf(dir, devcerts.Switch)
	cmd := exec.Command(binary, "--no-p4", "--", "--cpu-port", "255", "--grpc-server-addr", "127.0.0.1:0", "--grpc-server-ssl",
		"--grpc-server-cert", p.Cert, "--grpc-server-key", p.Key,
		"--grpc-server-cacert", devcerts.PairOf(dir, devcerts.P4RuntimeCA).Cert, "--grpc-server-with-client-auth")
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines, read := make(chan string, 1000), make(chan struct{})
	go func() {
		defer close(read)
		defer close(lines)
		for s := bufio.NewScanner(log); s.Scan(); {
			select {
			case lines <- s.Text():
			default: // nobody waits for more
			}
		}
	}()
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		<-read
		if err := cmd.Wait(); err != nil {
			t.Errorf("switch: %v", err)
		}
	})
	await := func(pattern string) string {
		t.Helper()
		re := regexp.MustCompile(pattern)
		late := time.After(30 * time.Second)
		for {
			select {
			case line, more := <-lines:
				if m := re.FindStringSubmatch(line); m != nil {
					return m[len(m)-1]
				}
				if !more {
					t.Fatalf("the switch has ended before it said %q", pattern)
				}
			case <-late:
				t.Fatalf("the switch does not say %q", pattern)
			}
		}
	}
	address := await(`listens" address=(\S+) tls=true`)

	k := run(t, address, filesOf(dir, devcerts.P4RuntimeCA, devcerts.Controller))
	before := until(t, k, "ready", ready)

	stranger := set(t, devcerts.Options{})
	wrong := filesOf(stranger, devcerts.P4RuntimeCA, devcerts.Controller)
	wrong.CA = devcerts.PairOf(dir, devcerts.P4RuntimeCA).Cert
	for says, files := range map[string]config.TLS{"unknown certificate authority": wrong, "certificate required": {CA: wrong.CA}} {
		other := run(t, address, files)
		until(t, other, "refused: "+says, func(s state.Session) bool { return strings.Contains(s.Error, says) })
	}
	await(`TLS client refused.*didn't provide a certificate`)

	// The switch shows its renewed certificate to whoever comes next, and the session goes on.
	if err := devcerts.Renew(dir, devcerts.Options{}); err != nil {
		t.Fatal(err)
	}
	next := run(t, address, filesOf(dir, devcerts.P4RuntimeCA, devcerts.Controller))
	until(t, next, "connected", func(s state.Session) bool { return s.Stats.Connects > 0 })
	await(`certificate renewed`)
	if s := until(t, k, "ready", ready); s.Stats.Connects != before.Stats.Connects {
		t.Errorf("the session did not go on: %+v", s)
	}
}
