package main

import (
	"fmt"
	"strings"
)

func emitTables(s *source, m *model) {
	for _, t := range m.tables {
		emitTable(s, m, t)
	}
	for _, p := range m.profiles {
		emitProfile(s, m, p)
	}
}

func emitTable(s *source, m *model, t table) {
	var fields []string
	for _, k := range t.key {
		fields = append(fields, fmt.Sprintf("%s (%s, %d bits)", k.p4, strings.ToLower(k.verb), k.bits))
	}
	otherwise := fmt.Sprintf(" is the key of table %s: %s", t.full, strings.Join(fields, ", "))
	if len(fields) == 0 {
		otherwise = fmt.Sprintf(" is the key of table %s, which has a default entry only", t.full)
	}
	comment(s, t.goName+"Key", t.doc, otherwise)
	s.line("type %sKey struct {", t.goName)
	for _, k := range t.key {
		s.line("%s %s", k.goName, k.goType)
	}
	s.line("}\n")

	comment(s, t.goName+"Action", "", " is one of the actions of table "+t.alias+": "+actionNames(m, t.actions))
	emitSeal(s, t.goName+"Action")
	comment(s, t.goName+"Entry", "", " is an entry of table "+t.alias+priorityNote(t))
	s.line("type %sEntry = tables.Entry[%sKey, %sAction]\n", t.goName, t.goName, t.goName)

	s.line("var spec%s = tables.TableSpec[%sKey]{", t.goName, t.goName)
	s.line("Name: %q,\nFull: %q,", t.alias, t.full)
	if len(t.key) > 0 {
		s.line("Fields: []tables.FieldSpec{")
		for _, k := range t.key {
			s.line("{Name: %q, Kind: tables.%s, Bits: %d},", k.p4, k.kind, k.typ.bits)
		}
		s.line("},")
	}
	emitKeyCodec(s, t)
	emitActionList(s, m, t.actions)
	s.line("}\n")
}

func priorityNote(t table) string {
	switch {
	case t.const_:
		return ", all of them the program's own"
	case t.exact:
		return ", without priority"
	}
	return ", with a priority above 0"
}

func emitKeyCodec(s *source, t table) {
	if len(t.key) == 0 {
		s.line("Put: func(*tables.MatchWriter, %sKey) {},", t.goName)
		s.line("Get: func(*tables.MatchReader) %sKey { return %sKey{} },", t.goName, t.goName)
		return
	}
	s.line("Put: func(w *tables.MatchWriter, k %sKey) {", t.goName)
	for i, k := range t.key {
		s.line("tables.Put%s(w, %d, tables.%s, k.%s)", k.verb, i, k.typ.codec, k.goName)
	}
	s.line("},")
	s.line("Get: func(r *tables.MatchReader) (k %sKey) {", t.goName)
	for i, k := range t.key {
		s.line("k.%s = tables.Get%s(r, %d, tables.%s)", k.goName, k.verb, i, k.typ.codec)
	}
	s.line("return k\n},")
}

func emitProfile(s *source, m *model, p profile) {
	comment(s, p.goName+"Action", p.doc, " is one of the actions of action profile "+p.alias+": "+actionNames(m, p.actions))
	emitSeal(s, p.goName+"Action")
	s.line("var spec%s = tables.ProfileSpec{", p.goName)
	s.line("Name: %q,\nFull: %q,", p.alias, p.full)
	emitActionList(s, m, p.actions)
	s.line("}\n")
}

func emitSeal(s *source, name string) {
	s.line("type %s interface {\ntables.Action\nis%s()\n}\n", name, name)
}

func actionNames(m *model, indices []int) string {
	var names []string
	for _, i := range indices {
		names = append(names, m.actions[i].goName)
	}
	return strings.Join(names, ", ")
}

func emitActionList(s *source, m *model, indices []int) {
	var specs []string
	for _, i := range indices {
		specs = append(specs, "&action"+m.actions[i].goName)
	}
	s.line("Actions: []*tables.ActionSpec{%s},", strings.Join(specs, ", "))
}

func emitActions(s *source, m *model) {
	for _, a := range m.actions {
		emitAction(s, a)
	}
}

func emitAction(s *source, a action) {
	comment(s, a.goName, a.doc, " calls action "+a.full)
	emitStruct(s, a.goName, a.params)
	s.line("var action%s = tables.ActionSpec{\nName: %q,\nFull: %q,", a.goName, a.alias, a.full)
	emitValueSpecs(s, "Params", a.params)
	if len(a.params) == 0 {
		s.line("New: func(*tables.ValueReader) tables.Action { return %s{} },\n}\n", a.goName)
	} else {
		s.line("New: func(r *tables.ValueReader) tables.Action {\nreturn %s{", a.goName)
		emitGets(s, a.params)
		s.line("}\n},\n}\n")
	}
	s.line("// P4Action gives the action's names.")
	s.line("func (%s) P4Action() *tables.ActionSpec { return &action%s }\n", a.goName, a.goName)
	s.line("// PutParams writes the parameters.")
	if len(a.params) == 0 {
		s.line("func (%s) PutParams(*tables.ValueWriter) {}\n", a.goName)
	} else {
		s.line("func (a %s) PutParams(w *tables.ValueWriter) {", a.goName)
		emitPuts(s, "a", a.params)
		s.line("}\n")
	}
	for _, seal := range a.seals {
		s.line("func (%s) is%s() {}", a.goName, seal)
	}
	s.line("")
}

func emitStruct(s *source, name string, members []member) {
	if len(members) == 0 {
		s.line("type %s struct{}\n", name)
		return
	}
	s.line("type %s struct {", name)
	for _, f := range members {
		s.line("%s %s // %d bits", f.goName, f.goType, f.bits)
	}
	s.line("}\n")
}

func emitValueSpecs(s *source, field string, members []member) {
	if len(members) == 0 {
		return
	}
	s.line("%s: []tables.ValueSpec{", field)
	for _, f := range members {
		s.line("{Name: %q, Bits: %d},", f.p4, f.typ.bits)
	}
	s.line("},")
}

func emitGets(s *source, members []member) {
	for i, f := range members {
		s.line("%s: tables.Get(r, %d, tables.%s),", f.goName, i, f.typ.codec)
	}
}

func emitPuts(s *source, receiver string, members []member) {
	for i, f := range members {
		s.line("tables.Put(w, %d, tables.%s, %s.%s)", i, f.typ.codec, receiver, f.goName)
	}
}

func emitDigests(s *source, m *model) {
	for _, d := range m.digests {
		comment(s, d.goName, d.doc, " is one item of digest "+d.full)
		emitStruct(s, d.goName, d.members)
		s.line("var spec%s = tables.DigestSpec[%s]{\nName: %q,\nFull: %q,", d.goName, d.goName, d.alias, d.full)
		if d.p4type != "" {
			s.line("Type: %q,", d.p4type)
		}
		emitRecord(s, d)
	}
}

func emitHeaders(s *source, m *model) {
	for _, h := range m.headers {
		comment(s, h.goName, h.doc, " is the controller header "+h.full)
		emitStruct(s, h.goName, h.members)
		s.line("var spec%s = tables.PacketSpec[%s]{\nName: %q,", h.goName, h.goName, h.full)
		emitRecord(s, h)
	}
}

func emitRecord(s *source, r record) {
	emitValueSpecs(s, "Members", r.members)
	s.line("Put: func(w *tables.ValueWriter, v %s) {", r.goName)
	emitPuts(s, "v", r.members)
	s.line("},\nGet: func(r *tables.ValueReader) %s {\nreturn %s{", r.goName, r.goName)
	emitGets(s, r.members)
	s.line("}\n},\n}\n")
}
