package bmv2json

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestParsePrograms: every program of the project is understood.
func TestParsePrograms(t *testing.T) {
	files, _ := filepath.Glob("../../p4src/build/*.json")
	more, _ := filepath.Glob("../pipeline/testdata/*.json")
	if len(more) == 0 {
		t.Fatal("no programs")
	}
	for _, f := range append(files, more...) {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Parse(data)
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		if p.Control("ingress") == nil || len(p.Parsers) != 1 || p.Version[0] != Major {
			t.Errorf("%s: %d parsers, version %v", f, len(p.Parsers), p.Version)
		}
		if _, ok := p.Field("intrinsic_metadata", "mcast_grp"); !ok {
			t.Errorf("%s: alias not resolved", f)
		}
	}
}

// small is a program with one of everything that the refusals below break.
const small = `{
 "__meta__": {"version": [2, 23]},
 "header_types": [
  {"name": "h_t", "id": 0, "fields": [["a", 8, false], ["b", 24, false]]},
  {"name": "v_t", "id": 1, "fields": [["n", 8, false], ["v", "*"]], "max_length": 9},
  {"name": "m_t", "id": 2, "fields": [["x", 9, false], ["y", 32, true]]}],
 "headers": [
  {"name": "h", "id": 0, "header_type": "h_t", "metadata": false},
  {"name": "s[0]", "id": 1, "header_type": "h_t", "metadata": false},
  {"name": "s[1]", "id": 2, "header_type": "h_t", "metadata": false},
  {"name": "v", "id": 3, "header_type": "v_t", "metadata": false},
  {"name": "m", "id": 4, "header_type": "m_t", "metadata": true}],
 "header_stacks": [{"name": "s", "id": 0, "header_type": "h_t", "header_ids": [1, 2]}],
 "errors": [["NoError", 0]],
 "parsers": [{"name": "parser", "id": 0, "init_state": "start", "parse_states": [
  {"name": "start", "id": 0,
   "parser_ops": [{"op": "extract", "parameters": [{"type": "regular", "value": "h"}]}],
   "transition_key": [{"type": "field", "value": ["h", "a"]}],
   "transitions": [{"type": "hexstr", "value": "0x01", "mask": null, "next_state": null}, {"type": "default", "value": null, "mask": null, "next_state": null}]}]}],
 "deparsers": [{"name": "deparser", "id": 0, "order": ["h", "s[0]", "s[1]"]}],
 "register_arrays": [{"name": "r", "id": 0, "size": 4, "bitwidth": 16}],
 "actions": [{"name": "act", "id": 0, "runtime_data": [{"name": "p", "bitwidth": 8}],
  "primitives": [{"op": "assign", "parameters": [{"type": "field", "value": ["h", "a"]}, {"type": "runtime_data", "value": 0}], "source_info": {"filename": "x.p4", "line": 12}}]}],
 "pipelines": [{"name": "ingress", "id": 0, "init_table": "t", "tables": [
  {"name": "t", "id": 0, "match_type": "exact", "type": "simple", "max_size": 4, "key": [{"match_type": "exact", "name": "k", "target": ["h", "a"], "mask": null}],
   "action_ids": [0], "actions": ["act"], "next_tables": {"act": "c"},
   "default_entry": {"action_id": 0, "action_data": ["0x5"]}}],
  "conditionals": [{"name": "c", "id": 0, "expression": {"type": "expression", "value": {"op": "==", "left": {"type": "field", "value": ["h", "a"]}, "right": {"type": "hexstr", "value": "0x01"}}}, "true_next": null, "false_next": null}],
  "action_profiles": []}]
}`

// TestParseRefuses: what is broken or unknown is refused with its name and
// place.
func TestParseRefuses(t *testing.T) {
	if _, err := Parse([]byte(small)); err != nil {
		t.Fatalf("the sound program: %v", err)
	}
	for _, c := range []struct {
		name, old, new string
		want           error
		text           string
	}{
		{"no JSON", `{`, `[`, ErrInvalid, ""},
		{"major version", `[2, 23]`, `[3, 0]`, ErrVersion, "3.0"},
		{"minor version", `[2, 23]`, `[2, 25]`, ErrVersion, "2.25"},
		{"version shape", `[2, 23]`, `[2]`, ErrInvalid, "version"},
		{"header not in bytes", `["b", 24, false]`, `["b", 23, false]`, ErrInvalid, "h: 31 bits"},
		{"field twice", `["b", 24, false]`, `["a", 24, false]`, ErrInvalid, `field "a" twice`},
		{"field without width", `["b", 24, false]`, `["b", 0, false]`, ErrInvalid, "b: 0 bits"},
		{"saturating field", `["b", 24, false]`, `["b", 24, false, true]`, ErrUnsupported, "saturating"},
		{"varbit without room", `"max_length": 9`, `"max_length": 1`, ErrInvalid, "max_length"},
		{"unknown header type", `"header_type": "m_t"`, `"header_type": "q_t"`, ErrInvalid, `"q_t"`},
		{"header id twice", `"id": 4, "header_type": "m_t"`, `"id": 3, "header_type": "m_t"`, ErrInvalid, "id 3 twice"},
		{"stack of another type", `[1, 2]`, `[1, 3]`, ErrInvalid, "another type"},
		{"unknown start", `"init_state": "start"`, `"init_state": "begin"`, ErrInvalid, `"begin"`},
		{"parser operation", `"op": "extract"`, `"op": "extract_all"`, ErrUnsupported, `"extract_all"`},
		{"extract of metadata", `{"type": "regular", "value": "h"}`, `{"type": "regular", "value": "m"}`, ErrInvalid, "m is metadata"},
		{"extract of varbit without length", `{"type": "regular", "value": "h"}`, `{"type": "regular", "value": "v"}`, ErrInvalid, "v_t"},
		{"transition too long", `"value": "0x01", "mask": null`, `"value": "0x0101", "mask": null`, ErrInvalid, "too long"},
		{"transition kind", `"type": "hexstr", "value": "0x01", "mask": null`, `"type": "oracle", "value": "0x01", "mask": null`, ErrUnsupported, `"oracle"`},
		{"unknown emitted header", `"order": ["h"`, `"order": ["g"`, ErrInvalid, `"g"`},
		{"register too large", `"size": 4, "bitwidth": 16`, `"size": 99999999999, "bitwidth": 16`, ErrInvalid, "r"},
		{"unknown field", `["h", "a"]}, {"type": "runtime_data"`, `["h", "z"]}, {"type": "runtime_data"`, ErrInvalid, "x.p4:12"},
		{"parameter out of range", `"runtime_data", "value": 0`, `"runtime_data", "value": 1`, ErrInvalid, "act: primitive assign"},
		{"argument type", `"type": "runtime_data", "value": 0`, `"type": "dream", "value": "x"`, ErrUnsupported, `"dream"`},
		{"operator", `"op": "=="`, `"op": "~~"`, ErrUnsupported, `"~~"`},
		{"operand type", `"right": {"type": "hexstr", "value": "0x01"}`, `"right": {"type": "bool", "value": true}`, ErrInvalid, "wrong type"},
		{"hexstr", `"right": {"type": "hexstr", "value": "0x01"}`, `"right": {"type": "hexstr", "value": "0xzz"}`, ErrInvalid, "0xzz"},
		{"unknown next node", `{"act": "c"}`, `{"act": "d"}`, ErrInvalid, `"d"`},
		{"next node missing", `{"act": "c"}`, `{}`, ErrInvalid, `"act"`},
		{"cycle", `"true_next": null`, `"true_next": "t"`, ErrInvalid, "cycle"},
		{"match kind", `"match_type": "exact", "name": "k"`, `"match_type": "fuzzy", "name": "k"`, ErrUnsupported, "fuzzy"},
		{"table of another kind", `"match_type": "exact", "type"`, `"match_type": "lpm", "type"`, ErrInvalid, "lpm"},
		{"table type", `"type": "simple"`, `"type": "fancy"`, ErrUnsupported, "fancy"},
		{"default of another table", `"default_entry": {"action_id": 0`, `"default_entry": {"action_id": 7`, ErrInvalid, "action id 7"},
		{"default without arguments", `"action_data": ["0x5"]`, `"action_data": []`, ErrInvalid, "0 arguments"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(small, c.old) {
				t.Fatalf("the sound program has no %s", c.old)
			}
			_, err := Parse([]byte(strings.Replace(small, c.old, c.new, 1)))
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("got %v, want %v with %q", err, c.want, c.text)
			}
		})
	}
}

// FuzzParse: any document is parsed or refused, without panic.
func FuzzParse(f *testing.F) {
	// Small seeds: the fuzzer is slow with large ones, and FuzzProgram of the
	// pipeline mutates whole programs.
	f.Add([]byte(`{"__meta__":{"version":[2,24]},"header_types":[{"name":"h","id":0,"fields":[["a",8,false],["v","*"]],"max_length":9}],"headers":[{"name":"h","id":0,"header_type":"h"}]}`))
	f.Add([]byte(`{"actions":[{"name":"a","id":0,"runtime_data":[{"name":"p","bitwidth":8}],"primitives":[{"op":"exit","parameters":[{"type":"expression","value":{"op":"+","left":null,"right":{"type":"hexstr","value":"-0x1"}}}]}]}]}`))
	f.Add([]byte(`{"pipelines":[{"name":"ingress","init_table":null,"tables":[{"name":"t","match_type":"exact","type":"simple","key":[],"action_ids":[],"next_tables":{}}],"conditionals":[]}]}`))
	f.Add([]byte(`{"parsers":[{"name":"p","init_state":"s","parse_states":[{"name":"s","parser_ops":[{"op":"shift","parameters":[1]}],"transition_key":[{"type":"lookahead","value":[0,8]}],"transitions":[{"type":"hexstr","value":"0x01","mask":null,"next_state":null}]}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse(data)
		if (p == nil) == (err == nil) {
			t.Errorf("program %v, error %v", p, err)
		}
	})
}
