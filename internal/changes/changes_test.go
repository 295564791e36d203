package changes

import "testing"

func TestNotice(t *testing.T) {
	closed := func(c <-chan struct{}) bool {
		select {
		case <-c:
			return true
		default:
			return false
		}
	}
	var n Notice
	n.Tell() // to nobody
	first, second := n.Wait(), n.Wait()
	if closed(first) || closed(second) {
		t.Error("told of what was before")
	}
	n.Tell()
	if !closed(first) || !closed(second) {
		t.Error("not everybody was told")
	}
	if third := n.Wait(); closed(third) {
		t.Error("told twice of the same")
	}
}
