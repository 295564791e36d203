package takeover

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"
)

// line is what a switch's log says of primaries and writes.
type line struct {
	Time     time.Time `json:"time"`
	Msg      string    `json:"msg"`
	Primary  bool      `json:"primary"`
	Election string    `json:"election"`
	Updates  int       `json:"updates"`
}

const (
	primaryChanged = "primary changed"
	written        = "write"
	notAdmitted    = "write not admitted"
)

// id is an election id.
type id struct{ high, low uint64 }

func (a id) less(b id) bool { return a.high < b.high || a.high == b.high && a.low < b.low }

func (l *line) id(t *testing.T) (i id) {
	t.Helper()
	if _, err := fmt.Sscanf(l.Election, "%d,%d", &i.high, &i.low); err != nil {
		t.Fatalf("%q is no election id: %v", l.Election, err)
	}
	return i
}

// lines reads a switch's log.
func (n *node) lines(t *testing.T) []line {
	t.Helper()
	file, err := os.Open(n.log.Name())
	check(t, err)
	defer file.Close()
	var list []line
	for s := bufio.NewScanner(file); s.Scan(); {
		var l line
		if json.Unmarshal(s.Bytes(), &l) == nil { // the last may be half written
			list = append(list, l)
		}
	}
	return list
}

// primary is the newest election id in a switch's log, and when it became primary.
func (n *node) primary(t *testing.T) (newest id, at time.Time) {
	t.Helper()
	for _, l := range n.lines(t) {
		if l.Msg == primaryChanged && l.Primary {
			newest, at = l.id(t), l.Time
		}
	}
	return newest, at
}

// tally is what a switch's log shows.
type tally struct{ primaries, writes, updates, refused int }

// judge checks that ids of primaries rise, that whoever writes is the newest, and that none writes after a newer one did.
func (n *node) judge(t *testing.T, name string) (sum tally) {
	t.Helper()
	var primary, writer id
	elected := map[id]bool{}
	lines := n.lines(t)
	for i := range lines {
		if l := &lines[i]; l.Msg == primaryChanged && l.Primary {
			elected[l.id(t)] = true
		}
	}
	for i := range lines {
		switch l := &lines[i]; {
		case l.Msg == primaryChanged && l.Primary:
			if at := l.id(t); at.less(primary) {
				t.Errorf("%s: primary with %v after %v", name, at, primary)
			}
			primary = l.id(t)
			sum.primaries++
		case l.Msg == written:
			by := l.id(t)
			// A new primary's first write may be logged before its election is.
			if by.less(writer) || by.less(primary) || !elected[by] {
				t.Errorf("%s, %v: a write with %v, the primary being %v and the last to write %v", name, l.Time, by, primary, writer)
			}
			writer = by
			sum.writes++
			sum.updates += l.Updates
		case l.Msg == notAdmitted:
			sum.refused++
		}
	}
	if sum.writes == 0 {
		t.Errorf("%s: nothing was written", name)
	}
	return sum
}
