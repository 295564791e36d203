package health

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/firstack/firstack/controller/config"
)

// The same over the machine's own loopback and net/http's server.
func TestLoopback(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/busy" && r.UserAgent() == "firstack-health" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	closed, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := netip.MustParseAddrPort(closed.Addr().String())
	_ = closed.Close()
	somebody := netip.MustParseAddrPort(server.Listener.Addr().String())
	p := New(Options{})
	for _, test := range []struct {
		address netip.AddrPort
		path    string
		want    State
	}{
		{somebody, "", Active}, {somebody, "/", Active}, {somebody, "/busy?now", Busy}, {nobody, "", Dead}, {nobody, "/", Dead},
	} {
		o := p.probe(t.Context(), Target{Address: test.address}, config.Health{Timeout: 10 * time.Second, Path: test.path})
		if o.state != test.want || (o.err == nil) != (o.state != Dead) {
			t.Errorf("probe of %v%s found %v, %v; want %v", test.address, test.path, o.state, o.err, test.want)
		}
	}
}
