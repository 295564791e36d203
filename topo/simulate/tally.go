package simulate

import "time"

// tally is what one gateway counts, or one worker over many placements. All of it can be added up in any order.
type tally struct {
	cases                          int64
	connections, failed, again     int64 // again: that took more than one SYN
	nearest, near, replica, origin int64
	copies                         int64
	rtt, limit, handshake          histogram
	devices                        []int64
	jain, skew                     int64 // sums over cases, in 1e-6
	order                          []moment
	series                         []moment
	recovered                      []recovery
	discovered, raced, direct      int64
}

// moment is what connections of one kind add up to: the n-th of a gateway, or those of one interval.
type moment struct {
	connections, failed, near, handshake, rtt, limit, copies int64
}

func (m *moment) add(o *moment) {
	m.connections += o.connections
	m.failed += o.failed
	m.near += o.near
	m.handshake += o.handshake
	m.rtt += o.rtt
	m.limit += o.limit
	m.copies += o.copies
}

// recovery is how it went on at one gateway after a change: how many connections, and how long, until all were right.
type recovery struct {
	connections int32
	after       time.Duration
}

// watched is how many connections after a change are looked at.
const watched = 200

func newTally(devices int) *tally { return &tally{devices: make([]int64, devices)} }

func (t *tally) merge(o *tally) {
	t.cases += o.cases
	t.connections += o.connections
	t.failed += o.failed
	t.again += o.again
	t.nearest += o.nearest
	t.near += o.near
	t.replica += o.replica
	t.origin += o.origin
	t.copies += o.copies
	t.rtt.merge(&o.rtt)
	t.limit.merge(&o.limit)
	t.handshake.merge(&o.handshake)
	for d, n := range o.devices {
		t.devices[d] += n
	}
	t.jain += o.jain
	t.skew += o.skew
	t.order = mergeMoments(t.order, o.order)
	t.series = mergeMoments(t.series, o.series)
	t.discovered += o.discovered
	t.raced += o.raced
	t.direct += o.direct
}

func mergeMoments(a, b []moment) []moment {
	for len(a) < len(b) {
		a = append(a, moment{})
	}
	for i := range b {
		a[i].add(&b[i])
	}
	return a
}

// balance gives the fairness of a case's connections over the devices by their capacity (Jain's index, 1 when even) and
// the most loaded one's load over the mean. Devices without a limit count as equal.
func balance(connections []int64, devices []Device) (jain, skew float64) {
	var sum, squares, most float64
	for d, n := range connections {
		x := float64(n)
		if k := devices[d].Servers; k > 0 {
			x *= devices[d].Service.Seconds() / float64(k)
		}
		sum += x
		squares += x * x
		most = max(most, x)
	}
	if sum == 0 {
		return 1, 1
	}
	n := float64(len(connections))
	return sum * sum / (n * squares), most * n / sum
}
