package schema

import (
	"fmt"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
)

// Counter is a counter array, or, with Size 0, the direct counter of a table.
type Counter struct {
	Object
	Size int64
	Unit p4configv1.CounterSpec_Unit
}

// Meter is a meter array, or, with Size 0, the direct meter of a table.
type Meter struct {
	Object
	Size int64
	Unit p4configv1.MeterSpec_Unit
	Type p4configv1.MeterSpec_Type
}

// Register is an array of integers of Width bits.
type Register struct {
	Object
	Size  int64
	Type  *DataType // bits, signed or bool
	Width int
}

// ValueSet is a parser value set of at most Size members.
type ValueSet struct {
	Object
	Fields []Field
	Size   int64
}

// Field returns the position of the field with the given id, or -1; hint as in Action.Param.
func (v *ValueSet) Field(id uint32, hint int) int { return fieldPos(v.Fields, id, hint) }

func (s *Schema) addExterns() error {
	if len(s.Info.GetExterns()) > 0 {
		return fmt.Errorf("extern type %q is not supported", s.Info.GetExterns()[0].GetExternTypeName())
	}
	for _, add := range []func() error{s.addCounters, s.addMeters, s.addRegisters, s.addValueSets, s.checkDirectResources} {
		if err := add(); err != nil {
			return err
		}
	}
	return nil
}

func (s *Schema) addCounters() error {
	seen := map[any]bool{}
	for _, pc := range s.Info.GetCounters() {
		o, err := object("counter", pc.GetPreamble(), seen)
		if err != nil {
			return err
		}
		s.Counters[o.ID] = &Counter{Object: o, Size: pc.GetSize(), Unit: pc.GetSpec().GetUnit()}
	}
	seen = map[any]bool{}
	for _, pc := range s.Info.GetDirectCounters() {
		o, err := object("direct counter", pc.GetPreamble(), seen)
		if err != nil {
			return err
		}
		t := s.Tables[pc.GetDirectTableId()]
		if t == nil {
			return fmt.Errorf("direct counter %q: table %d does not exist", o.Name, pc.GetDirectTableId())
		}
		t.DirectCounter = &Counter{Object: o, Unit: pc.GetSpec().GetUnit()}
	}
	return nil
}

func (s *Schema) addMeters() error {
	seen := map[any]bool{}
	for _, pm := range s.Info.GetMeters() {
		o, err := object("meter", pm.GetPreamble(), seen)
		if err != nil {
			return err
		}
		s.Meters[o.ID] = &Meter{Object: o, Size: pm.GetSize(), Unit: pm.GetSpec().GetUnit(), Type: pm.GetSpec().GetType()}
	}
	seen = map[any]bool{}
	for _, pm := range s.Info.GetDirectMeters() {
		o, err := object("direct meter", pm.GetPreamble(), seen)
		if err != nil {
			return err
		}
		t := s.Tables[pm.GetDirectTableId()]
		if t == nil {
			return fmt.Errorf("direct meter %q: table %d does not exist", o.Name, pm.GetDirectTableId())
		}
		t.DirectMeter = &Meter{Object: o, Unit: pm.GetSpec().GetUnit(), Type: pm.GetSpec().GetType()}
	}
	return nil
}

func (s *Schema) addRegisters() error {
	seen := map[any]bool{}
	for _, pr := range s.Info.GetRegisters() {
		o, err := object("register", pr.GetPreamble(), seen)
		if err != nil {
			return err
		}
		dt, err := s.dataType(pr.GetTypeSpec())
		if err != nil {
			return fmt.Errorf("register %q: %w", o.Name, err)
		}
		if dt.Shape == Struct || dt.Shape == Tuple {
			return fmt.Errorf("register %q: only integers can be kept in registers", o.Name)
		}
		s.Registers[o.ID] = &Register{Object: o, Size: int64(pr.GetSize()), Type: dt, Width: dt.Width}
	}
	return nil
}

func (s *Schema) addValueSets() error {
	seen := map[any]bool{}
	for _, pv := range s.Info.GetValueSets() {
		o, err := object("value set", pv.GetPreamble(), seen)
		if err != nil {
			return err
		}
		fs, err := fields("value set", o.Name, pv.GetMatch())
		if err != nil {
			return err
		}
		s.ValueSets[o.ID] = &ValueSet{Object: o, Fields: fs, Size: int64(pv.GetSize())}
	}
	return nil
}

// checkDirectResources refuses references of tables that lead nowhere.
func (s *Schema) checkDirectResources() error {
	for _, pt := range s.Info.GetTables() {
		t := s.Tables[pt.GetPreamble().GetId()]
		for _, id := range pt.GetDirectResourceIds() {
			if t.DirectCounter != nil && t.DirectCounter.ID == id || t.DirectMeter != nil && t.DirectMeter.ID == id {
				continue
			}
			return fmt.Errorf("table %q: direct resource %d is neither its counter nor its meter", t.Name, id)
		}
	}
	return nil
}
