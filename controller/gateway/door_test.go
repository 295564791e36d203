package gateway

import (
	"io"
	"log/slog"
	"testing"
	"time"
)

// fakeRole has what a door asks for.
type fakeRole struct {
	role
	done bool
}

func (f *fakeRole) restored() bool { return f.done }

// TestDoor steps through the filling of a switch that started empty.
func TestDoor(t *testing.T) {
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	f := &fakeRole{}
	g := &Gateway{role: f, log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	g.door.shut(false, ms(1))
	if !g.mayOpen(ms(1)) {
		t.Fatal("a switch that kept its tables was closed")
	}
	g.door.shut(true, ms(1000))
	for _, step := range []struct {
		at     int
		filled bool
		done   bool
		open   bool
	}{
		{1000, false, true, false},
		{1050, true, false, false},
		{1100, true, true, false}, // it took 100 ms
		{1150, true, false, false},
		{1160, true, true, false}, // it took 160 ms
		{1310, true, true, false},
		{1320, true, true, true},
	} {
		f.done = step.done
		if step.filled {
			g.filled(false, ms(step.at))
		}
		if got := g.mayOpen(ms(step.at)); got != step.open {
			t.Errorf("after %d ms: open %t", step.at, got)
		}
	}
	g.door.shut(false, ms(2000)) // another session with the switch that could not be opened
	if g.mayOpen(ms(2500)) {
		t.Error("another session opened the switch before it was filled")
	}
	f.done = false
	g.filled(false, ms(2500))
	if g.mayOpen(ms(2500)) || !g.mayOpen(ms(2001)+openAnyway) {
		t.Error("what can't be restored kept the switch closed, or did not for a while")
	}
	g.filled(true, ms(2600))
	if !g.mayOpen(ms(2600)) {
		t.Error("an open switch is closed")
	}
}
