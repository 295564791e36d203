package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	program = "../../softswitch/p4rt/testdata/kitchen.json"
	p4info  = "../../softswitch/p4rt/testdata/kitchen.p4info.txtpb"
)

// log is a writer that tests wait on.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

func newLog() *log { return &log{more: make(chan struct{}, 1)} }

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case l.more <- struct{}{}:
	default:
	}
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// wait waits until the log matches and returns the first group.
func (l *log) wait(t *testing.T, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	deadline := time.After(10 * time.Second)
	for {
		if m := re.FindStringSubmatch(l.String()); m != nil {
			return m[len(m)-1]
		}
		select {
		case <-l.more:
		case <-deadline:
			t.Fatalf("the log has no %q: %s", pattern, l)
		}
	}
}

// start runs the command until the test ends.
func start(t *testing.T, args ...string) *log {
	t.Helper()
	l := newLog()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := newCommand(l, l)
	cmd.SetArgs(mergeTargetFlags(args))
	ended := make(chan error, 1)
	go func() { ended <- cmd.ExecuteContext(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return l
}

func dial(t *testing.T, addr string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// TestServe starts the switch as scripts for BMv2 do, and talks to its services.
func TestServe(t *testing.T) {
	l := start(t, "--device-id", "4", "--thrift-port", "9090", "--nanolog", "ipc:///tmp/x", "--log-console", "-L", "debug",
		"--p4info", p4info, program, "--", "--grpc-server-addr", "127.0.0.1:0", "--cpu-port", "255")
	conn := dial(t, l.wait(t, `listens" address=(\S+)`))
	l.wait(t, `ignored" flags="\[--thrift-port --nanolog\]"`)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	resp, err := p4v1.NewP4RuntimeClient(conn).GetForwardingPipelineConfig(ctx, &p4v1.GetForwardingPipelineConfigRequest{DeviceId: 4})
	if err != nil || len(resp.GetConfig().GetP4Info().GetTables()) == 0 {
		t.Errorf("configuration: %v, %v", resp.GetConfig().GetP4Info(), err)
	}
	h, err := healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{Service: "p4.v1.P4Runtime"})
	if err != nil || h.GetStatus() != healthv1.HealthCheckResponse_SERVING {
		t.Errorf("health: %v, %v", h, err)
	}
	stream, err := reflectionv1.NewServerReflectionClient(conn).ServerReflectionInfo(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}}); err != nil {
		t.Fatal(err)
	}
	r, err := stream.Recv()
	if err != nil || !strings.Contains(r.String(), "p4.v1.P4Runtime") {
		t.Errorf("reflection: %v, %v", r, err)
	}
}

// TestNoP4: without a program, P4Runtime answers and has no configuration.
func TestNoP4(t *testing.T) {
	l := start(t, "--no-p4", "--grpc-server-addr", "127.0.0.1:0", "--device-id=0")
	conn := dial(t, l.wait(t, `listens" address=(\S+)`))
	l.wait(t, "device id 0 is not valid")
	resp, err := p4v1.NewP4RuntimeClient(conn).GetForwardingPipelineConfig(t.Context(), &p4v1.GetForwardingPipelineConfigRequest{})
	if err != nil || resp.GetConfig() != nil {
		t.Errorf("configuration: %v, %v", resp, err)
	}
}

func TestRefusals(t *testing.T) {
	tests := []struct {
		name string
		args []string
		says string
	}{
		{"nothing", nil, "no program"},
		{"both", []string{"--no-p4", program}, "contradict"},
		{"program not there", []string{"nowhere.json"}, "nowhere.json"},
		{"program is no JSON", []string{"main_test.go"}, "main_test.go"},
		{"P4Info is none", []string{"--p4info", "main_test.go", program}, "main_test.go"},
		{"P4Info without program", []string{"--no-p4", "--p4info", p4info}, "--p4info needs"},
		{"interface", []string{"--no-p4", "-i", "x"}, "PORT@IFACE"},
		{"interface number", []string{"--no-p4", "-i", "512@lo"}, "0 to 511"},
		{"interface not there", []string{"--no-p4", "-i", "1@nowhere0"}, "-i 1@nowhere0"},
		{"log level", []string{"--no-p4", "-L", "loud"}, "loud"},
		{"pcap directory", []string{"--no-p4", "--pcap=/nowhere"}, "/nowhere"},
		{"address", []string{"--no-p4", "--grpc-server-addr", "nowhere:99999"}, "listen"},
		{"certificate without TLS", []string{"--no-p4", "--grpc-server-cert", "x"}, "--grpc-server-ssl"},
		{"no certificate", []string{"--no-p4", "--grpc-server-ssl", "--grpc-server-cert", "x", "--grpc-server-key", "y"}, "--grpc-server-cert x"},
		{"packets from no files", []string{"--no-p4", "--use-files", "0", "-i", "1@/nowhere/x"}, "/nowhere/x_in.pcap"},
		{"files before the start", []string{"--no-p4", "--use-files=-1"}, "want seconds"},
		{"unknown flag", []string{"--no-such-flag"}, "no-such-flag"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cmd := newCommand(newLog(), newLog())
			cmd.SetArgs(mergeTargetFlags(tt.args))
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if err := cmd.ExecuteContext(ctx); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %q", err, tt.says)
			}
		})
	}
}

func TestMergeTargetFlags(t *testing.T) {
	dir := t.TempDir()
	got := mergeTargetFlags([]string{"-i", "1@a", "--pcap", dir, "x.json", "--pcap", "x.json", "--", "--cpu-port", "5"})
	want := []string{"-i", "1@a", "--pcap=" + dir, "x.json", "--pcap", "x.json", "--cpu-port", "5"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestVersions(t *testing.T) {
	for flag, want := range map[string]string{"-v": "P4Runtime 1.5.0", "--json-version": "2."} {
		l := newLog()
		cmd := newCommand(l, l)
		cmd.SetArgs([]string{flag})
		if err := cmd.Execute(); err != nil || !strings.Contains(l.String(), want) {
			t.Errorf("%s: %s, %v", flag, l, err)
		}
	}
}

// TestTap checks a capture file byte by byte, but for the time.
func TestTap(t *testing.T) {
	dir := t.TempDir()
	l := newLog()
	log, _, err := newLogger(config{logLevel: "info"}, l)
	if err != nil {
		t.Fatal(err)
	}
	see, closeTap, err := newTap(config{pcap: dir, dump: 2, interfaces: []portFlag{{1, "eth1"}}}, log)
	if err != nil {
		t.Fatal(err)
	}
	see(1, false, []byte("abc"))
	see(1, false, []byte("de"))
	see(2, true, []byte("f"))
	if err := closeTap(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "eth1_in.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	const header = "\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x01\x00\x00\x00"
	if len(data) != 24+16+3+16+2 || string(data[:24]) != header || string(data[32:43]) != "\x03\x00\x00\x00\x03\x00\x00\x00abc" {
		t.Errorf("capture %x", data)
	}
	if _, err := os.Stat(filepath.Join(dir, "port2_out.pcap")); err != nil {
		t.Error(err)
	}
	if !strings.Contains(l.String(), "data=6162") {
		t.Errorf("dump: %s", l)
	}
	if see, closeTap, err := newTap(config{}, log); see != nil || errors.Join(err, closeTap()) != nil {
		t.Error("a tap that nobody asked for")
	}
}
