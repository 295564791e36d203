package steer

import "testing"

// Answers to a discovery beside a race came by way of the server: they do not make anybody farther than he is. Else the
// second nearest would be taken for far when the nearest dies.
func TestScoutsMeasureNothing(t *testing.T) {
	each(t, 0, func(w *world) error {
		for range 4000 {
			w.fetch(0)
			for _, v := range w.service.Views() {
				h := w.host(v.Replica)
				if v.Delay != 0 && v.Delay > w.service.policy.near(h.direct) {
					t.Fatalf("%v is taken to be at %v, and is at %v", v.Replica, v.Delay, h.direct)
				}
			}
		}
		return nil
	})
}
