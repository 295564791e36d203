package p4rt

import (
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/softswitch/pipeline"
)

// writeCounter sets one counter of an array, or all (P4Runtime specification, chapter
// "CounterEntry").
func (w *writer) writeCounter(op p4v1.Update_Type, e *p4v1.CounterEntry) error {
	c := w.b.counters[e.GetCounterId()]
	if c == nil {
		return status.Errorf(codes.InvalidArgument, "counter %d does not exist", e.GetCounterId())
	}
	if err := modifyOnly(op, "counter", c.Name); err != nil {
		return err
	}
	if err := w.allowed(c.Object, "counter"); err != nil {
		return err
	}
	from, to, err := indices("counter", c.Name, e.GetIndex(), c.pc.Size())
	if err != nil || e.GetData() == nil {
		return err
	}
	data := decodeCounter(e.GetData())
	for i := from; i < to; i++ {
		if w.atomic {
			old, err := c.pc.Read(i)
			if err != nil {
				return err
			}
			w.undo(func() { _ = c.pc.Write(i, old) })
		}
		if err := c.pc.Write(i, data); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) readCounter(e *p4v1.CounterEntry) error {
	if e.GetCounterId() != 0 && r.b.counters[e.GetCounterId()] == nil {
		return status.Errorf(codes.InvalidArgument, "counter %d does not exist", e.GetCounterId())
	}
	for _, id := range selected(r.b.counters, e.GetCounterId()) {
		c := r.b.counters[id]
		if !mayUse(r.role, c.Role) {
			continue
		}
		index := e.GetIndex()
		if e.GetCounterId() == 0 {
			index = nil
		}
		from, to, err := indices("counter", c.Name, index, c.pc.Size())
		if err != nil {
			return err
		}
		err = cells(r, from, to, c.pc.Read, func(i int, d pipeline.CounterData) {
			r.add(&p4v1.Entity{Entity: &p4v1.Entity_CounterEntry{CounterEntry: &p4v1.CounterEntry{
				CounterId: id, Index: &p4v1.Index{Index: int64(i)}, Data: encodeCounter(d)}}})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func decodeCounter(c *p4v1.CounterData) pipeline.CounterData {
	return pipeline.CounterData{Packets: uint64(c.GetPacketCount()), Bytes: uint64(c.GetByteCount())}
}

func encodeCounter(d pipeline.CounterData) *p4v1.CounterData {
	return &p4v1.CounterData{PacketCount: int64(d.Packets), ByteCount: int64(d.Bytes)}
}
