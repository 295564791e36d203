package lab

import (
	"testing"

	"github.com/firstack/firstack/topo/spec"
)

// Names in the default topology (topo/spec/default.yaml).
const (
	Client        = "client"
	ClientGateway = "cg-frankfurt"
	ServerGateway = "sg-washington"
	Origin        = "origin"
	London        = "replica-london"
	Tokyo         = "replica-tokyo"
	SaoPaulo      = "replica-sao-paulo"
)

// Replicas are those of the default topology, the nearest to the client first.
var Replicas = []string{London, SaoPaulo, Tokyo}

// Default returns the default topology, changed by the functions before omitted values are filled in.
func Default(tb testing.TB, changes ...func(*spec.Topology)) *spec.Topology {
	tb.Helper()
	t, err := spec.Default()
	if err != nil {
		tb.Fatal(err)
	}
	for _, change := range changes {
		change(t)
	}
	if err := t.Resolve(spec.OpenEmbedded); err != nil {
		tb.Fatal(err)
	}
	return t
}

// InConfiguration puts the replicas, in the order London, Tokyo, Sao Paulo, into configurations; the last of them
// holds for the rest.
func InConfiguration(configurations ...spec.Configuration) func(*spec.Topology) {
	return func(t *spec.Topology) {
		for i := range t.Services[0].Replicas {
			t.Services[0].Replicas[i].Configuration = configurations[min(i, len(configurations)-1)]
		}
	}
}

// WithPolicy sets the origin policy.
func WithPolicy(p spec.OriginPolicy) func(*spec.Topology) {
	return func(t *spec.Topology) { t.Services[0].OriginPolicy = p }
}

// WithReplicas keeps only these replicas in the service; their hosts and gateways stay.
func WithReplicas(hosts ...string) func(*spec.Topology) {
	return func(t *spec.Topology) {
		var kept []spec.ServiceReplica
		for _, r := range t.Services[0].Replicas {
			for _, h := range hosts {
				if r.Host == h {
					kept = append(kept, r)
				}
			}
		}
		t.Services[0].Replicas = kept
	}
}
