package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/firstack/firstack/controller/config"
)

func TestDiff(t *testing.T) {
	for name, test := range map[string]struct {
		from, to string // replaced in the example
		want     []string
	}{
		"nothing": {"election-id: 0,10", "election-id: 10", nil},
		"scalar":  {"election-id: 0,10", "election-id: 2,10", []string{"controller.election-id: 10 -> 2,10"}},
		"replica state": {"max-connection-rate: 20000", "admin-state: drain\n        max-connection-rate: 20000",
			[]string{"services[web].replicas[london].admin-state: up -> drain"}},
		"set at last":          {"health-port: 8081 # port 80 speaks as the server", "", []string{"services[web].replicas[sao-paulo].health-port: 8081 -> 80"}},
		"port":                 {"{port: 1, side: lan, mac: \"02:00:00:00:01:01\", addresses: [10.1.0.1/16]}", "{port: 1, side: lan, mac: \"02:00:00:00:01:09\", addresses: [10.1.0.1/16, 10.2.0.1/16]}", []string{"switches[frankfurt].ports[1].mac: 02:00:00:00:01:01 -> 02:00:00:00:01:09", "switches[frankfurt].ports[1].addresses: [10.1.0.1/16] -> [10.1.0.1/16, 10.2.0.1/16]"}},
		"route":                {"- {prefix: 0.0.0.0/0, port: 2, via: 203.0.113.9}", "- {prefix: 0.0.0.0/0, port: 2}", []string{"switches[london].routes[0.0.0.0/0].via: 203.0.113.9 -> none"}},
		"list gone":            {"direct: [10.255.0.0/24]", "", []string{"switches[tokyo].direct: [10.255.0.0/24] -> none"}},
		"element gone":         {"    neighbors:\n      - {address: 203.0.113.5, port: 2, mac: \"02:00:00:00:ff:02\"}\n", "", []string{"switches[washington].neighbors[203.0.113.5]: removed"}},
		"element new":          {"      - name: london\n        address", "      - {name: paris, address: 198.51.100.11}\n      - name: london\n        address", []string{"services[web].replicas[paris]: added"}},
		"pointer gone":         {"tls: {ca: /etc/firstack/ca.pem}", "insecure: true", []string{"switches[washington].tls: removed", "switches[washington].insecure: false -> true"}},
		"inside pointer":       {"tls: {ca: /etc/firstack/ca.pem}", "tls: {}", []string{"switches[washington].tls.ca: /etc/firstack/ca.pem -> none"}},
		"bool pointer":         {"replicatable: false", "replicatable: true", []string{"services[mail-archive].replicatable: false -> true"}},
		"rules go by sequence": {"  - {servers: 192.0.2.20/32, action: forbid}\n", "", []string{"redirections[20].servers: 192.0.2.20/32 -> 0.0.0.0/0", "redirections[20].ports: none -> [80, 443]", "redirections[20].action: forbid -> redirect", "redirections[30]: removed"}},
		"another of its name":  {"- {name: washington-1,", "- {name: washington-2,", []string{"services[web].origins[washington-1]: removed", "services[web].origins[washington-2]: added"}},
	} {
		t.Run(name, func(t *testing.T) {
			text := string(read(t, example))
			if strings.Count(text, test.from) != 1 {
				t.Fatalf("%q stands in the example %d times", test.from, strings.Count(text, test.from))
			}
			old, err := config.Parse("old", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			changed, err := config.Parse("new", []byte(strings.Replace(text, test.from, test.to, 1)))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, change := range config.Diff(old, changed) {
				got = append(got, change.String())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	t.Run("tls new", func(t *testing.T) {
		old, changed := config.Default(), config.Default()
		old.Switches = []config.Switch{{Name: "a"}}
		changed.Switches = []config.Switch{{Name: "a", TLS: &config.TLS{}}}
		if got := config.Diff(old, changed); len(got) != 1 || got[0].String() != "switches[a].tls: added" {
			t.Errorf("changes %v", got)
		}
	})
}
