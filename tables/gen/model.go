package main

import (
	"fmt"
	"strings"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"

	"github.com/firstack/firstack/tables"
)

// model is a program as the bindings show it, in the order of the P4Info.
type model struct {
	program  string
	pkg      string
	tables   []table
	actions  []action
	profiles []profile
	digests  []record
	headers  []record
	counters []array
	meters   []array
	register []array
}

// named is what every object has.
type named struct {
	alias, full string
	goName      string
	doc         string
}

type table struct {
	named
	key     []keyField
	actions []int // into model.actions
	exact   bool  // no priority
	const_  bool
}

type action struct {
	named
	params []member
	seals  []string // Go names of the interfaces that it belongs to
}

type profile struct {
	named
	actions []int
}

// record is a digest or a controller header.
type record struct {
	named
	p4type  string // digests: the P4 struct
	members []member
}

type array struct {
	named
	cell member // registers
}

func nameOf(p *p4configv1.Preamble) named {
	alias := p.GetAlias()
	if alias == "" {
		alias = p.GetName()[strings.LastIndexByte(p.GetName(), '.')+1:]
	}
	return named{alias: alias, full: p.GetName(), goName: goName(alias), doc: p.GetDoc().GetBrief()}
}

func newModel(info *p4configv1.P4Info, program, pkg string) (*model, error) {
	m := &model{program: program, pkg: pkg}
	steps := []func(*p4configv1.P4Info) error{m.addActions, m.addTables, m.addProfiles, m.addDigests, m.addHeaders, m.addArrays}
	for _, step := range steps {
		if err := step(info); err != nil {
			return nil, err
		}
	}
	return m, m.checkNames()
}

func (m *model) addActions(info *p4configv1.P4Info) error {
	for _, a := range info.GetActions() {
		out := action{named: nameOf(a.GetPreamble())}
		fields := unique{}
		for _, p := range a.GetParams() {
			param, err := newMember(p.GetName(), int(p.GetBitwidth()), p.GetAnnotations())
			if err == nil {
				err = fields.claim(param.goName, "parameter "+p.GetName())
			}
			if err != nil {
				return fmt.Errorf("action %s: %w", out.alias, err)
			}
			out.params = append(out.params, param)
		}
		m.actions = append(m.actions, out)
	}
	return nil
}

func (m *model) actionsByID(info *p4configv1.P4Info, refs []*p4configv1.ActionRef) []int {
	var out []int
	for _, ref := range refs {
		for i, a := range info.GetActions() {
			if a.GetPreamble().GetId() == ref.GetId() {
				out = append(out, i)
			}
		}
	}
	return out
}

func (m *model) addTables(info *p4configv1.P4Info) error {
	for _, t := range info.GetTables() {
		out := table{named: nameOf(t.GetPreamble()), exact: true, const_: t.GetIsConstTable()}
		fields := unique{}
		for _, f := range t.GetMatchFields() {
			k, err := newKeyField(f)
			if err == nil {
				err = fields.claim(k.goName, "field "+f.GetName())
			}
			if err != nil {
				return fmt.Errorf("table %s: %w", out.alias, err)
			}
			out.key = append(out.key, k)
			switch f.GetMatchType() {
			case tables.KindTernary, tables.KindRange, tables.KindOptional:
				out.exact = false
			}
		}
		out.actions = m.actionsByID(info, t.GetActionRefs())
		for _, i := range out.actions {
			m.actions[i].seals = append(m.actions[i].seals, out.goName+"Action")
		}
		m.tables = append(m.tables, out)
	}
	return nil
}

func (m *model) addProfiles(info *p4configv1.P4Info) error {
	for _, p := range info.GetActionProfiles() {
		out := profile{named: nameOf(p.GetPreamble())}
		seen := map[int]bool{}
		for _, id := range p.GetTableIds() {
			for _, t := range info.GetTables() {
				if t.GetPreamble().GetId() != id {
					continue
				}
				for _, i := range m.actionsByID(info, t.GetActionRefs()) {
					if !seen[i] {
						seen[i] = true
						out.actions = append(out.actions, i)
						m.actions[i].seals = append(m.actions[i].seals, out.goName+"Action")
					}
				}
			}
		}
		m.profiles = append(m.profiles, out)
	}
	return nil
}

func (m *model) addDigests(info *p4configv1.P4Info) error {
	for _, d := range info.GetDigests() {
		out := record{named: nameOf(d.GetPreamble()), p4type: d.GetTypeSpec().GetStruct().GetName()}
		out.goName = goName(strings.TrimSuffix(out.alias, "_t"))
		members, err := tables.Members(info, d.GetTypeSpec())
		if err != nil {
			return fmt.Errorf("digest %s: %w", out.alias, err)
		}
		for _, spec := range members {
			mem, err := newMember(spec.Name, spec.Bits, nil)
			if err != nil {
				return fmt.Errorf("digest %s: %w", out.alias, err)
			}
			out.members = append(out.members, mem)
		}
		m.digests = append(m.digests, out)
	}
	return nil
}

func (m *model) addHeaders(info *p4configv1.P4Info) error {
	for _, h := range info.GetControllerPacketMetadata() {
		out := record{named: nameOf(h.GetPreamble())}
		for _, f := range h.GetMetadata() {
			if tables.IsPadding(f) {
				continue
			}
			mem, err := newMember(f.GetName(), int(f.GetBitwidth()), f.GetAnnotations())
			if err != nil {
				return fmt.Errorf("header %s: %w", out.alias, err)
			}
			out.members = append(out.members, mem)
		}
		m.headers = append(m.headers, out)
	}
	return nil
}

func (m *model) addArrays(info *p4configv1.P4Info) error {
	for _, c := range info.GetCounters() {
		m.counters = append(m.counters, array{named: nameOf(c.GetPreamble())})
	}
	for _, x := range info.GetMeters() {
		m.meters = append(m.meters, array{named: nameOf(x.GetPreamble())})
	}
	for _, r := range info.GetRegisters() {
		out := array{named: nameOf(r.GetPreamble())}
		if r.GetTypeSpec().GetBitstring() == nil {
			continue // registers of structs: nothing in P4Runtime's targets serves them
		}
		members, err := tables.Members(info, r.GetTypeSpec())
		if err != nil {
			return fmt.Errorf("register %s: %w", out.alias, err)
		}
		out.cell, err = newMember(out.alias, members[0].Bits, nil)
		if err != nil {
			return fmt.Errorf("register %s: %w", out.alias, err)
		}
		m.register = append(m.register, out)
	}
	return nil
}

// checkNames refuses programs whose names meet in Go. Tables, profiles, digests, headers and arrays become fields
// of Program; keys, entries and actions become types.
func (m *model) checkNames() error {
	fields, types := unique{}, unique{"Program": "the program"}
	var errs []error
	claim := func(u unique, name, what string) { errs = append(errs, u.claim(name, what)) }
	for _, t := range m.tables {
		claim(fields, t.goName, "table "+t.alias)
		for _, suffix := range []string{"Key", "Action", "Entry"} {
			claim(types, t.goName+suffix, "table "+t.alias)
		}
	}
	for _, a := range m.actions {
		claim(types, a.goName, "action "+a.alias)
	}
	for _, p := range m.profiles {
		claim(fields, p.goName, "action profile "+p.alias)
		claim(types, p.goName+"Action", "action profile "+p.alias)
	}
	for _, r := range append(append([]record(nil), m.digests...), m.headers...) {
		claim(fields, r.goName, r.alias)
		claim(types, r.goName, r.alias)
	}
	for _, a := range m.counters {
		claim(fields, a.goName+"Counter", "counter "+a.alias)
	}
	for _, a := range m.meters {
		claim(fields, a.goName+"Meter", "meter "+a.alias)
	}
	for _, a := range m.register {
		claim(fields, a.goName+"Register", "register "+a.alias)
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
