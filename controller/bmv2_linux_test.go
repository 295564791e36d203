package controller_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/controller"
	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/tables/clientgateway"
)

// bmv2 runs simple_switch_grpc in a network namespace of its own, for its Thrift server listens to everybody, and gives
// the Unix socket that it serves P4Runtime at.
func bmv2(t *testing.T, device string) string {
	t.Helper()
	path, err := exec.LookPath("simple_switch_grpc")
	if err != nil {
		t.Skip("simple_switch_grpc is not on PATH: install BMv2 (github.com/p4lang/behavioral-model) to test against it")
	}
	if os.Geteuid() != 0 {
		t.Skip("BMv2 gets a network namespace of its own, which needs root: run the tests as root to test against it")
	}
	dir, err := os.MkdirTemp("", "bmv2") // socket names are short, and t.TempDir is not
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	cmd := exec.Command(path, "--device-id", device, "--no-p4", "--", "--grpc-server-addr", "unix:"+socket, "--cpu-port", "255")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return socket
}

// TestBMv2 has BMv2 take everything that the controller writes: fresh, changed, and found again after a restart.
func TestBMv2(t *testing.T) {
	c := network(config.OriginStandby, "A", "B")
	c.Services[0].Replicas[0].MaxConnectionRate, c.Services[0].Replicas[0].Burst = 100, 10
	c.Services[0].Origins = append(c.Services[0].Origins, config.Origin{
		Name: "second", Address: c.Services[0].Replicas[0].Address.Next(), Port: 80, Weight: 3, Gateway: "rgA",
	})
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	sockets := map[string]string{}
	for _, s := range c.Switches {
		sockets[s.Name] = bmv2(t, "1")
	}
	l := &lab{t: t, dialer: func(ctx context.Context, name, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", sockets[name])
	}}
	k := l.control(c)
	readsNoRegisters(t, sockets["cg"])
	if counts := k.counts(); len(counts) == 0 {
		t.Error("no counters")
	}
	k.apply(edited(t, c, func(c *config.Config) {
		c.Services[0].OriginPolicy = config.OriginRace
		c.Services[0].Replicas = c.Services[0].Replicas[1:]
	}))
	k.apply(c)
	k.stop()
	k = l.control(c)
	sessions, err := k.Sessions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sessions {
		if s.Stats.PipelinePushes != 0 {
			t.Errorf("%s: the pipeline was pushed again", s.Switch)
		}
		t.Logf("%s: %+v", s.Switch, s.Stats)
	}
}

// readsNoRegisters: BMv2 says that it has no registers to read, in the words that the count of slots goes by, and lives on.
func readsNoRegisters(t *testing.T, socket string) {
	t.Helper()
	pipeline, err := controller.V1Model(config.ClientGateway)
	if err != nil {
		t.Fatal(err)
	}
	program, err := clientgateway.Bind(pipeline.P4Info)
	if err != nil {
		t.Fatal(err)
	}
	req := &p4v1.ReadRequest{DeviceId: 1}
	for i := range int64(4096) {
		e, err := program.OwnerRegister.Read(i)
		if err != nil {
			t.Fatal(err)
		}
		req.Entities = append(req.Entities, e)
	}
	conn, err := grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	stream, err := p4v1.NewP4RuntimeClient(conn).Read(t.Context(), req)
	for err == nil { // an empty answer comes before the status
		_, err = stream.Recv()
	}
	if status.Code(err) != codes.Unimplemented {
		t.Errorf("registers: %v", err)
	}
}
