package spec

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

// small is a valid topology that the tests of errors spoil by replacing a text in it.
const small = `name: small
sites:
  - name: A
  - name: B
round_trips:
  ms: {A: {B: 10}}
gateways:
  - {name: cg, role: client-gateway, site: A}
  - {name: sg, role: server-gateway, site: B}
  - {name: rg, role: replica-gateway, site: B}
hosts:
  - {name: c, role: client, site: A}
  - {name: o, role: origin, gateway: sg}
  - {name: p, role: origin, gateway: rg}
  - {name: r, role: replica, site: B}
services:
  - name: web
    origins:
      - host: o
    replicas:
      - host: r
`

// upToOrigins is what follows host p's gateway in it, to its first origin.
const upToOrigins = "\n  - {name: r, role: replica, site: B}\nservices:\n  - name: web\n    origins:\n      - host: o"

func TestParseErrors(t *testing.T) {
	for _, test := range []struct {
		name, old, new string
		want           string // the one error; "" = none
	}{
		{"valid", "", "", ""},
		{"unknown key", "role: client,", "rolle: client,", "t.yaml:12:5: hosts[0].role: is missing\nt.yaml:12:15: hosts[0].rolle: unknown key; did you mean role?"},
		{"unknown key at the top", "name: small", "name: small\nhostes: []", "t.yaml:2:1: hostes: unknown key; did you mean hosts?"},
		{"missing key", "name: small\n", "", "t.yaml:1:1: name: is missing"},
		{"missing in a list", "      - host: o", "      - weight: 2", "t.yaml:19:9: services[0].origins[0].host: is missing"},
		{"key twice", "{name: c,", "{name: c, name: d,", `t.yaml:12:15: mapping key "name" already defined at [12:6]`},
		{"no YAML", "sites:", "sites: [", "t.yaml:5:1: ',' or ']' must be specified"},
		{"wrong enum", "role: client,", "role: clint,", `t.yaml:12:21: hosts[0].role: want text: "clint" is none of client, origin, replica, management`},
		{"text for a number", "name: small", "name: small\nseed: x", "t.yaml:2:7: seed: want a number"},
		{"fraction", "name: small", "name: small\nseed: 1.5", "t.yaml:2:7: seed: want a whole number"},
		{"negative", "name: small", "name: small\nseed: -1", "t.yaml:2:7: seed: -1 is outside 0 to 1.8446744073709552e+19"},
		{"number out of range", "name: small", "name: small\nlinks: {wan: {loss: 1.5}}", "t.yaml:2:21: links.wan.loss: 1.5 is outside 0 to 1"},
		{"not a number", "name: small", "name: small\ntime_scale: .nan", "t.yaml:2:13: time_scale: want a number"},
		{"number for text", "name: small", "name: 5", "t.yaml:1:7: name: want text"},
		{"null", "name: small", "name:", "t.yaml:1:6: name: has no value"},
		{"empty list", "      - host: o", "      []", "t.yaml:19:7: services[0].origins: must not be empty"},
		{"no list", "      - host: o", "      host: o", "t.yaml:19:7: services[0].origins: want a list"},
		{"no mapping", "  - name: A", "  - A", "t.yaml:3:5: sites[0]: want keys with values"},
		{"anchor", "name: small", "name: &x small", "t.yaml:1:7: name: anchors, aliases and tags have no place here"},
		{"two documents", "services:", "---\nservices:", "t.yaml: want one YAML document, found 2"},
		{"bad address", "site: A}\n  - {name: o", "site: A, addresses: [10.1.0.300]}\n  - {name: o", `t.yaml:12:50: hosts[0].addresses[0]: want an IPv4 address such as 10.1.0.1: ParseAddr("10.1.0.300"): IPv4 field has value >255`},
		{"IPv6 address", "  - name: web", "  - name: web\n    server: 2001:db8::1", "t.yaml:18:13: services[0].server: want an IPv4 address such as 10.1.0.1: 2001:db8::1 is not an IPv4 address"},
		{"host bits", "  - name: A", "  - name: A\n    prefix: 10.1.2.0/16", "t.yaml:4:13: sites[0].prefix: want an IPv4 prefix such as 10.1.0.0/24: 10.1.2.0/16 has bits set behind its length; 10.1.0.0/16 has not"},
		{"key that is no text", "{A: {B: 10}}", "{A: {B: 10}, 5: {A: 1}}", "t.yaml:6:20: round_trips.ms: want a key that is plain text, not 5"},

		{"long site prefix", "  - name: A", "  - name: A\n    prefix: 10.1.2.0/25", "t.yaml:4:13: sites[0].prefix: 10.1.2.0/25 is longer than /24"},
		{"site twice", "  - name: B", "  - name: A", "t.yaml:4:11: sites[1].name: A is the name of sites[0] already\nt.yaml:9:44: gateways[1].site: no site is called B\nt.yaml:10:45: gateways[2].site: no site is called B\nt.yaml:15:36: hosts[3].site: no site is called B"},
		{"unknown site", "site: A}\n  - {name: sg", "site: X}\n  - {name: sg", "t.yaml:8:44: gateways[0].site: no site is called X"},
		{"node twice", "{name: c,", "{name: cg,", "t.yaml:12:12: hosts[0].name: cg is the name of gateways[0] already"},
		{"no round trip", "{A: {B: 10}}", "{A: {A: 10}}", "t.yaml:6:3: round_trips: no round trip from A to B, nor back"},
		{"round trip of no site", "{A: {B: 10}}", "{A: {B: 10, Sao Paulo: 5}}", `t.yaml:6:30: round_trips.ms.A."Sao Paulo": names no site of the topology`},
		{"no such file", "  ms: {A: {B: 10}}", "  file: none.csv", "t.yaml:6:9: round_trips.file: none.csv: open none.csv: file does not exist"},
		{"no gateway there", "{name: c, role: client, site: A}", "{name: c, role: client, site: B}", "t.yaml:12:5: hosts[0]: site B has no gateway that fits a host of role client"},
		{"several gateways", "{name: o, role: origin, gateway: sg}", "{name: o, role: origin, site: B}", "t.yaml:13:5: hosts[1]: site B has several gateways that fit a host of role origin: name one"},
		{"neither site nor gateway", "{name: c, role: client, site: A}", "{name: c, role: client}", "t.yaml:12:5: hosts[0]: give a site or a gateway"},
		{"unfit gateway", "{name: o, role: origin, gateway: sg}", "{name: o, role: origin, gateway: cg}", "t.yaml:13:38: hosts[1].gateway: cg is a client-gateway, which does not fit a host of role origin"},
		{"gateway elsewhere", "role: origin, gateway: sg}", "role: origin, site: A, gateway: sg}", "t.yaml:13:35: hosts[1].site: its gateway sg stands in B"},
		{"unknown gateway", "gateway: sg}", "gateway: sq}", "t.yaml:13:38: hosts[1].gateway: no gateway is called sq"},
		{"id twice", "role: server-gateway, site: B}\n  - {", "role: server-gateway, site: B, id: 3}\n  - {id: 3, ", "t.yaml:10:10: gateways[2].id: 3 is the id of sg already"},
		{"overlapping LANs", "{name: rg,", "{name: rg, lan: 10.2.0.192/26,", "t.yaml:10:21: gateways[2].lan: 10.2.0.192/26 overlaps the LAN of sg, 10.2.0.0/24\nt.yaml:14:5: hosts[2].addresses[0]: 10.2.0.202 is in the LAN of sg, the host is behind rg\nt.yaml:15:5: hosts[3].addresses[0]: 10.2.0.203 is in the LAN of sg, the host is behind rg"},
		{"address out of the LAN", "{name: cg,", "{name: cg, address: 10.9.0.1,", "t.yaml:8:25: gateways[0].address: 10.9.0.1 is not in the LAN 10.1.0.0/24"},
		{"the core's address", "{name: cg,", "{name: cg, wan_address: 172.31.0.1,", "t.yaml:8:29: gateways[0].wan_address: 172.31.0.1 is the first host of its /30, which the core has"},
		{"address twice", "site: A}\n  - {name: o", "site: A, addresses: [10.1.0.1]}\n  - {name: o", "t.yaml:12:50: hosts[0].addresses[0]: 10.1.0.1 is the address of cg already"},
		{"multicast", "site: A}\n  - {name: o", "site: A, addresses: [224.0.0.1]}\n  - {name: o", "t.yaml:12:50: hosts[0].addresses[0]: 224.0.0.1 is no unicast IPv4 address"},
		{"address of another LAN", "site: A}\n  - {name: o", "site: A, addresses: [10.2.0.77]}\n  - {name: o", "t.yaml:12:50: hosts[0].addresses[0]: 10.2.0.77 is in the LAN of sg, the host is behind cg"},
		{"path twice", "name: small", "name: small\nlinks: {paths: [{from: A, to: B}, {from: A, to: B}]}", "t.yaml:2:35: links.paths[1]: the path from A to B is given twice"},
		{"unknown host", "      - host: r", "      - host: x", "t.yaml:21:15: services[0].replicas[0].host: no host is called x"},
		{"wrong role", "      - host: r", "      - host: c", "t.yaml:21:15: services[0].replicas[0].host: c is a client, not a replica"},
		{"replica twice", "      - host: r", "      - host: r\n      - host: r", "t.yaml:22:15: services[0].replicas[1].host: r is there twice"},
		{"first origin behind a replica gateway", "      - host: o", "      - host: p", "t.yaml:19:15: services[0].origins[0].host: the first origin stands behind a server gateway, p is behind a replica-gateway"},
		{"second origin", "      - host: o", "      - host: o\n      - {host: p, port: 8080}", ""},
		{"second origin behind the server gateway", "gateway: rg}" + upToOrigins, "gateway: sg}" + upToOrigins + "\n      - host: p", ""},
		{"port of a second origin", "gateway: rg}" + upToOrigins, "gateway: sg}" + upToOrigins + "\n      - {host: p, port: 81}", "t.yaml:20:25: services[0].origins[1].port: an origin with the server's address has its port as well, 80"},
		{"the first origin's port", "      - host: o", "      - {host: o, port: 81}", "t.yaml:19:25: services[0].origins[0].port: an origin with the server's address has its port as well, 80"},
		{"service twice", "services:", "services:\n  - {name: two, server: 192.0.2.1, origins: [{host: o}]}\n  - {name: three, server: 192.0.2.1, origins: [{host: o}]}", "t.yaml:18:27: services[1].server: 192.0.2.1:80 is service two already"},
		{"server of another LAN", "  - name: web", "  - name: web\n    server: 10.1.0.9", "t.yaml:18:13: services[0].server: 10.1.0.9 is in the LAN of cg, the first origin is behind sg"},
		{"server is a gateway", "  - name: web", "  - name: web\n    server: 172.31.0.5", "t.yaml:18:13: services[0].server: 172.31.0.5 is an address of sg"},
		{"server is another host", "gateway: rg}" + upToOrigins, "gateway: rg, addresses: [203.0.113.9]}" + strings.Replace(upToOrigins, "web", "web\n    server: 203.0.113.9", 1), "t.yaml:18:13: services[0].server: 203.0.113.9 is the address of p, the first origin is o"},
		{"replica of two services", "services:", "services:\n  - {name: two, origins: [{host: o}], replicas: [{host: r}]}", "t.yaml:22:9: services[1].replicas[0].port: r port 80 stands for service two already"},
		{"not existing LAN", "  - name: B", "  - name: B\n    prefix: 10.2.0.0/24", "t.yaml:11:5: gateways[2]: no LAN left in the prefix of site B: give one"},
		{"server is the first origin", "gateway: sg}", "gateway: sg, addresses: [10.2.0.10, 192.0.2.77]}", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := small
			if test.old != "" {
				if !strings.Contains(small, test.old) {
					t.Fatalf("%q is not in the topology", test.old)
				}
				text = strings.Replace(small, test.old, test.new, 1)
			}
			_, err := Parse("t.yaml", []byte(text), OpenEmbedded)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestOriginsBehindTwoServerGateways(t *testing.T) {
	text := strings.NewReplacer(
		"gateways:", "gateways:\n  - {name: sg2, role: server-gateway, site: A}",
		"gateway: rg}", "gateway: sg2}",
		"      - host: o", "      - host: o\n      - host: p",
	).Replace(small)
	_, err := Parse("t.yaml", []byte(text), nil)
	want := "t.yaml:21:15: services[0].origins[1].host: p is behind another server gateway than the first origin: sg2, not sg"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestParseTellsAllErrors(t *testing.T) {
	_, err := Parse("t.yaml", []byte("name: 5\nx: 1\nsites: []\n"), nil)
	var many interface{ Unwrap() []error }
	if !errors.As(err, &many) || len(many.Unwrap()) != 7 {
		t.Fatalf("want 7 errors, got %v", err)
	}
	var one *Error
	if !errors.As(many.Unwrap()[0], &one) || one.Line != 1 || one.Path == "" {
		t.Errorf("first is %+v", one)
	}
	if _, err := Parse("t.yaml", make([]byte, maxFile+1), nil); err == nil {
		t.Error("a file without bounds is read")
	}
}

func TestLoadReadsFilesBeside(t *testing.T) {
	dir := t.TempDir()
	text := strings.Replace(small, "ms: {A: {B: 10}}", "file: rtt.csv", 1)
	for name, content := range map[string]string{"t.yaml": text, "rtt.csv": "from,A,B\nA,0,8\nB,6,0\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	top, err := Load(filepath.Join(dir, "t.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]float64{"A": {"A": 0, "B": 8}, "B": {"A": 6, "B": 0}}
	if diff := cmp.Diff(want, top.RoundTrips.MS); diff != "" {
		t.Error(diff)
	}
	if _, err := Load(filepath.Join(dir, "none.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

// A completed topology, written out, reads back as the same: nothing in it is left to the defaults.
func TestCompletedTopologyReadsBack(t *testing.T) {
	for _, text := range []string{small, string(DefaultYAML())} {
		first, err := Parse("t.yaml", []byte(text), OpenEmbedded)
		if err != nil {
			t.Fatal(err)
		}
		out, err := yaml.Marshal(first)
		if err != nil {
			t.Fatal(err)
		}
		second, err := Parse("out.yaml", out, nil)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		compare := cmp.Comparer(func(a, b Addr) bool { return a == b })
		prefixes := cmp.Comparer(func(a, b Prefix) bool { return a == b })
		if diff := cmp.Diff(first, second, compare, prefixes); diff != "" {
			t.Error(diff)
		}
	}
}
