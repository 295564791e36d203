package config_test

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/target"
)

// example is the file that the documentation shows.
const example = "../../docs/examples/firstack.yaml"

var sameAddresses = cmp.Options{
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
	cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
}

// What is accepted is written and read again as the same tree, and complete and valid as it stands.
func TestGoodFiles(t *testing.T) {
	for _, name := range append(files(t, "testdata/good/*.yaml"), example) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			c, err := config.Load(name)
			if err != nil {
				t.Fatal(err)
			}
			text := c.Encode()
			again, err := config.Parse("encoded", text)
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			if diff := cmp.Diff(c, again, sameAddresses); diff != "" {
				t.Errorf("read again it differs (-first +again):\n%s\n%s", diff, text)
			}
			if string(again.Encode()) != string(text) {
				t.Errorf("written again it differs:\n%s\n%s", text, again.Encode())
			}
			if changes := config.Diff(c, again); changes != nil {
				t.Errorf("Diff finds %v", changes)
			}
			if err := c.Validate(); err != nil {
				t.Errorf("as a tree made in Go it is invalid: %v", err)
			}
		})
	}
}

func TestLoadWithoutFile(t *testing.T) {
	_, err := config.Load(filepath.Join(t.TempDir(), "none.yaml"))
	if !os.IsNotExist(unwrapped(err)) {
		t.Errorf("error %v, want that of os.ReadFile", err)
	}
}

func unwrapped(err error) error {
	if u, ok := err.(interface{ Unwrap() error }); ok {
		return u.Unwrap()
	}
	return err
}

func TestExample(t *testing.T) {
	c, err := config.Load(example)
	if err != nil {
		t.Fatal(err)
	}
	tokyo := c.Services[0].Replicas[1]
	want := config.Replica{
		Name: "tokyo", Address: netip.MustParseAddr("198.51.100.70"), Port: 8080, Configuration: config.ConfigurationB,
		AdminState: config.AdminUp, Weight: 1, Gateway: "tokyo", HealthPort: 8080,
	}
	if tokyo != want {
		t.Errorf("tokyo is %+v, want %+v", tokyo, want)
	}
	if c.Controller.ElectionID != (config.ElectionID{Low: 10}) {
		t.Errorf("election id %v, want 10", c.Controller.ElectionID)
	}
	if m := c.Switches[1].Ports[0].MAC.String(); m != "02:00:00:00:02:01" {
		t.Errorf("MAC %s", m)
	}
	if r := c.Services[0].Replicas[0]; r.MaxConnectionRate != 20000 || r.Burst != 40000 {
		t.Errorf("rate %d, burst %d", r.MaxConnectionRate, r.Burst)
	}
	if *c.Services[1].Replicatable {
		t.Error("mail-archive is replicatable")
	}
}

func TestDefaults(t *testing.T) {
	c, err := config.Parse("minimal", []byte(`
switches:
  - {name: cg, role: client-gateway, address: "a:1", insecure: true, ports: [{port: 1, side: lan, mac: "02:00:00:00:00:01"}, {port: 2, mac: "02:00:00:00:00:02"}]}
  - {name: sg, role: server-gateway, address: "b:1", insecure: true}
  - {name: rg, role: replica-gateway, address: "c:1", insecure: true}
services:
  - name: web
    server: 192.0.2.10
    port: 8000
    gateway: sg
    replicas:
      - {name: a, address: 198.51.100.1}
      - {name: b, address: 198.51.100.2, port: 81, gateway: rg, max-connection-rate: 7}
`))
	if err != nil {
		t.Fatal(err)
	}
	steering := config.Steering{
		Mode: config.SteeringDirect, Legs: 4, RaceEvery: 128, ScoutEvery: 256, Trust: 10 * time.Minute,
		Margin: time.Millisecond, MarginPercent: 3, Hysteresis: time.Millisecond, HysteresisPercent: 2,
		Patience: 50 * time.Millisecond, PatienceFactor: 2,
	}
	everywhere := netip.MustParsePrefix("0.0.0.0/0")
	yes := true
	want := &config.Config{
		Controller: config.Controller{ElectionID: config.ElectionID{Low: 1}, Listen: "127.0.0.1:9561"},
		Switches: []config.Switch{
			{Name: "cg", Role: config.ClientGateway, Address: "a:1", Target: target.Auto, DeviceID: 1, Insecure: true, GatewayID: 1, Ports: []config.Port{
				{Port: 1, Side: config.LAN, MAC: config.MAC{2, 0, 0, 0, 0, 1}}, {Port: 2, Side: config.WAN, MAC: config.MAC{2, 0, 0, 0, 0, 2}},
			}},
			{Name: "sg", Role: config.ServerGateway, Address: "b:1", Target: target.Auto, DeviceID: 1, Insecure: true, GatewayID: 2},
			{Name: "rg", Role: config.ReplicaGateway, Address: "c:1", Target: target.Auto, DeviceID: 1, Insecure: true, GatewayID: 3},
		},
		Services: []config.Service{{
			Name: "web", Server: netip.MustParseAddr("192.0.2.10"), Port: 8000, Protocol: config.TCP, Gateway: "sg", Replicatable: &yes,
			OriginPolicy: config.OriginStandby, Steering: steering,
			Origins: []config.Origin{{Name: "origin", Address: netip.MustParseAddr("192.0.2.10"), Port: 8000, Weight: 1}},
			Replicas: []config.Replica{
				{Name: "a", Address: netip.MustParseAddr("198.51.100.1"), Port: 8000, Configuration: config.ConfigurationA, AdminState: config.AdminUp, Weight: 1, HealthPort: 8000},
				{Name: "b", Address: netip.MustParseAddr("198.51.100.2"), Port: 81, Configuration: config.ConfigurationA, AdminState: config.AdminUp, Weight: 1, Gateway: "rg", MaxConnectionRate: 7, Burst: 7, HealthPort: 81},
			},
		}},
		Redirections: []config.Redirection{{Sequence: 10, Clients: everywhere, Servers: everywhere, Ports: []uint16{80, 443}, Action: config.ActionRedirect}},
		Steering:     steering,
		Timers: config.Timers{
			SlotPending: 3 * time.Second, SlotClaimed: 300 * time.Second, Tell: 500 * time.Millisecond,
			Idle: 124 * time.Minute, Transitory: 4 * time.Minute, LingerReset: 2 * time.Second, LingerFIN: time.Minute,
		},
		Health: config.Health{Interval: 2 * time.Second, Timeout: time.Second, Rise: 2, Fall: 3},
	}
	if diff := cmp.Diff(want, c, sameAddresses); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A tree made in Go is completed as one from YAML is.
func TestComplete(t *testing.T) {
	c := config.Default()
	parsed, err := config.Parse("empty", nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(parsed, c, sameAddresses); diff != "" {
		t.Errorf("Default differs from an empty file:\n%s", diff)
	}
	c.Complete()
	if diff := cmp.Diff(parsed, c, sameAddresses); diff != "" {
		t.Errorf("completed twice it differs:\n%s", diff)
	}
	off := &config.Config{Health: config.Health{Off: true}}
	off.Complete()
	if off.Health.Interval != 0 {
		t.Errorf("interval %v without probes, want 0", off.Health.Interval)
	}
	off.Health.Interval = time.Minute
	off.Complete()
	if off.Health.Interval != time.Minute {
		t.Errorf("interval %v, want 1m as given", off.Health.Interval)
	}
	c.Redirections[0].Ports[0] = 8080
	if config.DefaultPorts[0] != 80 {
		t.Error("a tree shares its ports with DefaultPorts")
	}
}

// Errors of a tree made in Go have paths but no place.
func TestValidateInGo(t *testing.T) {
	c := &config.Config{
		Switches: []config.Switch{{Name: "a", Role: "router", Address: "a:1", Insecure: true}},
		Services: []config.Service{{Name: "web", Port: 80, Gateway: "b"}},
	}
	c.Complete()
	err := c.Validate()
	want := "switches[0].role: \"router\" is not one of client-gateway, server-gateway, replica-gateway\n" +
		"services[0].server: is missing\n" +
		"services[0].gateway: there is no switch \"b\""
	if err == nil || err.Error() != want {
		t.Errorf("error\n%v\nwant\n%s", err, want)
	}
	if list := config.List(err); len(list) != 3 || list[1].Path != "services[0].server" || list[1].Line != 0 {
		t.Errorf("list %v", list)
	}
	if config.List(nil) != nil {
		t.Error("errors in nil")
	}
}

// What guards against files that are dear to parse leaves large ones alone.
func TestManyServices(t *testing.T) {
	for name, form := range map[string]string{
		"block": "  - name: s%[1]d\n    server: 192.1.%[2]d.%[3]d\n    port: 80\n    gateway: sg\n    replicas:\n      - name: a\n        address: 198.51.%[2]d.%[3]d\n",
		"flow":  "  - {name: s%[1]d, server: 192.1.%[2]d.%[3]d, port: 80, gateway: sg, replicas: [{name: a, address: 198.51.%[2]d.%[3]d}]}\n",
	} {
		t.Run(name, func(t *testing.T) {
			text := []byte("switches:\n  - {name: sg, role: server-gateway, address: \"a:1\", insecure: true}\nservices:\n")
			for i := range 600 {
				text = fmt.Appendf(text, form, i, i/256, i%256)
			}
			c, err := config.Parse(name, text)
			if err != nil {
				t.Fatal(err)
			}
			if len(c.Services) != 600 || len(c.Services[599].Replicas) != 1 {
				t.Errorf("%d services, the last with %v", len(c.Services), c.Services[len(c.Services)-1].Replicas)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	c, err := config.Load(example)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"switches[2].insecure: whoever is on the way to 10.255.0.3:9559 can write to the switch",
		"switches[3].insecure: whoever is on the way to 10.255.0.4:9559 can write to the switch",
		"switches[4].insecure: whoever is on the way to 10.255.0.5:9559 can write to the switch",
	}
	if diff := cmp.Diff(want, c.Warnings()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	c.Controller.Listen = ":9561"
	c.Switches = c.Switches[2:]
	c.Switches[0].DeviceID, c.Switches[0].Address = 0, "localhost:9559"
	c.Switches[1].Address, c.Switches[1].Direct = "127.0.0.1:9560", nil
	c.Switches[2].Address = "[::1]:9561"
	want = []string{
		"controller.listen: :9561 can be reached from other machines, and asks nobody who they are",
		"switches[0].device-id: 0 is not allowed by the P4Runtime specification, though some switches use it",
		"services[0].replicas[1].health-port: in configuration B port 8080 speaks as the server and tokyo has no direct prefixes, so probes through it will fail",
	}
	if diff := cmp.Diff(want, c.Warnings()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	c.Services[0].Replicas[1].HealthPort = 81
	if n := len(c.Warnings()); n != 2 {
		t.Errorf("%d warnings with a port for probes, want 2", n)
	}
}

// The written form is one that readers of YAML 1.1 understand alike.
func TestEncoding(t *testing.T) {
	yes := true
	c := &config.Config{
		Controller: config.Controller{ElectionID: config.ElectionID{High: 2, Low: 10}, Listen: "off"},
		Switches: []config.Switch{{
			Name: "no", Role: config.ReplicaGateway, Address: "a:1", Target: target.BMv2, TLS: &config.TLS{},
			Ports:  []config.Port{{Port: 1, Side: config.WAN, MAC: config.MAC{0x12}, Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/24"), netip.MustParsePrefix("10.0.1.1/24")}}},
			Direct: []netip.Prefix{},
		}},
		Services:     []config.Service{{Name: "12", Replicatable: &yes, Replicas: []config.Replica{{Name: "a.b"}}}},
		Redirections: []config.Redirection{},
		Timers:       config.Timers{Idle: 2 * time.Hour, Tell: 1500 * time.Millisecond, SlotPending: time.Minute + time.Second},
		Health:       config.Health{Off: true, Path: "/a b"},
	}
	want := `controller:
  election-id: "2,10"
  listen: "off"
switches:
  - name: "no"
    role: replica-gateway
    address: "a:1"
    target: bmv2
    device-id: 0
    tls: {}
    ports:
      - port: 1
        side: wan
        mac: "12:00:00:00:00:00"
        addresses: [10.0.0.1/24, 10.0.1.1/24]
    direct: []
services:
  - name: "12"
    server: ""
    port: 0
    protocol: ""
    replicatable: true
    origin-policy: ""
    steering:
      mode: ""
      legs: 0
      race-every: 0
      scout-every: 0
      trust: 0s
      margin: 0s
      margin-percent: 0
      hysteresis: 0s
      hysteresis-percent: 0
      patience: 0s
      patience-factor: 0
    replicas:
      - name: a.b
        address: ""
        configuration: ""
        admin-state: ""
        weight: 0
redirections: []
steering:
  mode: ""
  legs: 0
  race-every: 0
  scout-every: 0
  trust: 0s
  margin: 0s
  margin-percent: 0
  hysteresis: 0s
  hysteresis-percent: 0
  patience: 0s
  patience-factor: 0
timers:
  slot-pending: 1m1s
  slot-claimed: 0s
  tell: 1.5s
  idle: 2h
  transitory: 0s
  linger-reset: 0s
  linger-fin: 0s
health:
  interval: 0s
  timeout: 0s
  rise: 0
  fall: 0
  path: "/a b"
  off: true
`
	if diff := cmp.Diff(want, string(c.Encode())); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
