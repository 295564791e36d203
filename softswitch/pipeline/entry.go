package pipeline

import "time"

// MatchKind says how one field of a table's key is compared.
type MatchKind uint8

// The match kinds of v1model. "optional" reaches BMv2 JSON as ternary.
const (
	Exact MatchKind = iota
	LPM
	Ternary
	Range
)

// String gives the kind's name in P4.
func (k MatchKind) String() string {
	switch k {
	case Exact:
		return "exact"
	case LPM:
		return "lpm"
	case Ternary:
		return "ternary"
	case Range:
		return "range"
	}
	return "unknown"
}

// KeyField describes one field of a table's key.
type KeyField struct {
	Name  string    // the name the control plane knows, "hdr.ipv4.dst"
	Width int       // bits
	Kind  MatchKind // how it is compared
}

// Field is the value of one key field in an entry. All byte strings are big
// endian; shorter ones than the field's width are taken as padded with zeros on
// the left, longer ones must have zeros there. Entries that are read back carry
// values padded to the full width.
//
//	exact    Value
//	lpm      Value, PrefixLen
//	ternary  Value, Mask (a nil Mask means all ones: optional fields use that)
//	range    Low, High, both inclusive
//
// Present false means "don't care" and is refused for exact fields. Value bits
// outside the mask or prefix are ignored.
type Field struct {
	Value, Mask []byte
	Low, High   []byte
	PrefixLen   int // bits
	Present     bool
}

// Key identifies an entry: its fields in the order of the table's key and, in
// tables with ternary or range fields, its priority.
type Key struct {
	Fields   []Field
	Priority int32
}

// Call is an action with its arguments, in the order of the action's
// parameters; big endian, padded like Field values.
type Call struct {
	Action string
	Args   [][]byte
}

// Weighted is one member of a one-shot action selector set.
type Weighted struct {
	Call      Call
	Weight    int32 // at least 1
	WatchPort uint32
	Watch     bool // WatchPort is meaningful
}

// Entry is one table entry. What it does is exactly one of: Action (tables
// without action profile), Member, Group or Set (tables with one).
type Entry struct {
	Key      []Field
	Priority int32 // larger wins; only in tables with ternary or range fields

	Action Call
	Member uint32     // action profile member, 0 = none
	Group  uint32     // action selector group, 0 = none
	Set    []Weighted // one-shot selector programming, nil = none

	IdleTimeout time.Duration // 0 = never; only in tables with support_timeout
	Metadata    []byte        // the controller's cookie, kept and given back

	LastHit uint64 // microseconds on Env.Now's clock; insertion counts as a hit; tables with support_timeout only
	Packets uint64 // direct counter
	Bytes   uint64 // direct counter
	Meter   *MeterConfig
	Const   bool // from the program; cannot be changed
}

// KeyOf gives the part of an entry that identifies it.
func (e *Entry) KeyOf() Key { return Key{Fields: e.Key, Priority: e.Priority} }

// MeterConfig configures a two-rate three-colour marker (RFC 2698). Rates are
// bytes or packets per second, bursts bytes or packets, by the meter's unit.
type MeterConfig struct {
	CIR, CBurst int64 // committed rate and burst
	PIR, PBurst int64 // peak rate and burst
}
