// Package etcdtest runs an etcd for tests: the program of that name, on loopback, with a folder of its own.
package etcdtest

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// patience is how long etcd may take to start: the machine may be busy.
const patience = time.Minute

// TLS says how a server proves who it is, and whom it asks to. Its zero value is plaintext.
type TLS struct {
	Cert, Key string // PEM files
	CA        string // of clients, who have to show a certificate; "": they need not
	// Probe are settings with which the server can be asked whether it is there.
	Probe *tls.Config
}

// Server is an etcd.
type Server struct {
	Address string // host:port

	tb   testing.TB
	TLS  TLS // Probe may be replaced before Restart
	dir  string
	args []string
	cmd  *exec.Cmd
	log  *tail
}

// Start runs an etcd until the test ends. Where there is no such program the test is skipped.
func Start(tb testing.TB, t TLS) *Server {
	tb.Helper()
	program, err := exec.LookPath("etcd")
	if err != nil {
		tb.Skip("NOT RUN: etcd is not on PATH (apt-get install etcd-server)")
	}
	s := &Server{tb: tb, TLS: t, dir: tb.TempDir()}
	for try := 1; ; try++ {
		// Somebody may take a port between our asking for it and etcd's.
		s.Address = freePort(tb)
		peer, scheme := "http://"+freePort(tb), "http"
		if t.Cert != "" {
			scheme = "https"
		}
		client := scheme + "://" + s.Address
		s.args = []string{
			program, "--name", "test", "--data-dir", filepath.Join(s.dir, fmt.Sprint("data", try)), "--log-level", "warn",
			"--listen-client-urls", client, "--advertise-client-urls", client,
			"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "test=" + peer,
		}
		if t.Cert != "" {
			s.args = append(s.args, "--cert-file", t.Cert, "--key-file", t.Key)
		}
		if t.CA != "" {
			s.args = append(s.args, "--client-cert-auth", "--trusted-ca-file", t.CA)
		}
		err := s.Restart()
		if err == nil {
			break
		}
		if !strings.Contains(err.Error(), "address already in use") || try == 5 {
			tb.Fatal(err)
		}
	}
	tb.Cleanup(s.Kill)
	return s
}

// Restart starts an etcd that was killed, with what it had, and returns when it serves.
func (s *Server) Restart() error {
	s.log = &tail{}
	s.cmd = exec.Command(s.args[0], s.args[1:]...)
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	s.cmd.Env = []string{"PATH=/usr/bin:/bin"} // ETCD_… of whoever runs the tests means another
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("start etcd: %w", err)
	}
	if err := s.await(); err != nil {
		s.Kill()
		return fmt.Errorf("etcd: %w; its log ends with\n%s", err, s.log)
	}
	return nil
}

// await asks until etcd answers.
func (s *Server) await() error {
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{s.Address}, TLS: s.TLS.Probe, Logger: zap.NewNop()})
	if err != nil {
		return err
	}
	defer client.Close()
	for end := time.Now().Add(patience); ; {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		_, err := client.Get(ctx, "/")
		cancel()
		switch {
		case err == nil:
			return nil
		case strings.Contains(s.log.String(), "address already in use"):
			return errors.New("address already in use")
		case time.Now().After(end):
			return fmt.Errorf("not serving after %v: %w", patience, err)
		}
	}
}

// Kill ends etcd without warning. What it has acknowledged it still has after Restart.
func (s *Server) Kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait() // it was killed
	s.cmd = nil
}

func freePort(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// tail keeps the end of a log.
type tail struct {
	mu  sync.Mutex
	end bytes.Buffer
}

// maxTail is how much of a log is kept, in bytes.
const maxTail = 16 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end.Write(p)
	if over := t.end.Len() - maxTail; over > 0 {
		t.end.Next(over)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.end.String()
}
