package ports

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// until waits for a condition that nothing tells of.
func until(t *testing.T, w *Watcher, what string, ok func(View) bool) View {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if v := w.View(); ok(v) {
			return v
		}
	}
	t.Fatalf("not %s: %+v", what, w.View())
	return View{}
}

func down(w *Watcher) string { return fmt.Sprint(slices.Sorted(maps.Keys(w.Down()))) }

var here = Settings{Address: "switch:9339", Ports: map[uint32]Wanted{132: AsItIs, 140: AsItIs, 7: AsItIs}}

// Stratum's ports have the numbers of P4Runtime, states and counters; changes are told of.
func TestStratum(t *testing.T) {
	s := newStratum(t)
	w, told := s.watch(t, here)
	v := until(t, w, "followed", func(v View) bool { return v.Connected && v.Ports[0].Counters.InOctets == 700 })
	if p := v.Ports; len(p) != 2 || p[0].Name != "1/1/1" || p[0].ID != 132 || p[0].Oper != "UP" || p[0].Counters.InPackets != 8 || p[1].ID != 140 || p[1].Admin != "UP" {
		t.Errorf("%+v", v)
	}
	if down(w) != "[140]" || len(told) != 1 {
		t.Errorf("%s is down, told %d times", down(w), len(told))
	}
	s.change(func(ports map[string]*device) { ports["1/1/1"].oper = "LOWER_LAYER_DOWN"; ports["1/2/1"].oper = "UP" })
	v = until(t, w, "changed", func(View) bool { return down(w) == "[132]" })
	if !v.Ports[0].Changed.After(v.Since) {
		t.Errorf("%+v", v)
	}
	before := len(told)
	s.change(func(ports map[string]*device) { ports["1/1/1"].packets = 9 })
	until(t, w, "counted", func(v View) bool { return v.Ports[0].Counters.InPackets == 10 })
	if len(told) != before {
		t.Error("told of what changed no port's state")
	}
}

// While the switch can't be asked its ports are as they were; then they are what they are.
func TestLost(t *testing.T) {
	s := newStratum(t)
	w, _ := s.watch(t, here)
	until(t, w, "followed", func(v View) bool { return v.Connected })
	s.drop(true)
	v := until(t, w, "lost", func(v View) bool {
		return !v.Connected && v.Err != nil && v.Err.Error() != "subscription: rpc error: code = Unavailable desc = gone"
	})
	if len(v.Ports) != 2 || down(w) != "[140]" {
		t.Errorf("%+v", v)
	}
	s.change(func(ports map[string]*device) { ports["1/2/1"].oper = "UP" })
	s.drop(false)
	until(t, w, "followed again", func(v View) bool { return v.Connected && down(w) == "[]" })
}

// New ports are found, and old ones forgotten.
func TestOtherPorts(t *testing.T) {
	s := newStratum(t)
	w, _ := s.watch(t, here)
	until(t, w, "followed", func(v View) bool { return v.Connected })
	s.change(func(ports map[string]*device) {
		delete(ports, "1/2/1")
		ports["1/3/1"] = &device{3, 148, "UP", "DOWN", 0}
	})
	until(t, w, "changed", func(View) bool { return down(w) == "[148]" })
	s.change(func(ports map[string]*device) { clear(ports) })
	until(t, w, "empty", func(v View) bool { return v.Connected && len(v.Ports) == 0 && down(w) == "[]" })
	s.change(func(ports map[string]*device) { ports["1/3/1"] = &device{3, 148, "UP", "DOWN", 0} })
	until(t, w, "there again", func(View) bool { return down(w) == "[148]" })
}

// The admin state is set where it is wanted and differs, once each time.
func TestWanted(t *testing.T) {
	s := newStratum(t)
	settings := Settings{Address: here.Address, Ports: map[uint32]Wanted{132: Disabled, 140: AsItIs}}
	w, _ := s.watch(t, settings)
	if down(w) != "[132]" {
		t.Errorf("%s: what is wanted counts at once", down(w))
	}
	until(t, w, "disabled", func(v View) bool { return v.Connected && v.Ports[0].Admin == "DOWN" && v.Ports[1].Admin == "UP" })
	s.change(func(ports map[string]*device) { ports["1/1/1"].admin, ports["1/1/1"].oper = "UP", "UP" }) // by somebody else
	until(t, w, "disabled again", func(v View) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.sets >= 2 && v.Ports[0].Admin == "DOWN"
	})
	w.Configure(Settings{Address: here.Address, Ports: map[uint32]Wanted{132: Enabled, 140: AsItIs}})
	until(t, w, "enabled", func(v View) bool { return v.Ports[0].Admin == "UP" && down(w) == "[140]" })
	sets := func() int { s.mu.Lock(); defer s.mu.Unlock(); return s.sets }
	before := sets()
	time.Sleep(100 * time.Millisecond) // in which it would be set again, were it not known to be done
	if after := sets(); after != before {
		t.Errorf("set %d times more", after-before)
	}
}

// Without an address nothing is asked, and nothing is down; the address may change.
func TestConfigure(t *testing.T) {
	s := newStratum(t)
	w, told := s.watch(t, Settings{})
	if v := w.View(); v.Followed || v.Connected {
		t.Errorf("%+v", v)
	}
	w.Configure(here)
	until(t, w, "followed", func(v View) bool { return v.Connected && down(w) == "[140]" })
	w.Configure(here)
	w.Configure(Settings{Ports: here.Ports})
	if v := w.View(); v.Followed || v.Connected || down(w) != "[]" || len(told) < 3 {
		t.Errorf("%+v, %s, told %d times", v, down(w), len(told))
	}
	until(t, w, "left alone", func(v View) bool { return !v.Connected })
}

func TestStates(t *testing.T) {
	for oper, want := range map[string]bool{
		"UP": false, "DOWN": true, "TESTING": true, "UNKNOWN": false, "DORMANT": true, "NOT_PRESENT": true, "LOWER_LAYER_DOWN": true, "": false, "up": false,
	} {
		if p := (Port{Oper: oper}); p.IsDown() != want {
			t.Errorf("%q: down %v", oper, p.IsDown())
		}
	}
}

// A switch that has openconfig-p4rt keeps the numbers of P4Runtime in state/id.
func TestOpenConfigP4RT(t *testing.T) {
	s := newStratum(t)
	s.p4rt = true
	w, _ := s.watch(t, here)
	v := until(t, w, "followed", func(v View) bool { return v.Connected })
	if len(v.Ports) != 2 || v.Ports[0].ID != 1 || v.Ports[1].ID != 2 || down(w) != "[2]" {
		t.Errorf("%+v", v)
	}
}
