package takeover

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/firstack/firstack/controller/store/etcd/etcdtest"
)

// patience is how long what has to happen may take: the machine may be busy.
const patience = time.Minute

// controllers are processes of `firstack run` that share an etcd.
type controllers struct {
	t      *testing.T
	binary string
	file   string
	etcd   *etcdtest.Server
	client *clientv3.Client
	all    map[string]*process
}

type process struct {
	name string
	gnmi string // address
	cmd  *exec.Cmd
	log  string
}

// built is the command, made once.
var built struct {
	sync.Once
	dir    string
	binary string
	err    error
}

func build(t *testing.T) string {
	t.Helper()
	built.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "takeover"); built.err != nil {
			return
		}
		built.binary = filepath.Join(built.dir, "firstack")
		if out, err := exec.Command("go", "build", "-o", built.binary, "github.com/firstack/firstack/cmd/firstack").CombinedOutput(); err != nil {
			built.err = fmt.Errorf("build: %w: %s", err, out)
		}
	})
	check(t, built.err)
	return built.binary
}

// start runs controllers with these names until the test ends.
func start(t *testing.T, server *etcdtest.Server, file string, names ...string) *controllers {
	t.Helper()
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{server.Address}, Logger: zap.NewNop()})
	check(t, err)
	t.Cleanup(func() { client.Close() })
	c := &controllers{t: t, binary: build(t), file: file, etcd: server, client: client, all: map[string]*process{}}
	dir := t.TempDir()
	for _, name := range names {
		c.all[name] = &process{name: name, gnmi: freePort(t), log: filepath.Join(dir, name+".log")}
		c.run(name)
	}
	t.Cleanup(func() {
		for _, p := range c.all {
			p.kill()
			if t.Failed() {
				log, _ := os.ReadFile(p.log)
				lines := bytes.Split(log, []byte("\n"))
				t.Logf("the end of %s's log:\n%s", p.name, bytes.Join(lines[max(0, len(lines)-60):], []byte("\n")))
			}
		}
	})
	return c
}

// run starts a controller that does not run.
func (c *controllers) run(name string) {
	c.t.Helper()
	p := c.all[name]
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	check(c.t, err)
	defer log.Close()
	p.cmd = exec.Command(c.binary, "run", "-c", c.file, "--etcd", c.etcd.Address, "--etcd-insecure", "--name", name, "--gnmi", p.gnmi, "--gnmi-insecure")
	p.cmd.Stderr = log
	check(c.t, p.cmd.Start())
}

// kill ends a controller without warning.
func (p *process) kill() {
	if p.cmd != nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait() // it was killed
		p.cmd = nil
	}
}

// standing tells who stands for each switch, the leader first.
func (c *controllers) standing() map[string][]string {
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	r, err := c.client.Get(ctx, "/firstack/switches/", clientv3.WithPrefix(), clientv3.WithSort(clientv3.SortByCreateRevision, clientv3.SortAscend))
	check(c.t, err)
	by := map[string][]string{}
	for _, kv := range r.Kvs {
		name := strings.Split(string(kv.Key), "/")[3]
		by[name] = append(by[name], string(kv.Value))
	}
	return by
}

// complete waits until every controller stands for every switch.
func (c *controllers) complete(switches []string) {
	c.t.Helper()
	until(c.t, "all stand for all switches", func() error {
		by := c.standing()
		for _, name := range switches {
			if len(by[name]) != len(c.all) {
				return fmt.Errorf("for %s stand %v", name, by[name])
			}
		}
		return nil
	})
}

// firstack runs the command with a controller's gNMI address.
func (c *controllers) firstack(name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, c.binary, append(args, "--gnmi", c.all[name].gnmi, "--gnmi-insecure")...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	return l.Addr().String()
}

// until polls what nobody tells of.
func until(t *testing.T, what string, so func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if err = so(); err == nil {
			return
		}
	}
	t.Fatalf("in %v it did not come about that %s: %v", patience, what, err)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
