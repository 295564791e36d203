package controller_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/firstack/firstack/controller/config"
)

// edited is a changed copy of a configuration.
func edited(t *testing.T, c *config.Config, edit func(*config.Config)) *config.Config {
	t.Helper()
	fresh, err := config.Parse("copy.yaml", c.Encode())
	if err != nil {
		t.Fatal(err)
	}
	edit(fresh)
	fresh.Complete()
	if err := fresh.Validate(); err != nil {
		t.Fatal(err)
	}
	return fresh
}

func (r *running) apply(c *config.Config) {
	r.t.Helper()
	if err := r.Apply(r.t.Context(), c); err != nil {
		r.t.Fatal(err)
	}
	r.settle()
}

// TestNoSYNIsLostWhileGroupsChange opens one connection after the other while replicas come and go, drain, and the
// origin's policy changes. No SYN is sent twice, so every one of them has to be answered.
func TestNoSYNIsLostWhileGroupsChange(t *testing.T) {
	l := newLab(t)
	base := network(config.OriginStandby, "A", "B", "C")
	l.build(base)
	k := l.control(base)
	replica := func(c *config.Config, i int) *config.Replica { return &c.Services[0].Replicas[i] }
	edits := []func(*config.Config){
		func(c *config.Config) { replica(c, 0).AdminState = config.AdminDrain },
		func(c *config.Config) { c.Services[0].Replicas = c.Services[0].Replicas[1:] },
		func(c *config.Config) { c.Services[0].OriginPolicy = config.OriginRace },
		func(c *config.Config) { c.Services[0].Replicas = nil },
		func(c *config.Config) {
			c.Services[0].OriginPolicy = config.OriginNever
			replica(c, 1).AdminState = config.AdminDown
		},
		func(c *config.Config) { replica(c, 2).MaxConnectionRate = 1_000_000 },
		func(c *config.Config) {},
	}
	stop, changed := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		defer func() { changed <- n }()
		for ; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			if err := k.Apply(t.Context(), edited(t, base, edits[n%len(edits)])); err != nil {
				t.Error(err)
				return
			}
			for k.Ready(t.Context()) != nil {
				time.Sleep(time.Millisecond)
			}
		}
	}()
	var kept []*client
	opened := 0
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end) && !t.Failed(); opened++ {
		one := l.client(uint16(20000+opened), 1000)
		one.open()
		if opened%10 == 0 {
			kept = append(kept, one)
		}
	}
	close(stop)
	t.Logf("%d connections opened while the configuration changed %d times", opened, <-changed)
	k.apply(edited(t, base, func(*config.Config) {}))
	for _, one := range kept {
		one.ask()
	}
}

// TestRemovedReplicasDrain takes replicas with open connections out of the configuration.
func TestRemovedReplicasDrain(t *testing.T) {
	l := newLab(t)
	base := network(config.OriginStandby, "B", "C", "A")
	base.Timers.Idle, base.Timers.Transitory = 5*time.Second, time.Second
	l.build(base)
	k := l.control(base)
	open := map[string]*client{}
	for i, form := range []string{"B", "C"} {
		l.only(form)
		open[form] = l.client(uint16(40000+i), 1)
		open[form].open()
	}
	k.translated(2)
	l.lose(nil)

	k.apply(edited(t, base, func(c *config.Config) { c.Services[0].Replicas = c.Services[0].Replicas[2:] }))
	for form := range open { // somebody else's server gateway still races them: they take nothing new
		l.switches["rg"+form].sw.Receive(wan, racedSYN(replicaAddrs[form]))
		k.until("dead to new connections", func() error {
			if n := k.counts()["rg"+form+"/dead"]; n != 1 {
				return fmt.Errorf("%d", n)
			}
			return nil
		})
	}
	for end := time.Now().Add(7 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		for form, one := range open {
			if got, want := one.ask(), "from "+replicaAddrs[form]; got != want {
				t.Fatalf("%q, want %q", got, want)
			}
		}
	}
	fresh := l.client(40009, 1)
	fresh.open()
	if got := fresh.ask(); got != "from "+replicaAddrs["A"] {
		t.Errorf("a new connection: %q", got)
	}
	for form := range open { // once nothing moves any more, their entries go
		k.until("drained", func() error {
			var n int
			pipeline := l.switches["rg"+form].sw.Pipeline()
			pipeline.Do(func() { n = pipeline.Table("ReplicaGateway.stand_ins.stand_ins").Len() })
			if n != 0 {
				return fmt.Errorf("%d stand-ins", n)
			}
			return nil
		})
	}
}

func TestSwitchesComeAndGo(t *testing.T) {
	l := newLab(t)
	all := network(config.OriginStandby, "A", "C")
	l.build(all)
	without := edited(t, all, func(c *config.Config) {
		c.Switches = c.Switches[:len(c.Switches)-1]
		c.Services[0].Replicas = c.Services[0].Replicas[:1]
	})
	k := l.control(without)
	if err := k.Apply(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	k.settle()
	l.only("C")
	one := l.client(40000, 1)
	one.open()
	k.translated(1)
	k.apply(without)
	if sessions, err := k.Sessions(t.Context()); err != nil || len(sessions) != 3 {
		t.Errorf("%+v, %v", sessions, err)
	}
	if got := one.ask(); got != "from "+replicaAddrs["C"] {
		t.Errorf("after its gateway was given away: %q", got)
	}
	// A gateway that is reached in another way starts over, and finds what it wrote.
	moved := edited(t, without, func(c *config.Config) { c.Switches[0].Address = "elsewhere:9559" })
	k.apply(moved)
	if got := one.ask(); got != "from "+replicaAddrs["C"] {
		t.Errorf("after its gateway moved: %q", got)
	}
	if learning, err := k.Learning(t.Context()); err != nil || learning[0].Adopted != 1 {
		t.Errorf("%+v, %v", learning, err)
	}
}

func TestRedirectionsAndRoutesChange(t *testing.T) {
	l := newLab(t)
	base := network(config.OriginStandby, "A")
	l.build(base)
	k := l.control(base)
	k.apply(edited(t, base, func(c *config.Config) {
		c.Redirections = []config.Redirection{{Servers: netip.MustParsePrefix(serverAddr + "/32"), Ports: []uint16{80}, Action: config.ActionForbid}}
	}))
	one := l.client(40000, 1)
	one.open()
	if got := one.ask(); got != "from "+serverAddr {
		t.Errorf("forbidden: %q", got)
	}
	if n := k.counts()["sg/serve_forbidden"]; n != 1 {
		t.Errorf("forbidden SYNs: %d", n)
	}
	k.apply(base)
	two := l.client(40001, 1)
	two.open()
	if got := two.ask(); got != "from "+replicaAddrs["A"] {
		t.Errorf("redirected: %q", got)
	}
}
