package lab

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/firstack/firstack/topo/spec"
)

var (
	switchFlag = flag.String("switch", "", "run the tests on whole labs with this switch: firstack, bmv2 or all (needs root)")
	binFlag    = flag.String("bin", "", "directory of firstack and firstack-switch; empty: they are built")
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestLab runs everything on real kernels, with nginx and curl, in each configuration. It needs root, and is asked
// for with -switch; `make lab-test` does.
func TestLab(t *testing.T) {
	if *switchFlag == "" {
		t.Skip("NOT RUN: labs on real kernels; ask with -switch firstack or -switch bmv2, or run `make lab-test`")
	}
	if os.Geteuid() != 0 {
		t.Skip("NOT RUN: labs on real kernels need root")
	}
	switches := Switches
	if *switchFlag != "all" {
		sw, err := ParseSwitch(*switchFlag)
		if err != nil {
			t.Fatal(err)
		}
		switches = []Switch{sw}
	}
	for _, tool := range []string{"curl", "wrk", "tshark"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%v (apt-get install curl wrk tshark)", err)
		}
	}
	bin := binaries(t)
	for _, sw := range switches {
		t.Run(string(sw), func(t *testing.T) {
			if _, err := exec.LookPath(sw.binary()); err != nil && sw == BMv2 && *switchFlag == "all" {
				t.Skipf("NOT RUN: %v (%s)", err, howTo[sw.binary()])
			}
			for _, c := range []spec.Configuration{spec.ConfigurationA, spec.ConfigurationB, spec.ConfigurationC} {
				t.Run("configuration "+string(c), func(t *testing.T) { testConfiguration(t, sw, bin, c) })
			}
		})
	}
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
	name := "test-" + strings.ToLower(string(c))
	opts := Options{Name: name, Switch: sw, FirstackBinary: filepath.Join(bin, "firstack")}
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
	for _, step := range []struct {
		name string
		run  func(*bench)
	}{
		{"every file", (*bench).everyFile},
		{"controller killed", (*bench).controllerKilled},
		{"switches killed", (*bench).switchesKilled},
		{"thousand connections", (*bench).thousandConnections},
	} {
		t.Run(step.name, func(t *testing.T) {
			sub := *b
			sub.T = t
			step.run(&sub)
		})
	}
	t.Run("capture", func(t *testing.T) {
		sub := *b
		sub.T = t
		sub.judgeCapture(stop())
	})
}
