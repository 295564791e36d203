package schema

import (
	"fmt"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
)

// Schema is an indexed P4Info.
type Schema struct {
	Info *p4configv1.P4Info // must not be changed

	Actions    map[uint32]*Action
	Tables     map[uint32]*Table
	Profiles   map[uint32]*Profile
	Counters   map[uint32]*Counter
	Meters     map[uint32]*Meter
	Registers  map[uint32]*Register
	ValueSets  map[uint32]*ValueSet
	Digests    map[uint32]*Digest
	PacketIn   *PacketHeader // nil if the program has none
	PacketOut  *PacketHeader
	tableOrder []*Table

	actionsByName map[string]*Action
	tablesByName  map[string]*Table
	digestsByName map[string]*Digest
}

// New indexes info. Errors name the object that is wrong or cannot be served.
func New(info *p4configv1.P4Info) (*Schema, error) {
	if info == nil {
		return nil, fmt.Errorf("P4Info is missing")
	}
	s := &Schema{
		Info:          info,
		Actions:       map[uint32]*Action{},
		Tables:        map[uint32]*Table{},
		Profiles:      map[uint32]*Profile{},
		Counters:      map[uint32]*Counter{},
		Meters:        map[uint32]*Meter{},
		Registers:     map[uint32]*Register{},
		ValueSets:     map[uint32]*ValueSet{},
		Digests:       map[uint32]*Digest{},
		actionsByName: map[string]*Action{},
		tablesByName:  map[string]*Table{},
		digestsByName: map[string]*Digest{},
	}
	for _, add := range []func() error{
		s.addActions, s.addProfiles, s.addTables, s.addExterns, s.addDigests, s.addPacketHeaders,
	} {
		if err := add(); err != nil {
			return nil, fmt.Errorf("P4Info: %w", err)
		}
	}
	return s, nil
}

// TableList returns all tables in the order of the P4Info. The caller must not change it.
func (s *Schema) TableList() []*Table { return s.tableOrder }

// TableNamed returns the table of that full name, or nil.
func (s *Schema) TableNamed(name string) *Table { return s.tablesByName[name] }

// ActionNamed returns the action of that full name, or nil.
func (s *Schema) ActionNamed(name string) *Action { return s.actionsByName[name] }

// DigestNamed returns the digest of that full name, or nil.
func (s *Schema) DigestNamed(name string) *Digest { return s.digestsByName[name] }

// Object is what everything in a P4Info has in common.
type Object struct {
	ID   uint32
	Name string // full name, as in the compiled program
	Role string // of @p4runtime_role, "" if any role may use the object
}

// object checks a preamble; seen holds the ids and names of its kind.
func object(kind string, p *p4configv1.Preamble, seen map[any]bool) (Object, error) {
	o := Object{ID: p.GetId(), Name: p.GetName(), Role: roleOf(p.GetAnnotations())}
	switch {
	case o.ID == 0:
		return o, fmt.Errorf("%s %q has no id", kind, o.Name)
	case o.Name == "":
		return o, fmt.Errorf("%s %d has no name", kind, o.ID)
	case seen[o.ID]:
		return o, fmt.Errorf("%s %q: id %d is used twice", kind, o.Name, o.ID)
	case seen[o.Name]:
		return o, fmt.Errorf("%s %q: name is used twice", kind, o.Name)
	}
	seen[o.ID], seen[o.Name] = true, true
	return o, nil
}

// width checks the width of a field, in bits. A width of 0 is what a type translated to strings has.
func width(kind, owner, name string, bits int32) (int, error) {
	if bits <= 0 {
		return 0, fmt.Errorf("%s %q of %q has width %d; values translated to strings are not supported", kind, name, owner, bits)
	}
	if bits > maxWidth {
		return 0, fmt.Errorf("%s %q of %q is %d bits wide, more than %d", kind, name, owner, bits, maxWidth)
	}
	return int(bits), nil
}

// maxWidth bounds fields, in bits; p4c has the same default limit for BMv2.
const maxWidth = 2048
