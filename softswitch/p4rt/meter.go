package p4rt

import (
	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/softswitch/p4rt/schema"
	"github.com/firstack/firstack/softswitch/pipeline"
)

// decodeMeter checks a meter's configuration (P4Runtime specification, chapter "MeterEntry &
// DirectMeterEntry"); nil is the default, green for all packets.
func decodeMeter(m *schema.Meter, c *p4v1.MeterConfig) (*pipeline.MeterConfig, error) {
	if c == nil {
		return nil, nil
	}
	invalid := func(text string) error {
		return status.Errorf(codes.InvalidArgument, "meter %q: %s", m.Name, text)
	}
	if c.GetCir() < 0 || c.GetCburst() < 0 || c.GetPir() < 0 || c.GetPburst() < 0 || c.GetEburst() < 0 {
		return nil, invalid("rates and bursts must not be negative")
	}
	switch m.Type {
	case p4configv1.MeterSpec_TWO_RATE_THREE_COLOR:
		if c.GetEburst() != 0 {
			return nil, invalid("eburst is for single rate meters only")
		}
		if c.GetPir() < c.GetCir() {
			return nil, invalid("pir is below cir")
		}
	case p4configv1.MeterSpec_SINGLE_RATE_TWO_COLOR:
		if c.GetPir() != c.GetCir() || c.GetPburst() != c.GetCburst() || c.GetEburst() != 0 {
			return nil, invalid("a single rate two color meter needs pir = cir, pburst = cburst and no eburst")
		}
	default:
		return nil, status.Errorf(codes.Unimplemented, "meter %q: type %v is not supported", m.Name, m.Type)
	}
	return &pipeline.MeterConfig{CIR: c.GetCir(), CBurst: c.GetCburst(), PIR: c.GetPir(), PBurst: c.GetPburst()}, nil
}

func encodeMeter(c *pipeline.MeterConfig) *p4v1.MeterConfig {
	if c == nil {
		return nil
	}
	return &p4v1.MeterConfig{Cir: c.CIR, Cburst: c.CBurst, Pir: c.PIR, Pburst: c.PBurst}
}

// writeMeter configures one meter of an array, or all.
func (w *writer) writeMeter(op p4v1.Update_Type, e *p4v1.MeterEntry) error {
	m := w.b.meters[e.GetMeterId()]
	if m == nil {
		return status.Errorf(codes.InvalidArgument, "meter %d does not exist", e.GetMeterId())
	}
	if err := modifyOnly(op, "meter", m.Name); err != nil {
		return err
	}
	if err := w.allowed(m.Object, "meter"); err != nil {
		return err
	}
	if e.GetCounterData() != nil {
		return status.Errorf(codes.Unimplemented, "meter %q: counter_data is not supported", m.Name)
	}
	cfg, err := decodeMeter(m.Meter, e.GetConfig())
	if err != nil {
		return err
	}
	from, to, err := indices("meter", m.Name, e.GetIndex(), m.pm.Size())
	if err != nil {
		return err
	}
	for i := from; i < to; i++ {
		if w.atomic {
			old, err := m.pm.Config(i)
			if err != nil {
				return err
			}
			w.undo(func() { _ = m.pm.SetConfig(i, old) })
		}
		if err := m.pm.SetConfig(i, cfg); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) readMeter(e *p4v1.MeterEntry) error {
	if e.GetMeterId() != 0 && r.b.meters[e.GetMeterId()] == nil {
		return status.Errorf(codes.InvalidArgument, "meter %d does not exist", e.GetMeterId())
	}
	if e.GetCounterData() != nil {
		return status.Error(codes.Unimplemented, "meters: counter_data is not supported")
	}
	for _, id := range selected(r.b.meters, e.GetMeterId()) {
		m := r.b.meters[id]
		if !mayUse(r.role, m.Role) {
			continue
		}
		index := e.GetIndex()
		if e.GetMeterId() == 0 {
			index = nil
		}
		from, to, err := indices("meter", m.Name, index, m.pm.Size())
		if err != nil {
			return err
		}
		err = cells(r, from, to, m.pm.Config, func(i int, cfg *pipeline.MeterConfig) {
			r.add(&p4v1.Entity{Entity: &p4v1.Entity_MeterEntry{MeterEntry: &p4v1.MeterEntry{
				MeterId: id, Index: &p4v1.Index{Index: int64(i)}, Config: encodeMeter(cfg)}}})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// indices gives the range of an array that an index selects: one cell, or all when it is unset.
func indices(kind, name string, index *p4v1.Index, size int) (from, to int, err error) {
	if index == nil {
		return 0, size, nil
	}
	i := index.GetIndex()
	switch {
	case i < 0:
		return 0, 0, status.Errorf(codes.InvalidArgument, "%s %q: index %d is negative", kind, name, i)
	case i >= int64(size):
		return 0, 0, status.Errorf(codes.OutOfRange, "%s %q: index %d is not below its size %d", kind, name, i, size)
	}
	return int(i), int(i) + 1, nil
}
