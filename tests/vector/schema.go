package vector

import (
	"fmt"
	"strings"

	configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
)

// A Schema finds what a P4Info names.
type Schema struct {
	info     *configv1.P4Info
	realTime bool // values with ~ match anything
}

// NewSchema returns a schema over a P4Info.
func NewSchema(info *configv1.P4Info) *Schema { return &Schema{info: info} }

type object interface {
	GetPreamble() *configv1.Preamble
}

// find returns the object that is called name, or whose name ends in it after a dot.
func find[T object](kind, name string, objects []T) (T, error) {
	var found, none T
	count := 0
	for _, o := range objects {
		full := o.GetPreamble().GetName()
		if full == name {
			return o, nil
		}
		if strings.HasSuffix(full, "."+name) {
			found = o
			count++
		}
	}
	switch {
	case name == "" || count == 0:
		return none, fmt.Errorf("no %s is called %q", kind, name)
	case count > 1:
		return none, fmt.Errorf("%d %ss are called %q", count, kind, name)
	}
	return found, nil
}

func (s *Schema) table(name string) (*configv1.Table, error) {
	return find("table", name, s.info.Tables)
}

func (s *Schema) tableByID(id uint32) *configv1.Table {
	for _, t := range s.info.Tables {
		if t.Preamble.Id == id {
			return t
		}
	}
	return nil
}

// action finds an action among those that a table (nil: any) allows.
func (s *Schema) action(name string, table *configv1.Table) (*configv1.Action, error) {
	if table == nil {
		return find("action", name, s.info.Actions)
	}
	var allowed []*configv1.Action
	for _, ref := range table.ActionRefs {
		if a := s.actionByID(ref.Id); a != nil {
			allowed = append(allowed, a)
		}
	}
	return find("action of "+table.Preamble.Name, name, allowed)
}

func (s *Schema) actionByID(id uint32) *configv1.Action {
	for _, a := range s.info.Actions {
		if a.Preamble.Id == id {
			return a
		}
	}
	return nil
}

func (s *Schema) digestByID(id uint32) *configv1.Digest {
	for _, d := range s.info.Digests {
		if d.Preamble.Id == id {
			return d
		}
	}
	return nil
}

// a member of a digest's struct.
type member struct {
	name  string
	width int32
}

// members returns the members of a digest that is a struct of bit<W> or one bit<W>.
func (s *Schema) members(d *configv1.Digest) ([]member, error) {
	spec := d.GetTypeSpec()
	if bits := spec.GetBitstring().GetBit(); bits != nil {
		return []member{{d.Preamble.Alias, bits.Bitwidth}}, nil
	}
	name := spec.GetStruct().GetName()
	definition := s.info.GetTypeInfo().GetStructs()[name]
	if definition == nil {
		return nil, fmt.Errorf("digest %s is not a struct", d.Preamble.Name)
	}
	var members []member
	for _, m := range definition.Members {
		bits := m.TypeSpec.GetBitstring().GetBit()
		if bits == nil {
			return nil, fmt.Errorf("digest %s: member %s is not bit<W>", d.Preamble.Name, m.Name)
		}
		members = append(members, member{m.Name, bits.Bitwidth})
	}
	return members, nil
}

// controlHeader returns the metadata of packet_in or packet_out.
func (s *Schema) controlHeader(name string) (*configv1.ControllerPacketMetadata, error) {
	return find("controller header", name, s.info.ControllerPacketMetadata)
}
