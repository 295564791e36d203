package tables

import (
	"fmt"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
)

// ArraySpec is a counter, meter or register array as a generated binding knows it.
type ArraySpec struct {
	Name string
	Full string
	Bits int // registers: the most that the Go type holds; 0: anything
}

// array is what counters, meters and registers have in common.
type array struct {
	object string
	id     uint32
	size   int64
}

// ID is the array's id in the pipeline in use; 0 when this pipeline has no such array.
func (a *array) ID() uint32 { return a.id }

// Size is the number of cells.
func (a *array) Size() int64 { return a.size }

func (a *array) at(index int64) (*p4v1.Index, error) {
	if a.id == 0 {
		return nil, &Error{Object: a.object, Err: ErrAbsent}
	}
	if index < 0 || index >= a.size {
		return nil, &Error{Object: a.object, Field: "index", Value: index, Detail: fmt.Sprintf("%d cells", a.size), Err: ErrWidth}
	}
	return &p4v1.Index{Index: index}, nil
}

// Counter is an array of counters.
type Counter struct{ array }

// BindCounter resolves a counter's names.
func BindCounter(b *Binder, spec *ArraySpec) *Counter {
	c := &Counter{array{object: "counter " + spec.Name}}
	info, ok := find(b.schema.Info.GetCounters(), spec.Full, spec.Name)
	if !ok {
		b.fail(&Error{Object: c.object, Err: ErrAbsent})
		return c
	}
	c.id, c.size = info.GetPreamble().GetId(), info.GetSize()
	return c
}

func counterEntity(e *p4v1.CounterEntry) *p4v1.Entity {
	return &p4v1.Entity{Entity: &p4v1.Entity_CounterEntry{CounterEntry: e}}
}

// ReadAll asks for every cell.
func (c *Counter) ReadAll() *p4v1.Entity { return counterEntity(&p4v1.CounterEntry{CounterId: c.id}) }

// Read asks for one cell.
func (c *Counter) Read(index int64) (*p4v1.Entity, error) {
	i, err := c.at(index)
	if err != nil {
		return nil, err
	}
	return counterEntity(&p4v1.CounterEntry{CounterId: c.id, Index: i}), nil
}

// Set makes the update that sets one cell.
func (c *Counter) Set(index int64, to CounterData) (*p4v1.Update, error) {
	i, err := c.at(index)
	if err != nil {
		return nil, err
	}
	return Modify(counterEntity(&p4v1.CounterEntry{CounterId: c.id, Index: i,
		Data: &p4v1.CounterData{PacketCount: to.Packets, ByteCount: to.Bytes}})), nil
}

// Decode reads one cell.
func (c *Counter) Decode(m *p4v1.CounterEntry) (index int64, data CounterData, err error) {
	if m.GetCounterId() != c.id {
		return 0, data, &Error{Object: c.object, Detail: fmt.Sprintf("cell of counter id %#x", m.GetCounterId()), Err: ErrUnknown}
	}
	return m.GetIndex().GetIndex(), CounterData{Packets: m.GetData().GetPacketCount(), Bytes: m.GetData().GetByteCount()}, nil
}

// Meter is an array of meters.
type Meter struct{ array }

// BindMeter resolves a meter's names.
func BindMeter(b *Binder, spec *ArraySpec) *Meter {
	m := &Meter{array{object: "meter " + spec.Name}}
	info, ok := find(b.schema.Info.GetMeters(), spec.Full, spec.Name)
	if !ok {
		b.fail(&Error{Object: m.object, Err: ErrAbsent})
		return m
	}
	m.id, m.size = info.GetPreamble().GetId(), info.GetSize()
	return m
}

func meterEntity(e *p4v1.MeterEntry) *p4v1.Entity {
	return &p4v1.Entity{Entity: &p4v1.Entity_MeterEntry{MeterEntry: e}}
}

// ReadAll asks for the configuration of every cell.
func (m *Meter) ReadAll() *p4v1.Entity { return meterEntity(&p4v1.MeterEntry{MeterId: m.id}) }

// Entity encodes one cell's configuration; nil is the default, always green.
func (m *Meter) Entity(index int64, c *MeterConfig) (*p4v1.Entity, error) {
	i, err := m.at(index)
	if err != nil {
		return nil, err
	}
	return meterEntity(&p4v1.MeterEntry{MeterId: m.id, Index: i, Config: c.message()}), nil
}

// Set makes the update that configures one cell.
func (m *Meter) Set(index int64, c *MeterConfig) (*p4v1.Update, error) {
	e, err := m.Entity(index, c)
	if err != nil {
		return nil, err
	}
	return Modify(e), nil
}

// Decode reads one cell's configuration; nil when it has the default.
func (m *Meter) Decode(e *p4v1.MeterEntry) (index int64, c *MeterConfig, err error) {
	if e.GetMeterId() != m.id {
		return 0, nil, &Error{Object: m.object, Detail: fmt.Sprintf("cell of meter id %#x", e.GetMeterId()), Err: ErrUnknown}
	}
	return e.GetIndex().GetIndex(), meterOf(e.GetConfig()), nil
}

// Register is an array of values. Registers belong to an architecture: one that this pipeline lacks, or has with two values
// a cell as Tofino can, binds all the same, with ID 0, and fails with ErrAbsent when it is used.
type Register[T any] struct {
	array
	codec Codec[T]
	cell  field
}

// BindRegister resolves a register's names.
func BindRegister[T any](b *Binder, spec *ArraySpec, c Codec[T]) *Register[T] {
	r := &Register[T]{array: array{object: "register " + spec.Name}, codec: c}
	info, ok := find(b.schema.Info.GetRegisters(), spec.Full, spec.Name)
	if !ok {
		return r
	}
	if info.GetTypeSpec().GetBitstring() == nil {
		return r
	}
	members, err := Members(b.schema.Info, info.GetTypeSpec())
	switch {
	case err != nil:
		b.fail(&Error{Object: r.object, Err: err})
	case spec.Bits != 0 && members[0].Bits > spec.Bits:
		b.fail(&Error{Object: r.object, Detail: fmt.Sprintf("%d bits in the pipeline, %d in the binding", members[0].Bits, spec.Bits), Err: ErrWidth})
	default:
		r.id, r.size = info.GetPreamble().GetId(), int64(info.GetSize())
		r.cell = field{name: "value", width: members[0].Bits}
	}
	return r
}

func registerEntity(e *p4v1.RegisterEntry) *p4v1.Entity {
	return &p4v1.Entity{Entity: &p4v1.Entity_RegisterEntry{RegisterEntry: e}}
}

// ReadAll asks for every cell.
func (r *Register[T]) ReadAll() (*p4v1.Entity, error) {
	if r.id == 0 {
		return nil, &Error{Object: r.object, Err: ErrAbsent}
	}
	return registerEntity(&p4v1.RegisterEntry{RegisterId: r.id}), nil
}

// Read asks for one cell.
func (r *Register[T]) Read(index int64) (*p4v1.Entity, error) {
	i, err := r.at(index)
	if err != nil {
		return nil, err
	}
	return registerEntity(&p4v1.RegisterEntry{RegisterId: r.id, Index: i}), nil
}

// Set makes the update that writes one cell.
func (r *Register[T]) Set(index int64, v T) (*p4v1.Update, error) {
	i, err := r.at(index)
	if err != nil {
		return nil, err
	}
	w := ValueWriter{object: r.object, fields: []field{r.cell}, out: make([][]byte, 1)}
	if Put(&w, 0, r.codec, v); w.err != nil {
		return nil, w.err
	}
	return Modify(registerEntity(&p4v1.RegisterEntry{RegisterId: r.id, Index: i,
		Data: &p4v1.P4Data{Data: &p4v1.P4Data_Bitstring{Bitstring: w.out[0]}}})), nil
}

// Decode reads one cell.
func (r *Register[T]) Decode(e *p4v1.RegisterEntry) (index int64, v T, err error) {
	if e.GetRegisterId() != r.id {
		return 0, v, &Error{Object: r.object, Detail: fmt.Sprintf("cell of register id %#x", e.GetRegisterId()), Err: ErrUnknown}
	}
	in := ValueReader{object: r.object, fields: []field{r.cell}, in: [][]byte{e.GetData().GetBitstring()}}
	v = Get(&in, 0, r.codec)
	return e.GetIndex().GetIndex(), v, in.err
}
