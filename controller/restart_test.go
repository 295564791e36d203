package controller_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/firstack/firstack/controller/config"
)

// TestControllerDiesAndComesBack has connections of every configuration open while there is no controller: they go on,
// new ones work from their slots, and the next controller learns them without clearing anything.
func TestControllerDiesAndComesBack(t *testing.T) {
	l := newLab(t)
	c := network(config.OriginStandby, "A", "B", "C")
	l.build(c)
	k := l.control(c)
	forms := []string{"A", "B", "C"}
	open := map[string][]*client{}
	for i, form := range forms {
		l.only(form)
		one := l.client(40000+uint16(i), 1000)
		one.open()
		open[form] = append(open[form], one)
	}
	k.translated(3)
	k.stop()

	for i, form := range forms {
		l.only(form)
		one := l.client(41000+uint16(i), 2000)
		one.open()
		open[form] = append(open[form], one)
	}
	check := func(when string) {
		for form, list := range open {
			for _, one := range list {
				if got, want := one.ask(), "from "+replicaAddrs[form]; got != want {
					t.Errorf("%s, port %d: %q, want %q", when, one.port, got, want)
				}
			}
		}
	}
	check("without a controller")
	k = l.control(c)
	k.until("told again", func() error {
		check("with a new controller") // packets that use a slot have the switch tell of it
		page, err := k.Translations(t.Context(), 10)
		if page.Total != 6 {
			return fmt.Errorf("%+v, %v", page, err)
		}
		return nil
	})
	k.translated(6)
	check("learnt by the new controller")
	learning, err := k.Learning(t.Context())
	if err != nil || learning[0].Adopted != 3 || learning[0].Learnt != 3 {
		t.Errorf("%+v, %v", learning, err)
	}
	sessions, err := k.Sessions(t.Context())
	for _, s := range sessions {
		if s.Stats.PipelinePushes != 0 {
			t.Errorf("%s: the pipeline was pushed again", s.Switch)
		}
		if s.Switch != "cg" && s.Stats.Updates != 0 {
			t.Errorf("%s: %d updates for tables that were right", s.Switch, s.Stats.Updates)
		}
	}
	if err != nil {
		t.Error(err)
	}
}

func TestRetiresWhatEnded(t *testing.T) {
	l := newLab(t)
	c := network(config.OriginStandby, "A", "C")
	c.Timers.LingerReset, c.Timers.LingerFIN = 200*time.Millisecond, 400*time.Millisecond
	l.build(c)
	l.only("A")
	k := l.control(c)
	gone, finished, open := l.client(40000, 1), l.client(40001, 2), l.client(40002, 3)
	for _, one := range []*client{gone, finished, open} {
		one.open()
	}
	k.translated(3)
	gone.send("R seq=2")
	finished.send("FA seq=3 ack=1")
	k.translated(1)
	if got := open.ask(); !strings.HasPrefix(got, "from 198.51.100.10") {
		t.Errorf("the open connection: %q", got)
	}
	page, err := k.Translations(t.Context(), 10)
	if err != nil || len(page.List) != 1 || page.List[0].Client.Port() != 40002 {
		t.Errorf("%+v, %v", page, err)
	}
	// The ports are used again: the connection is raced like any new one.
	l.only("C")
	again := l.client(40000, 5000)
	again.open()
	if got := again.ask(); got != "from "+replicaAddrs["C"] {
		t.Errorf("the new connection: %q", got)
	}
	k.translated(2)
}

// TestPortsUsedAgainWhileTheOldEntryLingers follows the old translation; a replica that does not answer is given up.
func TestPortsUsedAgainWhileTheOldEntryLingers(t *testing.T) {
	l := newLab(t)
	c := network(config.OriginStandby, "A", "C")
	l.build(c)
	l.only("A")
	k := l.control(c)
	first := l.client(40000, 1)
	first.open()
	k.translated(1)
	first.send("FA seq=2 ack=1")
	first.next() // the server's FIN

	second := l.client(40000, 70000)
	second.open()
	if got := second.ask(); got != "from "+replicaAddrs["A"] {
		t.Errorf("the second connection: %q", got)
	}
	k.translated(1)

	l.lose(func(from, to string) bool { return to == "rgA" }) // replica A is gone
	third := l.client(40000, 140000)
	third.syn()
	k.until("told of the reuse", func() error {
		learning, err := k.Learning(t.Context())
		if err != nil || learning[0].Reused != 2 {
			return fmt.Errorf("%+v, %v", learning, err)
		}
		return nil
	})
	third.syn() // a retransmission: nobody may be there
	k.until("given up", func() error {
		page, err := k.Translations(t.Context(), 10)
		if page.Total != 0 {
			return fmt.Errorf("%+v, %v", page, err)
		}
		return nil
	})
	third.open()
	if got := third.ask(); got != "from "+replicaAddrs["C"] {
		t.Errorf("the third connection: %q", got)
	}
}
