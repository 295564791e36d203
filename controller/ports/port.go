package ports

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Port is a port as its switch tells of it.
type Port struct {
	Name  string
	ID    uint32 // in P4Runtime
	Admin string // admin-status of openconfig-interfaces: UP, DOWN or TESTING; "" = not told
	Oper  string // oper-status likewise: UP, DOWN, TESTING, UNKNOWN, DORMANT, NOT_PRESENT or LOWER_LAYER_DOWN
	// Changed is when Oper last changed, as far as was seen.
	Changed  time.Time
	Counters Counters
}

// Counters are the switch's own.
type Counters struct {
	InOctets, InPackets, InDiscards, InErrors     uint64
	OutOctets, OutPackets, OutDiscards, OutErrors uint64
}

// IsDown tells whether no frame can pass (RFC 2863, section 3.1.13).
func (p *Port) IsDown() bool {
	switch p.Oper {
	case "DOWN", "TESTING", "DORMANT", "NOT_PRESENT", "LOWER_LAYER_DOWN":
		return true
	}
	return false
}

// View is what is known of a switch's ports at one moment.
type View struct {
	Followed  bool      // the switch is asked
	Connected bool      // the ports are followed now
	Since     time.Time // when Connected last changed
	Err       error     // why they are not, or were not before
	Ports     []Port    // by number
}

// counter gives the counter of a leaf of openconfig-interfaces' counters. Where a switch counts packets by their kind
// only, kinds gives the place for one of them.
func (c *Counters) counter(leaf string) *uint64 {
	switch leaf {
	case "in-octets":
		return &c.InOctets
	case "in-pkts":
		return &c.InPackets
	case "in-discards":
		return &c.InDiscards
	case "in-errors":
		return &c.InErrors
	case "out-octets":
		return &c.OutOctets
	case "out-pkts":
		return &c.OutPackets
	case "out-discards":
		return &c.OutDiscards
	case "out-errors":
		return &c.OutErrors
	}
	return nil
}

// table is the ports of a switch by name, while they are followed.
type table map[string]*entry

type entry struct {
	Port
	kinds map[string]uint64 // packets by leaf, of a switch that does not count them all in one
}

// count takes in a counter.
func (e *entry) count(leaf string, n uint64) {
	if c := e.Counters.counter(leaf); c != nil {
		*c = n
		return
	}
	switch leaf {
	case "in-unicast-pkts", "in-multicast-pkts", "in-broadcast-pkts", "out-unicast-pkts", "out-multicast-pkts", "out-broadcast-pkts":
		if e.kinds == nil {
			e.kinds = map[string]uint64{}
		}
		e.kinds[leaf] = n
	}
}

func (t table) list() []Port {
	list := make([]Port, 0, len(t))
	for _, e := range t {
		p := e.Port
		if p.Counters.InPackets == 0 {
			p.Counters.InPackets = e.kinds["in-unicast-pkts"] + e.kinds["in-multicast-pkts"] + e.kinds["in-broadcast-pkts"]
		}
		if p.Counters.OutPackets == 0 {
			p.Counters.OutPackets = e.kinds["out-unicast-pkts"] + e.kinds["out-multicast-pkts"] + e.kinds["out-broadcast-pkts"]
		}
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b Port) int { return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Name, b.Name)) })
	return list
}

// names lists the interfaces in a fixed order.
func (t table) names() []string { return slices.Sorted(maps.Keys(t)) }
