package e2e

import (
	"slices"
	"testing"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/tests/e2e/lab"
	"github.com/firstack/firstack/topo/host"
	"github.com/firstack/firstack/topo/live"
)

// without gives up new connections to the replicas of a site in one way or another.
var without = map[string]func(s *config.Service, replica string){
	"drained": func(s *config.Service, replica string) { edit(s, replica).AdminState = config.AdminDrain },
	"down":    func(s *config.Service, replica string) { edit(s, replica).AdminState = config.AdminDown },
	"removed": func(s *config.Service, replica string) {
		s.Replicas = slices.DeleteFunc(s.Replicas, func(r config.Replica) bool { return r.Name == replica })
	},
}

func edit(s *config.Service, replica string) *config.Replica {
	i := slices.IndexFunc(s.Replicas, func(r config.Replica) bool { return r.Name == replica })
	return &s.Replicas[i]
}

// TestConfigurationChanges: connections are open, translated and young, when their replica is drained, taken down or
// removed. Each keeps its replica to its end; new ones go elsewhere.
func TestConfigurationChanges(t *testing.T) {
	for _, c := range configurations {
		t.Run(string(c), func(t *testing.T) {
			n := lab.Start(t, lab.Default(t, lab.InConfiguration(c)), live.Options{Edit: noProbes})
			before := n.Config().Services[0].Replicas
			for how, f := range without {
				t.Logf("%s", how)
				old := dial(t, n)
				n.Await("the connection is learned", func() bool { return translated(n, old) })
				young := dial(t, n)
				replica := winner(n, old)
				n.Change(func(c *config.Config) { f(&c.Services[0], replica.Name) })
				n.Await("new connections go elsewhere", func() bool {
					return n.Fetch(host.Request{Size: 1000}).ServedBy != replica.Site
				})
				for range 5 {
					if r := n.Fetch(host.Request{Size: 50_000}); r.ServedBy == replica.Site {
						t.Errorf("a new connection is served by %s", r.ServedBy)
					}
				}
				if site := ask(t, old, 200_000); site != replica.Site {
					t.Errorf("the old connection is served by %s, not %s", site, replica.Site)
				}
				if site := ask(t, young, 200_000); site != winner(n, young).Site {
					t.Errorf("the young connection is served by %s, not %s", site, winner(n, young).Site)
				}
				n.Change(func(c *config.Config) { c.Services[0].Replicas = before })
			}
		})
	}
}
