package tables

import (
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
)

// Entry is an entry of a table with key K and actions A (P4Runtime specification, "TableEntry").
// A direct table takes Action. A table with an action profile takes exactly one of Member, Group and Set.
type Entry[K any, A Action] struct {
	Key      K
	Priority int32 // higher wins; only, and always, where a field is ternary, range or optional
	Action   A
	Member   uint32        // of the action profile; 0: none
	Group    uint32        // of the action selector; 0: none
	Set      []Weighted[A] // one-shot selector programming

	IdleTimeout time.Duration // 0: never expires
	Metadata    []byte        // the controller's own, kept by the switch
	Meter       *MeterConfig  // of the table's direct meter; nil: the default, always green

	// Only in entries that were read.
	Counter *CounterData   // of the direct counter, when asked for
	IdleFor *time.Duration // since the last hit, when asked for
	Default bool           // the default entry
	Const   bool           // the program's own; can't be changed
}

// Weighted is one action of a one-shot set.
type Weighted[A Action] struct {
	Action    A
	Weight    int32
	WatchPort []byte // the member counts only while this port is up; empty: always
}

// CounterData is what a counter has counted.
type CounterData struct{ Packets, Bytes int64 }

// MeterConfig is a two-rate three-colour marker (RFC 2698). Rates are a second, in the meter's unit.
type MeterConfig struct{ CIR, CBurst, PIR, PBurst int64 }

func (m *MeterConfig) message() *p4v1.MeterConfig {
	if m == nil {
		return nil
	}
	return &p4v1.MeterConfig{Cir: m.CIR, Cburst: m.CBurst, Pir: m.PIR, Pburst: m.PBurst}
}

func meterOf(m *p4v1.MeterConfig) *MeterConfig {
	if m == nil {
		return nil
	}
	return &MeterConfig{CIR: m.GetCir(), CBurst: m.GetCburst(), PIR: m.GetPir(), PBurst: m.GetPburst()}
}

func counterOf(c *p4v1.CounterData) *CounterData {
	if c == nil {
		return nil
	}
	return &CounterData{Packets: c.GetPacketCount(), Bytes: c.GetByteCount()}
}

func tableEntity(e *p4v1.TableEntry) *p4v1.Entity {
	return &p4v1.Entity{Entity: &p4v1.Entity_TableEntry{TableEntry: e}}
}

// Insert, Modify and Delete make an update of an entity.
func Insert(e *p4v1.Entity) *p4v1.Update {
	return &p4v1.Update{Type: p4v1.Update_INSERT, Entity: e}
}

// Modify replaces what the entity's key names.
func Modify(e *p4v1.Entity) *p4v1.Update {
	return &p4v1.Update{Type: p4v1.Update_MODIFY, Entity: e}
}

// Delete removes what the entity's key names.
func Delete(e *p4v1.Entity) *p4v1.Update {
	return &p4v1.Update{Type: p4v1.Update_DELETE, Entity: e}
}
