package steering

import (
	"testing"

	"github.com/firstack/firstack/tests/e2e/lab"
)

// TestWithoutController: the last choice stays, in the switch. When the favourite dies too, one connection sends its SYN
// again; those after it are raced by the switch itself, as long as the answer is owed. A new controller finds what there
// is, and the choice is right again.
func TestWithoutController(t *testing.T) {
	t.Parallel()
	n := start(t, nil)
	learn(t, n)
	if err := n.StopController(); err != nil {
		t.Fatal(err)
	}
	if r := fetch(n); r.ServedBy != london || r.SYNs != 1 {
		t.Errorf("served by %s after %d SYNs", r.ServedBy, r.SYNs)
	}
	if err := n.World.SetHostDown(lab.London, true); err != nil {
		t.Fatal(err)
	}
	if r := fetch(n); r.ServedBy == london || r.SYNs != 2 {
		t.Errorf("when the favourite is dead: served by %s after %d SYNs", r.ServedBy, r.SYNs)
	}
	for range 5 {
		if r := fetch(n); r.ServedBy != saoPaulo || r.SYNs != 1 {
			t.Errorf("while it owes an answer: served by %s after %d SYNs", r.ServedBy, r.SYNs)
		}
	}
	if n.Decisions(lab.ClientGateway, "steer_overdue") == 0 {
		t.Errorf("nothing was raced for want of patience: %v", n.AllDecisions(lab.ClientGateway))
	}
	if err := n.StartController(lab.Deadline(t)); err != nil {
		t.Fatal(err)
	}
	if again := within(t, n, 5, saoPaulo); again > 1 {
		t.Errorf("%d SYNs were sent again under the new controller", again)
	}
	if err := n.World.SetHostDown(lab.London, false); err != nil {
		t.Fatal(err)
	}
	n.Await("it is found again", func() bool { return fetch(n).ServedBy == london })
	within(t, n, 0, london)
}
