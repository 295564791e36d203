package lab

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestLeastTime(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       time.Duration
		found      bool
	}{
		{"several", "64 bytes from 10.0.0.1: icmp_seq=1 ttl=63 time=12.5 ms\n64 bytes: icmp_seq=2 ttl=63 time=9.31 ms\n64 bytes: time=11 ms\n", 9310 * time.Microsecond, true},
		{"none", "5 packets transmitted, 0 received, 100% packet loss, time 4100ms\n", 0, false},
		{"unreadable", "time=x ms time=-1 ms", 0, false},
		{"empty", "", 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, found := leastTime(test.text)
			if got != test.want || found != test.found {
				t.Errorf("got %v, %v, want %v, %v", got, found, test.want, test.found)
			}
		})
	}
}

func TestJudge(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct {
		planned, spread, measured time.Duration
		right                     bool
	}{
		{100 * ms, 0, 100 * ms, true}, {100 * ms, 0, 106 * ms, true}, {100 * ms, 0, 106*ms + 1, false},
		{100 * ms, 0, 99 * ms, false}, {0, 0, 5 * ms, true}, {0, 0, 6 * ms, false},
		{100 * ms, 10 * ms, 90 * ms, true}, {100 * ms, 10 * ms, 89 * ms, false},
		{100 * ms, 10 * ms, 116 * ms, true}, {100 * ms, 10 * ms, 117 * ms, false},
	} {
		if err := judge(RoundTrip{From: "a", To: "b", Planned: test.planned, Measured: test.measured}, test.spread); (err == nil) != test.right {
			t.Errorf("planned %v, measured %v: %v", test.planned, test.measured, err)
		}
	}
}

func TestSwitchCommands(t *testing.T) {
	_, l, err := prepare(t, "", "")
	if err != nil {
		t.Fatal(err)
	}
	g := l.Gateway("sg")
	for sw, want := range map[Switch]string{
		Firstack: "/x --no-p4 --device-id 2 -i 1@wan -i 2@lan --log-console -L info -- --grpc-server-addr 169.254.95.3:9559 --cpu-port 255",
		BMv2:     "/x --no-p4 --device-id 2 -i 1@wan -i 2@lan --log-console -L info --notifications-addr ipc:///d/sg.ipc -- --grpc-server-addr 169.254.95.3:9559 --cpu-port 255",
	} {
		if got := strings.Join(sw.argv("/x", g, "/d"), " "); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	if _, err := ParseSwitch("ovs"); err == nil {
		t.Error("a switch that nobody knows is taken")
	}
}

// Everything that is missing is named at once, with how to get it.
func TestMissingTools(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := findTools(Options{Switch: BMv2, FirstackBinary: "/nonexistent/firstack"})
	for _, want := range []string{"ip is not on PATH: apt-get install iproute2", "nginx is not on PATH", "ethtool is not on PATH", "ping is not on PATH",
		"simple_switch_grpc is not on PATH: p4lang's packages", "firstack: "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not said: %v", want, err)
		}
	}
}

// What was built together is used together.
func TestSwitchBesideIsPreferred(t *testing.T) {
	dir, path := t.TempDir(), t.TempDir()
	for _, file := range []string{
		filepath.Join(dir, "firstack"), filepath.Join(dir, "firstack-switch"), filepath.Join(path, "firstack-switch"), filepath.Join(path, "ip"),
		filepath.Join(path, "ping"), filepath.Join(path, "ethtool"), filepath.Join(path, "nginx"),
	} {
		if err := os.WriteFile(file, nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", path)
	got, err := findTools(Options{Switch: Firstack, FirstackBinary: filepath.Join(dir, "firstack")})
	if want := (tools{filepath.Join(dir, "firstack"), filepath.Join(dir, "firstack-switch"), filepath.Join(path, "nginx")}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, o := range []Options{{Name: "Big"}, {Name: "a_b"}, {Name: strings.Repeat("a", 21)}, {Name: "-a"}, {Switch: "ovs"}} {
		if _, err := o.withDefaults(); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
	if o, err := (Options{}).withDefaults(); err != nil || o.Name != DefaultName || o.Switch != Firstack || o.Logger == nil {
		t.Errorf("got %+v, %v", o, err)
	}
}
