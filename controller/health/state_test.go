package health

import (
	"errors"
	"slices"
	"testing"
)

func TestRecord(t *testing.T) {
	good, busy, bad := outcome{state: Active}, outcome{state: Busy}, outcome{state: Dead, err: errors.New("refused")}
	for name, test := range map[string]struct {
		rise, fall int
		outcomes   []outcome
		states     []State
	}{
		"active until fall failures":        {2, 3, []outcome{bad, bad, bad}, []State{Active, Active, Dead}},
		"a good probe starts the count new": {2, 2, []outcome{bad, good, bad, good, bad, bad}, []State{Active, Active, Active, Active, Active, Dead}},
		"dead until rise good ones":         {2, 1, []outcome{bad, good, bad, good, good}, []State{Dead, Dead, Dead, Dead, Active}},
		"busy at once":                      {3, 3, []outcome{busy}, []State{Busy}},
		"busy until rise good ones":         {2, 3, []outcome{busy, good, busy, good, good}, []State{Busy, Busy, Busy, Busy, Active}},
		"busy dies as well":                 {2, 2, []outcome{busy, bad, bad}, []State{Busy, Busy, Dead}},
		"a failure starts busy's count new": {2, 3, []outcome{busy, good, bad, good, good}, []State{Busy, Busy, Busy, Busy, Active}},
		"dead comes back busy":              {2, 1, []outcome{bad, busy, busy, good, good}, []State{Dead, Dead, Busy, Busy, Active}},
		"dead, busy, then good is alive":    {2, 1, []outcome{bad, busy, good}, []State{Dead, Dead, Active}},
		"busy answers end a run of failing": {2, 2, []outcome{bad, busy, bad, bad}, []State{Active, Busy, Busy, Dead}},
	} {
		t.Run(name, func(t *testing.T) {
			var r record
			var states []State
			for _, o := range test.outcomes {
				r.State = r.add(o, test.rise, test.fall)
				states = append(states, r.State)
			}
			if !slices.Equal(states, test.states) {
				t.Errorf("states %v, want %v", states, test.states)
			}
			if r.Probes != uint64(len(test.outcomes)) {
				t.Errorf("%d probes counted, want %d", r.Probes, len(test.outcomes))
			}
		})
	}
}

func TestStateText(t *testing.T) {
	for state, want := range map[State]string{Active: "active", Busy: "busy", Dead: "dead", 7: "State(7)"} {
		if text, _ := state.MarshalText(); string(text) != want {
			t.Errorf("state %d is %q, want %q", int(state), text, want)
		}
	}
}
