package lab

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/firstack/firstack/topo/spec"
)

var (
	switchFlag = flag.String("switch", "", "run the tests on whole labs with this switch: firstack, bmv2 or all (needs root)")
	binFlag    = flag.String("bin", "", "directory of firstack and firstack-switch; empty: they are built")
	briefFlag  = flag.Bool("brief", false, "all configurations at once, in a minute: without wrk, killing client gateways only; skipped where a lab can't be")
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestLab runs everything on real kernels, with nginx and curl, in each configuration. It needs root, and is asked
// for with -switch; `make lab-test` does.
func TestLab(t *testing.T) {
	if *switchFlag == "" {
		t.Skip("NOT RUN: labs on real kernels; ask with -switch firstack or -switch bmv2, or run `make lab-test`")
	}
	tools := []string{"curl", "tshark"}
	if !*briefFlag {
		tools = append(tools, "wrk")
	}
	if err := possible(t.Context(), tools); err != nil && *briefFlag {
		t.Skipf("NOT RUN: labs on real kernels: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	sweep(t)
	switches := Switches
	if *switchFlag != "all" {
		sw, err := ParseSwitch(*switchFlag)
		if err != nil {
			t.Fatal(err)
		}
		switches = []Switch{sw}
	}
	bin := binaries(t)
	for _, sw := range switches {
		t.Run(string(sw), func(t *testing.T) {
			if _, err := exec.LookPath(sw.binary()); err != nil && sw == BMv2 && *switchFlag == "all" {
				t.Skipf("NOT RUN: %v (%s)", err, howTo[sw.binary()])
			}
			for _, c := range []spec.Configuration{spec.ConfigurationA, spec.ConfigurationB, spec.ConfigurationC} {
				t.Run("configuration "+string(c), func(t *testing.T) {
					if *briefFlag {
						t.Parallel()
					}
					testConfiguration(t, sw, bin, c)
				})
			}
		})
	}
}

// possible tells what keeps a lab from being made here.
func possible(ctx context.Context, programs []string) error {
	if os.Geteuid() != 0 {
		return ErrNotRoot
	}
	var missing []error
	for _, name := range append([]string{"ip", "ping", "ethtool", "nginx"}, programs...) {
		if _, err := exec.LookPath(name); err != nil {
			missing = append(missing, err)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%w (apt-get install iproute2 iputils-ping ethtool nginx-light curl wrk tshark)", errors.Join(missing...))
	}
	ns := namespacePrefix + testName("probe")
	if err := command(ctx, "ip", "netns", "add", ns); err != nil {
		return fmt.Errorf("no network namespaces here: %w", err)
	}
	err := command(ctx, "ip", "-n", ns, "link", "add", "name", "va", "type", "veth", "peer", "name", "vb")
	return errors.Join(err, command(ctx, "ip", "netns", "del", ns))
}

// testName names a lab after this process, so that two runs on a machine do not meet.
func testName(what string) string { return fmt.Sprintf("t%d-%s", os.Getpid(), what) }

// sweep removes what killed runs of these tests have left behind: labs whose process is gone.
func sweep(t *testing.T) {
	names, err := Names()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		var pid int
		if n, _ := fmt.Sscanf(name, "t%d-", &pid); n == 1 && syscall.Kill(pid, 0) != nil {
			if err := Down(t.Context(), name); err != nil {
				t.Errorf("left behind: %v", err)
			}
		}
	}
}

// story is how the logs of a lab's processes end, to go with a failure.
func (l *Lab) story() string {
	var b strings.Builder
	for _, p := range l.State().Processes {
		data, err := os.ReadFile(p.Log)
		lines := strings.Split(strings.TrimSpace(string(data)), "\n")
		most := 10
		if p.Name == controllerProcess {
			most = 80
		}
		fmt.Fprintf(&b, "log of %s (%v), %d lines, the last:\n  %s\n", p.Name, err, len(lines), strings.Join(lines[max(0, len(lines)-most):], "\n  "))
	}
	return b.String()
}

// binaries returns the directory of the programs.
func binaries(t *testing.T) string {
	t.Helper()
	if *binFlag != "" {
		return *binFlag
	}
	dir := t.TempDir()
	root := "github.com/firstack/firstack/cmd/"
	out, err := exec.Command("go", "build", "-o", dir+"/", root+"firstack", root+"firstack-switch").CombinedOutput()
	if err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return dir
}

// bench is one lab under test.
type bench struct {
	*testing.T
	*Lab
	ctx     context.Context
	client  string
	url     string
	origin  string   // site
	serving []string // sites of the replicas
}

func testConfiguration(t *testing.T, sw Switch, bin string, c spec.Configuration) {
	top, err := spec.Default()
	if err != nil {
		t.Fatal(err)
	}
	top.SetConfiguration(c)
	opts := Options{Name: testName(strings.ToLower(string(c))), Switch: sw, FirstackBinary: filepath.Join(bin, "firstack")}
	if sw == Firstack {
		opts.SwitchBinary = filepath.Join(bin, "firstack-switch")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	start := time.Now()
	l, err := Up(ctx, top, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("up after %.1f s", time.Since(start).Seconds())
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(l.story())
		}
		if err := l.Down(context.Background()); err != nil {
			t.Error(err)
		}
		state := l.State()
		nothingLeft(t, &state)
	})
	service := l.Layout.Services[0]
	b := &bench{T: t, Lab: l, ctx: ctx, client: l.Layout.HostsOf(spec.Client)[0].Name, url: "http://" + service.Server.String() + "/"}
	b.origin = l.Layout.Host(service.Origins[0]).Site
	for _, r := range service.Replicas {
		b.serving = append(b.serving, l.Layout.Host(r.Host).Site)
	}

	stop := b.capture()
	type step struct {
		name string
		run  func(*bench)
	}
	steps := []step{
		{"every file", (*bench).everyFile},
		{"controller killed", (*bench).controllerKilled},
		{"switches killed", (*bench).switchesKilled},
	}
	if *briefFlag {
		t.Log("NOT RUN: 1,000 connections, server and replica gateways killed, how long races take (`make lab-test` does)")
	} else {
		steps = append(steps, step{"quickest race", (*bench).quickestRace}, step{"thousand connections", (*bench).thousandConnections})
	}
	for _, step := range steps {
		t.Run(step.name, func(t *testing.T) {
			sub := *b
			sub.T = t
			step.run(&sub)
		})
	}
	t.Run("capture", func(t *testing.T) {
		sub := *b
		sub.T = t
		sub.judgeCapture(stop(), b.Failed())
	})
}
