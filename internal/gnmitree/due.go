package gnmitree

import (
	"cmp"
	"slices"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/protobuf/proto"
)

// next is when there is something to do: when changes are looked for, a sample or a heartbeat.
func next(subs []*subscription, poll time.Time) time.Time {
	at := time.Now().Add(time.Hour)
	for _, sub := range subs {
		if sub.onChange && poll.Before(at) {
			at = poll
		}
		if !sub.onChange && sub.sample.Before(at) {
			at = sub.sample
		}
		if sub.heartbeat > 0 && sub.nextRefresh.Before(at) {
			at = sub.nextRefresh
		}
	}
	return at
}

func shortest(subs []*subscription) time.Duration {
	least := time.Hour
	for _, sub := range subs {
		if !sub.onChange {
			least = min(least, sub.interval)
		}
	}
	return least
}

// skip puts off what could not be done.
func (u *subscription) skip(now time.Time) {
	if !now.Before(u.sample) {
		u.sample = now.Add(u.interval)
	}
	if u.heartbeat > 0 && !now.Before(u.nextRefresh) {
		u.nextRefresh = now.Add(u.heartbeat)
	}
}

// due gives what is to be sent now, and remembers that it was.
func (u *subscription) due(s Snapshot, now time.Time, look bool) (updates []Leaf, deletes []*gpb.Path) {
	refresh := u.heartbeat > 0 && !now.Before(u.nextRefresh)
	sample := !u.onChange && !now.Before(u.sample)
	u.skip(now)
	if !refresh && !sample && !(u.onChange && look) {
		return nil, nil
	}
	leaves := u.matching(s)
	for _, l := range leaves {
		before, had := u.sent[l.Text]
		if refresh || sample && !u.changed || !had || !proto.Equal(before.Value, l.Value) {
			updates = append(updates, l)
		}
	}
	deletes = u.gone(leaves)
	u.remember(leaves)
	return updates, deletes
}

func (u *subscription) remember(leaves []Leaf) {
	clear(u.sent)
	for _, l := range leaves {
		u.sent[l.Text] = l
	}
}

// gone gives the paths of what is not there any more: a whole subtree by one path.
func (u *subscription) gone(leaves []Leaf) []*gpb.Path {
	left := map[string]Leaf{}
	for text, l := range u.sent {
		left[text] = l
	}
	for _, l := range leaves {
		delete(left, l.Text)
	}
	if len(left) == 0 {
		return nil
	}
	stands := map[string]bool{}
	for _, l := range leaves {
		for n := range l.Path.Elem {
			stands[textOf(l.Path.Elem[:n+1])] = true
		}
	}
	var paths []*gpb.Path
	seen := map[string]bool{}
	for _, l := range left {
		for n := max(len(u.path.GetElem()), 1); n <= len(l.Path.Elem); n++ {
			text := textOf(l.Path.Elem[:n])
			if stands[text] {
				continue
			}
			if !seen[text] {
				seen[text] = true
				paths = append(paths, &gpb.Path{Elem: l.Path.Elem[:n]})
			}
			break
		}
	}
	slices.SortFunc(paths, compareText)
	return paths
}

func textOf(elems []*gpb.PathElem) string { return Text(&gpb.Path{Elem: elems}) }

func compareText(a, b *gpb.Path) int { return cmp.Compare(Text(a), Text(b)) }
