package model_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/openconfig/ygot/ytypes"
	"pgregory.net/rapid"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/model"
	"github.com/firstack/firstack/controller/target"
)

var equal = cmp.Options{
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
	cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
	cmpopts.EquateEmpty(),
}

// Any valid configuration comes back from the tree as it was, whatever of it was written down, and so does the tree's
// JSON. Only the order of lists is that of their keys.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := configuration(t)
		if err := c.Finish(config.Given{"redirections": c.Redirections != nil}); err != nil {
			t.Fatalf("the generator makes an invalid one: %v", err)
		}
		root := model.FromConfig(c, nil)
		if err := root.Validate(&ytypes.LeafrefOptions{}); err != nil {
			t.Fatalf("by the schema it is invalid: %v", err)
		}
		data, err := model.Encode(root)
		if err != nil {
			t.Fatal(err)
		}
		if root, err = model.Decode(data); err != nil {
			t.Fatalf("%v\n%s", err, data)
		}
		back, err := model.ToConfig(root)
		if err != nil {
			t.Fatalf("it comes back invalid: %v\n%s", err, data)
		}
		sort(c)
		if diff := cmp.Diff(c, back, equal); diff != "" {
			t.Fatalf("(-given +back)\n%s\n%s", diff, data)
		}
		if (c.Redirections == nil) != (back.Redirections == nil) {
			t.Fatalf("redirections %#v come back as %#v", c.Redirections, back.Redirections)
		}
		if again, err := model.Encode(model.FromConfig(back, nil)); err != nil || string(again) != string(data) {
			t.Fatalf("the tree comes back as\n%s\n%v\nwant\n%s", again, err, data)
		}
	})
}

// What a file leaves out stays out of the tree, and is the same configuration nevertheless.
func TestRoundTripOfFiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := configuration(t)
		if err := c.Finish(config.Given{"redirections": c.Redirections != nil}); err != nil {
			t.Fatal(err)
		}
		sort(c) // ids of gateways follow the order of a file
		var kept []string
		for _, line := range strings.SplitAfter(string(c.Encode()), "\n") {
			if optional(line) && rapid.Bool().Draw(t, "left out") {
				continue
			}
			kept = append(kept, line)
		}
		text := strings.Join(kept, "")
		c, given, err := config.ParseGiven("file", []byte(text))
		if err != nil {
			t.Skip("drawn again: the configuration lacks a key without a default")
		}
		root := model.FromConfig(c, given)
		back, err := model.ToConfig(root)
		if err != nil {
			t.Fatalf("it comes back invalid: %v\n%s", err, text)
		}
		if diff := cmp.Diff(c, back, equal); diff != "" {
			t.Fatalf("(-file +back)\n%s\n%s", diff, text)
		}
	})
}

// optional says whether a line of YAML holds one leaf that has a default.
func optional(line string) bool {
	key, value, found := strings.Cut(strings.TrimSpace(line), ": ")
	return found && value != "" && slices.Contains([]string{
		"device-id", "weight", "configuration", "admin-state", "health-port", "burst",
		"replicatable", "origin-policy", "mode", "legs", "trust", "margin", "interval", "timeout", "rise", "idle",
		"clients", "servers", "action",
	}, key)
}

// sort puts lists in the order of their keys.
func sort(c *config.Config) {
	slices.SortFunc(c.Switches, func(a, b config.Switch) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(c.Services, func(a, b config.Service) int { return strings.Compare(a.Name, b.Name) })
	for i := range c.Switches {
		s := &c.Switches[i]
		slices.SortFunc(s.Ports, func(a, b config.Port) int { return int(a.Port) - int(b.Port) })
		slices.SortFunc(s.Routes, func(a, b config.Route) int { return strings.Compare(a.Prefix.String(), b.Prefix.String()) })
		slices.SortFunc(s.Neighbors, func(a, b config.Neighbor) int {
			return strings.Compare(a.Address.String(), b.Address.String())
		})
	}
	for i := range c.Services {
		s := &c.Services[i]
		slices.SortFunc(s.Origins, func(a, b config.Origin) int { return strings.Compare(a.Name, b.Name) })
		slices.SortFunc(s.Replicas, func(a, b config.Replica) int { return strings.Compare(a.Name, b.Name) })
	}
}

// configuration draws one that is valid: what could clash is numbered.
func configuration(t *rapid.T) *config.Config {
	c := &config.Config{
		Controller: config.Controller{
			ElectionID: config.ElectionID{High: rapid.Uint64().Draw(t, "high"), Low: rapid.Uint64Min(1).Draw(t, "low")},
			Listen:     rapid.SampledFrom([]string{"off", ":0", "127.0.0.1:9561", "[::1]:1"}).Draw(t, "listen"),
		},
		Timers: config.Timers{
			SlotPending: duration(t, 10*time.Millisecond, time.Second), SlotClaimed: duration(t, 2*time.Second, time.Hour),
			Tell: duration(t, 2*time.Millisecond, time.Second), Idle: duration(t, time.Hour, 600*time.Hour),
			Transitory: duration(t, 10*time.Millisecond, time.Hour), LingerReset: duration(t, 1, time.Hour),
			LingerFIN: duration(t, 1, time.Hour),
		},
		Health: config.Health{
			Interval: duration(t, time.Second, time.Hour), Timeout: duration(t, time.Millisecond, time.Second),
			Rise: rapid.IntRange(1, 100).Draw(t, "rise"), Fall: rapid.IntRange(1, 100).Draw(t, "fall"),
			Path: rapid.SampledFrom([]string{"", "/", "/healthz?a=b;c]"}).Draw(t, "path"), Off: rapid.Bool().Draw(t, "off"),
		},
		Steering: steering(t),
	}
	names := rapid.SliceOfNDistinct(rapid.StringMatching(`[A-Za-z0-9][A-Za-z0-9._-]{0,8}`), 3, 6, rapid.ID).Draw(t, "switches")
	for i, name := range names {
		c.Switches = append(c.Switches, gateway(t, i, name))
	}
	switch rapid.IntRange(0, 2).Draw(t, "redirections") {
	case 1:
		c.Redirections = []config.Redirection{}
	case 2:
		for i := range rapid.IntRange(1, 4).Draw(t, "rules") {
			c.Redirections = append(c.Redirections, config.Redirection{
				Sequence: uint32(5 + 7*i), Clients: prefix(t), Servers: prefix(t),
				Ports:  rapid.SliceOfDistinct(rapid.Uint16Min(1), rapid.ID).Draw(t, "ports"),
				Action: config.Action(rapid.SampledFrom(config.Action("").Values()).Draw(t, "action")),
			})
		}
	}
	for i, name := range rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{1,5}`), 0, 4, rapid.ID).Draw(t, "services") {
		c.Services = append(c.Services, service(t, i, name, names))
	}
	return c
}

func duration(t *rapid.T, low, high time.Duration) time.Duration {
	return time.Duration(rapid.Int64Range(int64(low), int64(high)).Draw(t, "duration"))
}

func steering(t *rapid.T) config.Steering {
	return config.Steering{
		Mode: config.SteeringMode(rapid.SampledFrom(config.SteeringMode("").Values()).Draw(t, "mode")),
		Legs: rapid.Uint8Range(1, 16).Draw(t, "legs"), RaceEvery: rapid.Uint16Range(2, 256).Draw(t, "race"),
		ScoutEvery: rapid.Uint16Range(2, 256).Draw(t, "scout"), Trust: duration(t, time.Second, 24*time.Hour),
		Margin: duration(t, 1, 10*time.Second), MarginPercent: rapid.Uint8Range(1, 100).Draw(t, "percent"),
		Hysteresis: duration(t, 1, 10*time.Second), HysteresisPercent: rapid.Uint8Range(1, 100).Draw(t, "percent"),
		Patience: duration(t, time.Millisecond, time.Minute), PatienceFactor: rapid.Uint8Range(1, 16).Draw(t, "factor"),
	}
}

func prefix(t *rapid.T) netip.Prefix {
	bits := rapid.IntRange(0, 32).Draw(t, "bits")
	a := rapid.Uint32().Draw(t, "prefix")
	p, _ := netip.AddrFrom4([4]byte{byte(a >> 24), byte(a >> 16), byte(a >> 8), byte(a)}).Prefix(bits)
	return p
}

// gateway is a client, a server or a replica gateway, in turn.
func gateway(t *rapid.T, i int, name string) config.Switch {
	s := config.Switch{
		Name: name, Role: config.Role(config.Role("").Values()[i%3]), Address: fmt.Sprintf("switch-%d:%d", i, 9559),
		DeviceID: rapid.Uint64Min(1).Draw(t, "device"), GatewayID: uint16(rapid.IntRange(0, 9).Draw(t, "id")*10 + i + 1),
		Insecure: rapid.Bool().Draw(t, "insecure"),
	}
	s.Target = target.Name(rapid.SampledFrom(target.Auto.Values()).Draw(t, "target"))
	if !target.Named(s.Target).Bundled || rapid.Bool().Draw(t, "pipeline") {
		s.Pipeline = &config.Pipeline{P4Info: "/info", DeviceConfig: "/device"}
	}
	if !s.Insecure {
		s.TLS = &config.TLS{CA: rapid.StringMatching(`[ -~]{0,9}`).Draw(t, "ca")}
		if rapid.Bool().Draw(t, "mutual") {
			s.TLS.Cert, s.TLS.Key = "/cert", "/key"
		}
	}
	if rapid.Bool().Draw(t, "gnmi") {
		s.GNMI = &config.GNMI{Address: fmt.Sprintf("switch-%d:%d", i, 9339)}
	}
	for j := range rapid.IntRange(1, 3).Draw(t, "ports") {
		p := config.Port{Port: uint16(3*j + 1), Side: config.WAN, MAC: config.MAC{2, 0, 0, byte(i), byte(j), 255}}
		if j == 0 && s.Role == config.ClientGateway {
			p.Side = config.LAN
		}
		if s.GNMI != nil {
			p.AdminState = rapid.SampledFrom([]config.PortState{"", config.PortUp, config.PortDown}).Draw(t, "port state")
		}
		for k := range rapid.IntRange(0, 2).Draw(t, "addresses") {
			p.Addresses = append(p.Addresses, netip.MustParsePrefix(fmt.Sprintf("10.%d.%d.%d/26", i, j, 64*k+1)))
		}
		s.Ports = append(s.Ports, p)
		for k := range p.Addresses {
			via := netip.MustParseAddr(fmt.Sprintf("10.%d.%d.%d", i, j, 64*k+2))
			s.Routes = append(s.Routes, config.Route{Prefix: netip.MustParsePrefix(fmt.Sprintf("172.16.%d.%d/32", j, k)), Port: p.Port, Via: via})
			s.Neighbors = append(s.Neighbors, config.Neighbor{Address: via, Port: p.Port, MAC: config.MAC{2, 1, 0, byte(i), byte(j), byte(k)}})
		}
	}
	if s.Role == config.ReplicaGateway {
		for range rapid.IntRange(0, 2).Draw(t, "direct") {
			if p := prefix(t); !slices.Contains(s.Direct, p) {
				s.Direct = append(s.Direct, p)
			}
		}
	}
	return s
}

func service(t *rapid.T, i int, name string, switches []string) config.Service {
	replicatable := rapid.Bool().Draw(t, "replicatable")
	s := config.Service{
		Name: name, Server: netip.MustParseAddr(fmt.Sprintf("192.0.2.%d", i+1)), Port: rapid.Uint16Min(1).Draw(t, "port"),
		Protocol: config.TCP, Gateway: switches[1], Replicatable: &replicatable, Steering: steering(t),
		OriginPolicy: rapid.SampledFrom([]config.OriginPolicy{config.OriginRace, config.OriginStandby}).Draw(t, "policy"),
	}
	for j := range rapid.IntRange(0, 2).Draw(t, "origins") {
		s.Origins = append(s.Origins, config.Origin{
			Name: fmt.Sprintf("o%d", j), Address: netip.MustParseAddr(fmt.Sprintf("198.51.%d.%d", i, j+1)),
			Port: rapid.Uint16Min(1).Draw(t, "port"), Weight: rapid.Int32Range(1, 65535).Draw(t, "weight"),
			Gateway: rapid.SampledFrom([]string{"", switches[2]}).Draw(t, "gateway"),
		})
	}
	for j := range rapid.IntRange(0, 3).Draw(t, "replicas") {
		r := config.Replica{
			Name: fmt.Sprintf("r%d", j), Address: netip.MustParseAddr(fmt.Sprintf("203.0.%d.%d", i, j+1)),
			Port:          rapid.Uint16Min(1).Draw(t, "port"),
			Configuration: config.Configuration(rapid.SampledFrom(config.Configuration("").Values()).Draw(t, "configuration")),
			AdminState:    config.AdminState(rapid.SampledFrom(config.AdminState("").Values()).Draw(t, "admin")),
			Weight:        rapid.Int32Range(1, 65535).Draw(t, "weight"),
			Gateway:       rapid.SampledFrom([]string{"", switches[2]}).Draw(t, "gateway"),
			HealthPort:    rapid.Uint16Min(1).Draw(t, "health"),
		}
		if r.Gateway != "" && rapid.Bool().Draw(t, "limited") {
			r.MaxConnectionRate = rapid.Uint32Min(1).Draw(t, "rate")
			r.Burst = rapid.Uint32Min(1).Draw(t, "burst")
		}
		s.Replicas = append(s.Replicas, r)
	}
	return s
}
