package bmv2json

import (
	"errors"
	"fmt"

	"github.com/firstack/firstack/softswitch/bmv2json/jsontree"
)

// Version bounds: major 2, minor up to MaxMinor (P4Objects.cpp checks the same).
const (
	Major    = 2
	MaxMinor = 24
)

// ErrVersion: the JSON has a format version that is not understood.
var ErrVersion = errors.New("BMv2 JSON version not supported")

// ErrUnsupported: the JSON uses a construct that is not known.
var ErrUnsupported = errors.New("not supported")

// ErrInvalid: the JSON contradicts the format or itself.
var ErrInvalid = errors.New("invalid BMv2 JSON")

// Program is a whole P4 program.
type Program struct {
	Name    string // "program" attribute, may be empty
	Version [2]int // {0, 0} when the JSON has none

	HeaderTypes []*HeaderType
	Headers     []*Header
	Stacks      []*Stack
	Unions      []*Union
	UnionStacks []*UnionStack
	Errors      map[string]int // parser errors
	ValueSets   []*ValueSet
	Parsers     []*Parser
	Deparsers   []*Deparser

	Calculations []*Calculation
	Checksums    []*Checksum
	Registers    []*Register
	Counters     []*Counter
	Meters       []*Meter
	Actions      []*Action
	Controls     []*Control // "pipelines": ingress, egress
	LearnLists   []*FieldList
	FieldLists   []*FieldList
	Aliases      map[string]FieldRef // "header.field" as the target knows it
}

// Parse reads and checks a BMv2 JSON document. Errors wrap ErrVersion,
// ErrUnsupported or ErrInvalid and name the place.
func Parse(data []byte) (*Program, error) {
	var raw rawProgram
	tree, err := jsontree.Parse(data)
	if err == nil {
		err = jsontree.Fill(tree, &raw)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if err := checkVersion(raw.Meta.Version); err != nil {
		return nil, err
	}
	d := newDecoder(&raw)
	steps := []struct {
		section string
		run     func() error
	}{
		{"header_types", d.headerTypes},
		{"headers", d.headers},
		{"header_stacks", d.stacks},
		{"header_unions", d.unions},
		{"header_union_stacks", d.unionStacks},
		{"field_aliases", d.aliases},
		{"extern_instances", d.externs},
		{"parse_vsets", d.valueSets},
		{"errors", d.errors},
		{"calculations", d.calculations},
		{"counter_arrays", d.counters},
		{"meter_arrays", d.meters},
		{"register_arrays", d.registers},
		{"learn_lists", d.learnLists},
		{"field_lists", d.fieldLists},
		{"parsers", d.parsers},
		{"deparsers", d.deparsers},
		{"actions", d.actions},
		{"pipelines", d.controls},
		{"checksums", d.checksums},
	}
	for _, s := range steps {
		if err := s.run(); err != nil {
			return nil, fmt.Errorf("%s: %w", s.section, err)
		}
	}
	if len(raw.Meta.Version) == 2 {
		d.p.Version = [2]int{raw.Meta.Version[0], raw.Meta.Version[1]}
	}
	d.p.Name = raw.Program
	return d.p, nil
}

// checkVersion takes a missing version as right, as BMv2 does.
func checkVersion(v []int) error {
	if v == nil {
		return nil
	}
	if len(v) != 2 {
		return fmt.Errorf("%w: __meta__.version has %d parts, not 2", ErrInvalid, len(v))
	}
	if v[0] != Major || v[1] < 0 || v[1] > MaxMinor {
		return fmt.Errorf("%w: it is %d.%d, known are %d.0 to %d.%d", ErrVersion, v[0], v[1], Major, Major, MaxMinor)
	}
	return nil
}

// Control finds a control ("ingress", "egress") by name; nil when there is none.
func (p *Program) Control(name string) *Control {
	for _, c := range p.Controls {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Field finds a field by header and field name, through the aliases first; ok
// is false when there is none.
func (p *Program) Field(header, field string) (ref FieldRef, ok bool) {
	if ref, ok = p.Aliases[header+"."+field]; ok {
		return ref, true
	}
	for _, h := range p.Headers {
		if h.Name == header {
			if i := h.Type.FieldIndex(field); i >= ValidField {
				return FieldRef{Header: h, Field: i}, true
			}
		}
	}
	return FieldRef{}, false
}
