package health

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/firstack/firstack/controller/config"
)

func TestTargets(t *testing.T) {
	c := &config.Config{Services: []config.Service{{
		Name: "web", Server: netip.MustParseAddr("192.0.2.10"), Port: 80,
		Replicas: []config.Replica{
			{Name: "london", Address: netip.MustParseAddr("198.51.100.1"), Port: 8080},
			{Name: "tokyo", Address: netip.MustParseAddr("198.51.100.2"), HealthPort: 9000, AdminState: config.AdminDrain},
			{Name: "off", Address: netip.MustParseAddr("198.51.100.3"), AdminState: config.AdminDown},
		},
	}}}
	c.Complete()
	want := []Target{
		{"web", "origin", netip.MustParseAddrPort("192.0.2.10:80")},
		{"web", "london", netip.MustParseAddrPort("198.51.100.1:8080")},
		{"web", "tokyo", netip.MustParseAddrPort("198.51.100.2:9000")},
	}
	if diff := cmp.Diff(want, Targets(c), cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}
