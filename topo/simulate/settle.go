package simulate

import "time"

// settle counts a connection that is answered, or given up.
func (g *gateway) settle(s *scene, c *connection) {
	t := g.tally
	var m moment
	m.connections, m.copies = 1, int64(c.copies)
	right := false
	if c.best.device < 0 {
		m.failed = 1
	} else {
		d := int(c.best.device)
		rtt := g.direct[d] + s.extra(d)
		limit := min(g.limit, rtt)
		right = rtt <= limit+nearMargin(limit)
		m.handshake, m.rtt, m.limit = int64(c.best.delay), int64(rtt), int64(limit)
		if right {
			m.near = 1
		}
		if g.devices[d].Servers > 0 {
			g.arrived[d] += int64(g.draw.exponential(float64(g.devices[d].Service)))
		}
		if c.number >= g.warm {
			t.devices[d]++
			t.rtt.add(rtt)
			t.limit.add(limit)
			t.handshake.add(c.best.delay)
			if rtt <= limit {
				t.nearest++
			}
			if rtt <= g.replica && d > 0 {
				t.replica++
			}
			if d == 0 {
				t.origin++
			}
		}
	}
	if c.number >= g.warm {
		t.connections++
		t.failed += m.failed
		t.near += m.near
		t.copies += m.copies
		if c.attempt > 0 {
			t.again++
		}
	}
	if c.number < int64(g.orders) {
		t.order = at(t.order, int(c.number))
		t.order[c.number].add(&m)
	}
	if g.slice > 0 {
		i := int(c.start / g.slice)
		t.series = at(t.series, i)
		t.series[i].add(&m)
	}
	if c.change > 0 && c.since < watched && !right {
		for len(t.recovered) < int(c.change) {
			t.recovered = append(t.recovered, recovery{})
		}
		r := &t.recovered[c.change-1]
		r.connections = max(r.connections, c.since+1)
		if int(c.change) == s.changes {
			r.after = max(r.after, c.start-s.started)
		}
	}
}

// at makes a list long enough for an index.
func at(list []moment, i int) []moment {
	for len(list) <= i {
		list = append(list, moment{})
	}
	return list
}

// nearMargin is what counts as equally near: 2 ms or 5 %, as controller/steer has it by default.
func nearMargin(limit time.Duration) time.Duration { return max(2*time.Millisecond, limit/20) }
