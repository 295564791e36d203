package steering

import (
	"math"
	"testing"
	"time"

	"github.com/firstack/firstack/controller/state"
	"github.com/firstack/firstack/tests/e2e/lab"
	"github.com/firstack/firstack/topo/spec"
)

// TestLearnedDelays: the state tells how far each replica is, the origin among them where it races, and who gets what.
func TestLearnedDelays(t *testing.T) {
	t.Parallel()
	n := start(t, nil, lab.WithPolicy(spec.PolicyRace))
	learn(t, n)
	list, err := n.Controller().Steering(t.Context())
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	s := list[0]
	if s.Switch != lab.ClientGateway || s.Service != "web" || s.Server != n.Server() || s.Doubtful ||
		s.Race != 2.0/256 || s.Scout != 1.0/256 || s.Direct != 253.0/256 || s.Connections < 4 {
		t.Errorf("%+v", s)
	}
	sites := map[string]string{"origin": "Washington DC", lab.London: london, lab.SaoPaulo: saoPaulo, lab.Tokyo: "Tokyo"}
	for name, site := range sites {
		r := replicaIn(s, name)
		if r == nil {
			t.Errorf("nothing is known of %s: %+v", name, s.Replicas)
			continue
		}
		limit := n.World.Topology().RoundTrip("Frankfurt", site)
		if delay := time.Duration(r.Delay * float64(time.Millisecond)); delay < limit || delay > limit+limit/4+20*time.Millisecond {
			t.Errorf("%s is %v away, as learned %v", name, limit, delay)
		}
		want := map[bool]string{true: "shares", false: "measured"}[name == lab.London]
		if r.Standing != want || r.Origin != (name == "origin") || math.IsNaN(r.Age) || r.Age < 0 || r.Age > 60 {
			t.Errorf("%s: %+v", name, *r)
		}
	}
}

func replicaIn(s state.Steering, name string) *state.SteeredReplica {
	for i := range s.Replicas {
		if s.Replicas[i].Name == name {
			return &s.Replicas[i]
		}
	}
	return nil
}
