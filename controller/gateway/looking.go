package gateway

import (
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/controller/gateway/flow"
	"github.com/firstack/firstack/tables"
)

// counterKeys name a connection's two entries.
type counterKeys struct{ out, in flow.Key }

// look reads the direct counters of connections. It runs beside the owner. Some switches answer a read of several
// entries with NOT_FOUND when one of them is missing; then each is asked for alone.
func (c *client) look(t *term, keys []counterKeys) ([]flow.Counts, error) {
	counts, err := c.readCounts(t, keys)
	if status.Code(err) != codes.NotFound {
		return counts, err
	}
	counts = make([]flow.Counts, len(keys))
	for i := range keys {
		one, err := c.readCounts(t, keys[i:i+1])
		if err == nil {
			counts[i] = one[0]
			continue
		}
		if status.Code(err) != codes.NotFound {
			return nil, err
		}
		if counts[i], err = c.readHalves(t, keys[i]); err != nil {
			return nil, err
		}
	}
	return counts, nil
}

func (c *client) readCounts(t *term, keys []counterKeys) ([]flow.Counts, error) {
	what := make([]*p4v1.Entity, 0, 2*len(keys))
	whole := c.target.CountersByTable > 0 && len(keys) >= c.target.CountersByTable
	outs, ins := make(map[flow.Key]int, len(keys)), make(map[flow.Key]int, len(keys))
	for i, k := range keys {
		out, in, err := c.countersOf(k)
		if err != nil {
			return nil, err
		}
		if !whole {
			what = append(what, out, in)
		}
		outs[k.out], ins[k.in] = i, i
	}
	if whole {
		with := tables.With{Counter: true}
		what = []*p4v1.Entity{c.program.Outbound.ReadAll(with), c.program.Inbound.ReadAll(with)}
	}
	counts := make([]flow.Counts, len(keys))
	for e, err := range t.conn.Read(t.ctx, what...) {
		if err != nil {
			return nil, err
		}
		c.count(e.GetTableEntry(), counts, outs, ins)
	}
	return counts, nil
}

// readHalves reads a connection of which an entry is missing.
func (c *client) readHalves(t *term, k counterKeys) (flow.Counts, error) {
	counts := make([]flow.Counts, 1)
	out, in, err := c.countersOf(k)
	if err != nil {
		return counts[0], err
	}
	for _, half := range []*p4v1.Entity{out, in} {
		for e, err := range t.conn.Read(t.ctx, half) {
			if status.Code(err) == codes.NotFound {
				break
			}
			if err != nil {
				return counts[0], err
			}
			c.count(e.GetTableEntry(), counts, map[flow.Key]int{k.out: 0}, map[flow.Key]int{k.in: 0})
		}
	}
	return counts[0], nil
}

func (c *client) countersOf(k counterKeys) (out, in *p4v1.Entity, err error) {
	if out, err = c.program.Outbound.Read(outboundKey(k.out), 0, tables.With{Counter: true}); err != nil {
		return nil, nil, err
	}
	in, err = c.program.Inbound.Read(inboundKey(k.in), 0, tables.With{Counter: true})
	return out, in, err
}

func (c *client) count(e *p4v1.TableEntry, counts []flow.Counts, outs, ins map[flow.Key]int) {
	packets := uint32(e.GetCounterData().GetPacketCount())
	switch {
	case c.program.Outbound.Is(e):
		entry, err := c.program.Outbound.Decode(e)
		if err != nil {
			return
		}
		if i, ok := outs[outboundEntry(entry).Key]; ok {
			counts[i].Out, counts[i].OutFound = packets, true
		}
	case c.program.Inbound.Is(e):
		entry, err := c.program.Inbound.Decode(e)
		if err != nil {
			return
		}
		if i, ok := ins[inboundEntry(entry).Key]; ok {
			counts[i].In, counts[i].InFound = packets, true
		}
	}
}

// looked gives the book what was read.
func (c *client) looked(flows []*flow.Flow, counts []flow.Counts, err error) {
	now := c.now()
	if err != nil {
		c.log.Warn("counters not read", "err", err)
	}
	for i, f := range flows {
		if err != nil {
			c.book.Skipped(f, now)
		} else {
			c.book.Looked(f, counts[i], now)
		}
	}
}
