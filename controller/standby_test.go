package controller_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/firstack/firstack/controller"
	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/p4rt"
	"github.com/firstack/firstack/controller/state"
)

// ballot elects whom the test says, for all switches.
type ballot struct {
	mu      sync.Mutex
	leader  string
	id      uint64
	changed chan struct{}
}

func newBallot(leader string) *ballot {
	return &ballot{leader: leader, id: 1, changed: make(chan struct{})}
}

func (b *ballot) elect(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.leader, b.id = name, b.id+1
	close(b.changed)
	b.changed = make(chan struct{})
}

func (b *ballot) now() (leader string, id uint64, changed <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.leader, b.id, b.changed
}

// voter is a controller's view of a ballot.
type voter struct {
	*ballot
	name string
}

func (v voter) Leader(string) (string, bool) {
	leader, _, _ := v.now()
	return leader, leader == v.name
}

func (v voter) Standing() state.Cluster { return state.Cluster{Name: v.name, Leased: true} }

func (v voter) Elector(string, uint64) p4rt.Elector { return v }

func (v voter) Campaign(ctx context.Context, reached <-chan bool, elected func(p4rt.ElectionID)) {
	for {
		leader, id, changed := v.now()
		if leader == v.name {
			elected(p4rt.ElectionID{Low: id})
		} else {
			elected(p4rt.ElectionID{})
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// contend runs one of several controllers.
func (l *lab) contend(c *config.Config, b *ballot, name string) *running {
	l.t.Helper()
	return l.launchWith(c, controller.Options{Elections: voter{b, name}})
}

// TestPrimaryChanges: a standby is ready and tells who is primary, takes over what the switch has, and a former primary
// that comes back believes the switch, not what it remembers.
func TestPrimaryChanges(t *testing.T) {
	l := newLab(t)
	c := network(config.OriginStandby, "A", "C")
	c.Timers.LingerReset = 100 * time.Millisecond
	l.build(c)
	l.only("A")
	election := newBallot("a")
	a, b := l.contend(c, election, "a"), l.contend(c, election, "b")
	stands := func(k *running, leader string, standby bool) {
		t.Helper()
		k.until("ready", func() error {
			sessions, err := k.Sessions(t.Context())
			for _, s := range sessions {
				if s.Leader != leader || s.Standby != standby || s.Primary == standby {
					return fmt.Errorf("%+v", s)
				}
			}
			if err != nil {
				return err
			}
			return k.Ready(t.Context())
		})
	}
	stands(a, "a", false)
	stands(b, "a", true)
	first, second := l.client(40000, 1), l.client(40001, 2)
	first.open()
	second.open()
	a.translated(2)
	none := func(k *running) {
		t.Helper()
		page, err := k.Translations(t.Context(), 10)
		learning, err2 := k.Learning(t.Context())
		if err != nil || err2 != nil || page.Total != 0 || learning[0].Flows != 0 {
			t.Errorf("a standby tells of %+v, %+v, %v, %v", page, learning, err, err2)
		}
	}
	none(b)

	election.elect("b")
	stands(b, "b", false)
	stands(a, "b", true)
	none(a)
	b.translated(2)
	first.send("R seq=2")
	b.translated(1)
	l.only("C")
	third := l.client(40002, 3)
	third.open()
	b.translated(2)
	sessions, err := b.Sessions(t.Context())
	for _, s := range sessions {
		if s.Stats.PipelinePushes != 0 || s.Switch != "cg" && s.Stats.Updates != 0 {
			t.Errorf("%s: %+v, though its tables were right", s.Switch, s.Stats)
		}
	}
	if err != nil {
		t.Error(err)
	}

	election.elect("a")
	stands(a, "a", false)
	a.translated(2)
	page, err := a.Translations(t.Context(), 10)
	if err != nil {
		t.Error(err)
	}
	for _, one := range page.List {
		if one.Client.Port() == 40000 {
			t.Errorf("it remembers what has ended: %+v", one)
		}
	}
	for one, want := range map[*client]string{second: replicaAddrs["A"], third: replicaAddrs["C"]} {
		if got := one.ask(); got != "from "+want {
			t.Errorf("port %d: %q, want %q", one.port, got, want)
		}
	}
}
