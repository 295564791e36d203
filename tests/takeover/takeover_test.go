//go:build unix

package takeover

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/firstack/firstack/controller/store/etcd/etcdtest"
	"github.com/firstack/firstack/tests/e2e/lab"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(built.dir)
		os.Exit(code)
	}))
}

var kills = flag.Int("kills", 1, "how often the primary is killed")

// within is how soon another controller has to be primary. By default it is what a machine needs that is busy with other
// tests; make takeover asks for 5 s.
var within = flag.Duration("within", 20*time.Second, "how soon another has to be primary")

// TestPrimaryKilled kills whoever is primary of the client gateway, again and again, and starts it again as a standby.
// In the end it freezes the primary instead, and lets it go on when there is another: it still holds itself for one then.
func TestPrimaryKilled(t *testing.T) {
	t.Parallel()
	server := etcdtest.Start(t, etcdtest.TLS{})
	n := newNetwork(t)
	c := start(t, server, n.file, "a", "b", "c")
	c.complete(n.names())
	n.learns(t)
	l := startLoad(t, n)
	var took []time.Duration
	for kill := range *kills + 1 {
		frozen := kill == *kills
		c.complete(n.names())
		victim := c.standing()[lab.ClientGateway][0]
		before := map[string]id{}
		for name, leaders := range c.standing() {
			if leaders[0] == victim {
				before[name], _ = n.switches[name].primary(t)
			}
		}
		opened := l.opened.Load()
		at := time.Now()
		if frozen {
			check(t, c.all[victim].cmd.Process.Signal(syscall.SIGSTOP))
		} else {
			c.all[victim].kill()
		}
		for name, old := range before {
			until(t, name+" has another primary", func() error {
				newest, since := n.switches[name].primary(t)
				if !old.less(newest) {
					return fmt.Errorf("primary with %v, %v before", newest, old)
				}
				if d := since.Sub(at); d > 0 { // else it had changed hands by itself just before
					took = append(took, d)
				}
				return nil
			})
			if len(took) > 0 && took[len(took)-1] > *within {
				t.Errorf("kill %d: %s had no primary for %v", kill+1, name, took[len(took)-1])
			}
		}
		if l.opened.Load() == opened {
			t.Errorf("kill %d: no connection was opened meanwhile", kill+1)
		}
		n.learns(t)
		if frozen {
			check(t, c.all[victim].cmd.Process.Signal(syscall.SIGCONT))
		} else {
			c.run(victim)
		}
	}
	c.complete(n.names())
	n.learns(t)
	l.end()
	var sum tally
	for _, name := range n.names() {
		one := n.switches[name].judge(t, name)
		sum.primaries, sum.writes, sum.updates, sum.refused = sum.primaries+one.primaries, sum.writes+one.writes, sum.updates+one.updates, sum.refused+one.refused
	}
	slices.Sort(took)
	t.Logf("%d kills and a freeze, %d takeovers of switches: median %v, longest %v", *kills, len(took), took[len(took)/2].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond))
	t.Logf("%d connections opened and %d requests on %d that stayed open, none broken", l.opened.Load(), l.asked.Load(), stay)
	t.Logf("the switches' logs: %d primaries, %d writes with %d updates, each by the newest primary; %d writes refused", sum.primaries, sum.writes, sum.updates, sum.refused)
}

// learns waits until a connection that is opened now has its translation: somebody is primary and at work.
func (n *network) learns(t *testing.T) {
	t.Helper()
	before := n.switches[lab.ClientGateway].updates(t)
	l := &load{n: n, t: t, server: n.service()}
	until(t, "connections are learned", func() error {
		l.fetch(0)
		if now := n.switches[lab.ClientGateway].updates(t); now == before {
			return fmt.Errorf("no updates after %d", now)
		}
		return nil
	})
}

func (n *node) updates(t *testing.T) (sum int) {
	for _, l := range n.lines(t) {
		if l.Msg == written {
			sum += l.Updates
		}
	}
	return sum
}

// leaf is what these tests set.
const leaf = "services/service[name=web]/replicas/replica[name=replica-tokyo]/config/admin-state"

// spread sets the leaf at one controller, and waits until all of them have it.
func (c *controllers) spread(at, state string) {
	c.t.Helper()
	if out, err := c.firstack(at, "config", "set", leaf+"="+state); err != nil {
		c.t.Fatalf("set at %s: %v: %s", at, err, out)
	}
	for name := range c.all {
		until(c.t, name+" has what was set at "+at, func() error { return c.has(name, state) })
	}
}

func (c *controllers) has(name, state string) error {
	out, err := c.firstack(name, "config", "get", leaf)
	if err != nil || !strings.Contains(out, `"`+state+`"`) {
		return fmt.Errorf("%v: %s", err, out)
	}
	return nil
}

// TestSharedConfiguration: a Set at any controller reaches the others and the switches. Without etcd connections run on,
// and new ones, Get answers and Set is refused; with etcd back, all goes on.
func TestSharedConfiguration(t *testing.T) {
	t.Parallel()
	server := etcdtest.Start(t, etcdtest.TLS{})
	n := newNetwork(t)
	c := start(t, server, n.file, "a", "b", "c")
	c.complete(n.names())
	n.learns(t)
	tokyo := n.switches["rg-tokyo"]
	for i, name := range []string{"a", "b", "c"} {
		before := tokyo.updates(t)
		c.spread(name, []string{"drain", "up", "drain"}[i])
		until(t, "the switch has it", func() error {
			if tokyo.updates(t) == before {
				return errors.New("nothing was written")
			}
			return nil
		})
	}

	l := startLoad(t, n)
	led, _ := n.switches[lab.ClientGateway].primary(t)
	server.Kill()
	for name := range c.all {
		if err := c.has(name, "drain"); err != nil {
			t.Errorf("get without etcd: %v", err)
		}
	}
	if out, err := c.firstack("b", "config", "set", leaf+"=up"); err == nil || !strings.Contains(out, "store: etcd "+server.Address) {
		t.Errorf("set without etcd: %v: %s", err, out)
	}
	until(t, "nobody is primary", func() error {
		lines := n.switches[lab.ClientGateway].lines(t)
		for i := range lines {
			if last := lines[len(lines)-1-i]; last.Msg == primaryChanged && !last.Primary {
				return nil
			} else if last.Msg == primaryChanged {
				break
			}
		}
		return errors.New("somebody is")
	})
	opened := l.opened.Load()
	until(t, "connections are opened without anybody", func() error {
		if now := l.opened.Load(); now < opened+20 {
			return fmt.Errorf("%d after %d", now, opened)
		}
		return nil
	})
	check(t, server.Restart())
	n.learns(t)
	if again, _ := n.switches[lab.ClientGateway].primary(t); again.less(led) {
		t.Errorf("primary with %v after %v", again, led)
	}
	c.spread("a", "up")
	l.end()
	for _, name := range n.names() {
		n.switches[name].judge(t, name)
	}
}
