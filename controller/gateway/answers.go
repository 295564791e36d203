package gateway

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/controller/gateway/flow"
	"github.com/firstack/firstack/controller/p4rt"
	"github.com/firstack/firstack/tables"
)

// Standing is how a gateway stands to its plan.
type Standing struct {
	Settled  bool     // the tables hold what they should, as far as is known
	Problems []string // what the configuration asks for and can't be carried out
}

// Standing tells how the gateway stands.
func (g *Gateway) Standing(ctx context.Context) (s Standing, err error) {
	err = g.do(ctx, func() {
		s.Settled = g.term != nil && g.term.ready && !g.job.dirty && !g.job.running && !g.door.closed
		s.Problems = slices.Clone(g.problems)
	})
	return s, err
}

// Memory is a client gateway's memory of connections, summed up.
type Memory struct {
	Flows int
	// Unwritten is how many of them run by their slot, for their translation is not in the tables yet.
	Unwritten int
	Slots     Slots
	Stats     flow.Stats
	// Strange is how many digests could not be understood.
	Strange uint64
	Races   map[RaceKey]Race
}

// Memory sums up what a client gateway remembers; ok is false for other gateways.
func (g *Gateway) Memory(ctx context.Context) (m Memory, ok bool, err error) {
	c, ok := g.role.(*client)
	if !ok {
		return m, false, nil
	}
	err = g.do(ctx, func() {
		m = Memory{Flows: c.book.Len(), Unwritten: c.book.Unwritten(), Slots: c.slotsView(), Stats: c.book.Stats(), Strange: c.strange, Races: make(map[RaceKey]Race, len(c.races))}
		for k, r := range c.races {
			m.Races[k] = *r
		}
	})
	return m, true, err
}

// Connection is one that runs, or ran, to a replica.
type Connection struct {
	Key    flow.Key
	Winner flow.Winner
	State  string
}

// Connections gives at most limit of a client gateway's, in no particular order, and how many there are.
func (g *Gateway) Connections(ctx context.Context, limit int) (total int, list []Connection, err error) {
	c, ok := g.role.(*client)
	if !ok {
		return 0, nil, nil
	}
	err = g.do(ctx, func() {
		total = c.book.Len()
		if limit <= 0 {
			return
		}
		c.book.Each(func(f *flow.Flow) bool {
			list = append(list, Connection{f.Key(), f.Winner(), f.State()})
			return len(list) < limit
		})
	})
	return total, list, err
}

// Running counts a client gateway's connections by server and replica. In form C the replica's port is not known
// and 0.
func (g *Gateway) Running(ctx context.Context) (by map[RaceKey]int, err error) {
	by = map[RaceKey]int{}
	c, ok := g.role.(*client)
	if !ok {
		return by, nil
	}
	err = g.do(ctx, func() {
		c.book.Each(func(f *flow.Flow) bool {
			end := f.Winner().End()
			if f.Winner().Form == flow.FormC {
				end = netip.AddrPortFrom(end.Addr(), 0)
			}
			by[RaceKey{f.Key().ServerEnd(), end}]++
			return true
		})
	})
	return by, err
}

// Decision is what a program may decide about a packet, and how often it did.
type Decision struct {
	Name string
	tables.CounterData
}

// ErrNoTerm says that the switch is not ours at the moment.
var ErrNoTerm = errors.New("the switch is not ours")

// Decisions reads the counters of the program's table of decisions, by the name of the action.
func (g *Gateway) Decisions(ctx context.Context) ([]Decision, error) {
	var conn *p4rt.Conn
	if err := g.do(ctx, func() {
		if g.term != nil {
			conn = g.term.conn
		}
	}); err != nil {
		return nil, err
	}
	if conn == nil {
		return nil, ErrNoTerm
	}
	sums := map[string]tables.CounterData{}
	entries, other := g.role.decisions()
	for e, err := range conn.Read(ctx, entries) {
		if err != nil {
			return nil, err
		}
		addCount(conn.Schema(), e, sums)
	}
	// Not every switch counts what the default action does, or lets it be read.
	for e, err := range conn.Read(ctx, other) {
		if code := status.Code(err); code == codes.Unimplemented || code == codes.InvalidArgument {
			break
		}
		if err != nil {
			return nil, err
		}
		addCount(conn.Schema(), e, sums)
	}
	list := make([]Decision, 0, len(sums))
	for name, n := range sums {
		list = append(list, Decision{name, n})
	}
	slices.SortFunc(list, func(a, b Decision) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

func addCount(s *tables.Schema, e *p4v1.Entity, sums map[string]tables.CounterData) {
	t := e.GetTableEntry()
	name := s.Name(t.GetAction().GetAction().GetActionId())
	n := sums[name]
	n.Packets += t.GetCounterData().GetPacketCount()
	n.Bytes += t.GetCounterData().GetByteCount()
	sums[name] = n
}
