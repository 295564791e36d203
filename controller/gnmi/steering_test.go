package gnmi_test

import (
	"testing"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"

	"github.com/firstack/firstack/topo/live"
	"github.com/firstack/firstack/topo/spec"
)

// A mode that is set reaches the switch within a second, shows under state, and moves no open connection.
func TestSetSteeringMode(t *testing.T) {
	n, b := newNetwork(t, spec.ConfigurationA)
	service := n.World.Topology().Services[0]
	url, client := urlOf(&service), n.World.Host(n.World.Topology().HostsOf(spec.Client)[0].Name)
	at := "/firstack/services/service[name=" + service.Name + "]/steering"
	gateway := at + "/gateways/gateway[name=" + gatewayOf(t, n) + "]/state"
	value := func(path string) *gpb.TypedValue {
		t.Helper()
		values, err := b.get(path, gpb.Encoding_PROTO, 0)
		if err != nil {
			t.Fatal(err)
		}
		return values[path]
	}
	connect := func() { ask(t, keepAlive(t, client), url) }
	until(t, "connections go direct", func() bool { connect(); return value(gateway+"/mode").GetStringVal() == "direct" })
	open := keepAlive(t, client)
	site := ask(t, open, url)
	nearest := value(gateway + "/nearest").GetStringVal()
	if trip := value(at + "/gateways/gateway[name=" + gatewayOf(t, n) + "]/replicas/replica[name=" + nearest + "]/state/round-trip"); trip.GetUintVal() == 0 {
		t.Errorf("nearest is %q, at %v", nearest, trip)
	}
	if share := value(gateway + "/direct-share").GetDoubleVal(); share < 90 || share > 100 {
		t.Errorf("%v %% go direct", share)
	}
	quickest := time.Hour
	for _, step := range []struct{ mode, counter string }{{"discover", "discovered"}, {"race", "raced"}, {"direct", "direct"}, {"discover", "discovered"}} {
		began := time.Now()
		if _, err := b.update(at+"/config/mode", `"`+step.mode+`"`); err != nil {
			t.Fatal(err)
		}
		until(t, step.mode, func() bool {
			return n.Controller().Ready(t.Context()) == nil && (step.mode != "discover" || value(gateway+"/mode").GetStringVal() == "discover")
		})
		took := time.Since(began)
		t.Logf("%s: in the switches after %v", step.mode, took)
		quickest = min(quickest, took)
		if got := value(at + "/state/mode").GetStringVal(); got != step.mode {
			t.Errorf("state/mode is %s, want %s", got, step.mode)
		}
		until(t, step.mode+" is in force", func() bool {
			before := value(gateway + "/counters/" + step.counter).GetUintVal()
			connect()
			for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) { // digests take their time
				if value(gateway+"/counters/"+step.counter).GetUintVal() > before {
					return value(gateway+"/mode").GetStringVal() == step.mode
				}
				if step.mode != "discover" {
					connect() // more may have to be learned first
				}
			}
			t.Fatalf("%s: no connection counts as %s", step.mode, step.counter)
			return false
		})
		if got := ask(t, open, url); got != site {
			t.Errorf("%s: the open connection goes to %s, it was at %s", step.mode, got, site)
		}
	}
	if quickest > time.Second { // a machine that does much else may be slow now and then
		t.Errorf("no mode was in the switches within a second; the quickest took %v", quickest)
	}
}

func gatewayOf(t *testing.T, n *live.Network) string {
	t.Helper()
	list, err := n.Controller().Learning(t.Context())
	if err != nil || len(list) == 0 {
		t.Fatalf("%v, %v", list, err)
	}
	return list[0].Switch
}

// What is not listed is looked up for who asks for it by name, and left out of everything else.
func TestUnlistedSteering(t *testing.T) {
	b := newBench(t)
	const at = "/firstack/policies/steering/services/service[server=203.0.113.1:443]/gateways/gateway[name=cg]/replicas/replica[name=203.0.113.9]/state"
	for path, want := range map[string]bool{at + "/standing": true, at: true, "/": true, "/firstack/services": false} {
		values, err := b.get(path, gpb.Encoding_PROTO, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := values[at+"/standing"].GetStringVal() == "unmeasured"; got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
}
