package gnmi_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/gnmi"
	"github.com/firstack/firstack/controller/model"
	"github.com/firstack/firstack/controller/store"
	"github.com/firstack/firstack/topo/host"
	"github.com/firstack/firstack/topo/live"
	"github.com/firstack/firstack/topo/spec"
)

// A replica that is drained by a Set keeps its open connections, and gets no new ones; the same when it is deleted after
// that.
func TestDrain(t *testing.T) {
	for _, configuration := range []spec.Configuration{"A", "B", "C"} {
		t.Run(string(configuration), func(t *testing.T) { drain(t, configuration) })
	}
}

// newNetwork serves gNMI for a network of hosts that send packets, in a fifth of real time.
func newNetwork(t *testing.T, configuration spec.Configuration) (*live.Network, *bench) {
	topology, err := spec.Default()
	if err != nil {
		t.Fatal(err)
	}
	topology.SetConfiguration(configuration)
	n, err := live.Start(t.Context(), topology, live.Options{Scale: 0.2, Edit: func(c *config.Config) { c.Health.Off = true }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	s := store.NewMemory()
	intent, err := gnmi.NewIntent(model.FromConfig(n.Config(), nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := intent.Save(t.Context(), s, 0); err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, store: s}
	b.serve(n.Controller(), s, intent)
	return n, b
}

// urlOf is what clients ask a service by.
func urlOf(s *spec.Service) string {
	return fmt.Sprintf("http://%s/", net.JoinHostPort(s.Server.String(), fmt.Sprint(s.Port)))
}

func drain(t *testing.T, configuration spec.Configuration) {
	n, b := newNetwork(t, configuration)
	topology := n.World.Topology()
	service := topology.Services[0]
	url := urlOf(&service)
	client := n.World.Host(topology.HostsOf(spec.Client)[0].Name)
	old := keepAlive(t, client)
	site := ask(t, old, url)
	replica := ""
	for _, r := range service.Replicas {
		if topology.Host(r.Host).Site == site {
			replica = r.Host
		}
	}
	if replica == "" {
		t.Fatalf("the first connection is served at %s, by no replica", site)
	}
	at := fmt.Sprintf("/firstack/services/service[name=%s]/replicas/replica[name=%s]", service.Name, replica)
	for _, op := range []string{"update " + at + `/config/admin-state = "drain"`, "delete " + at} {
		if _, err := b.Set(t.Context(), ops(t, op)); err != nil {
			t.Fatal(err)
		}
		until(t, "settled", func() bool { return n.Controller().Ready(t.Context()) == nil })
		if got := ask(t, keepAlive(t, client), url); got == site {
			t.Errorf("%s: a new connection goes to %s", op, got)
		}
		if got := ask(t, old, url); got != site {
			t.Errorf("%s: the open connection goes to %s, it was at %s", op, got, site)
		}
	}
}

// keepAlive makes a client with one connection of its own.
func keepAlive(t *testing.T, client *host.Host) *http.Client {
	transport := &http.Transport{DialContext: client.DialContext, MaxConnsPerHost: 1}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// ask says at which site a request was served.
func ask(t *testing.T, c *http.Client, url string) string {
	t.Helper()
	r, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		t.Fatal(err)
	}
	return r.Header.Get(host.HeaderServedBy)
}
