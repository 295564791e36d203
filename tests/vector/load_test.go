package vector

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/firstack/firstack/tests/packet"
)

func fsOf(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

const baseYAML = `
names: {client: 10.1.0.2, server: 198.51.100.10, lan: "eth aa>bb / ip $client>$server", cost: "$$5"}
entries:
- {table: routes, key: {dst_addr: 0.0.0.0/0}, action: forward, args: {port: 2, next_hop: 1}}
sets:
  local: [{table: routes, key: {dst_addr: $client/32}, action: local}]
`

const sceneYAML = `
program: client_gateway
include: [base.yaml]
scenes:
  opened:
  - {in: {port: 1, packet: "$lan / tcp 1>2 S"}, dropped: for good}
vectors:
- {name: one, after: [opened], steps: [{at: 1s}]}
- {name: two, after: [opened, opened], steps: [{at: 2s}]}
`

func TestScenes(t *testing.T) {
	vectors, err := Load(fsOf(map[string]string{"v.yaml": sceneYAML, "base.yaml": baseYAML}), "v.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(vectors[0].Steps) != 2 || len(vectors[1].Steps) != 3 || vectors[0].Steps[0].Where != "v.yaml:6" {
		t.Errorf("%+v", vectors[0].Steps[0])
	}
}

const vectorsYAML = `
program: client_gateway
include: [base.yaml]
vectors:
- name: first
  description: says what must happen
  patent: ["210", "claim 1"]
  use: [local]
  entries:
  - {multicast: 5, copies: [{port: 2, instance: 1}]}
  steps:
  - at: 1.5s
    in: {port: 1, packet: "$lan / tcp 1>2 S"}
    out:
    - {port: 2, packet: "${lan} ttl=63 / tcp 1>2 S"}
  - in: {port: 1, packet: "$lan / tcp 1>2 A / payload \"$cost\""}
    dropped: nobody wants it
`

func TestLoad(t *testing.T) {
	vectors, err := Load(fsOf(map[string]string{"d/v.yaml": vectorsYAML, "d/base.yaml": baseYAML}), "d/v.yaml")
	if err != nil {
		t.Fatal(err)
	}
	v := vectors[0]
	if len(vectors) != 1 || v.Name != "first" || v.Program != "client_gateway" || v.Where != "d/v.yaml:5" {
		t.Errorf("vector: %+v", v)
	}
	if len(v.Entries) != 3 || v.Entries[0].Action != "forward" || v.Entries[1].Key["dst_addr"] != "10.1.0.2/32" ||
		v.Entries[2].Multicast != 5 {
		t.Errorf("entries: %+v", v.Entries)
	}
	s := v.Steps[0]
	if s.Where != "d/v.yaml:12" || time.Duration(*s.At) != 1500*time.Millisecond || v.Steps[1].At != nil {
		t.Errorf("steps: %+v %+v", s, v.Steps[1])
	}
	want := packet.MustParse("eth aa>bb / ip 10.1.0.2>198.51.100.10 ttl=63 / tcp 1>2 S").Build()
	if d := packet.Diff(want, s.Out[0].Bytes); d != "" {
		t.Error(d)
	}
	if got := packet.Decode(v.Steps[1].In.Bytes).String(); !strings.HasSuffix(got, `payload "$5"`) {
		t.Error(got)
	}
}

func TestLoadErrors(t *testing.T) {
	change := func(old, new string) map[string]string {
		if !strings.Contains(vectorsYAML+baseYAML, old) {
			t.Fatalf("nothing to change: %s", old)
		}
		return map[string]string{
			"v.yaml":    strings.Replace(vectorsYAML, old, new, 1),
			"base.yaml": strings.Replace(baseYAML, old, new, 1),
		}
	}
	for _, c := range []struct {
		files map[string]string
		want  []string
	}{
		{change("dropped:", "droped:"), []string{"v.yaml:17:5: ", "droped"}},
		{change("copies: [{port: 2", "copies: [{prt: 2"), []string{"v.yaml:10:", "prt"}},
		{change("at: 1.5s", "at: soon"), []string{"v.yaml", "soon"}},
		{change("at: 1.5s", "at: -1s"), []string{"v.yaml", "negative"}},
		{change("$lan / tcp 1>2 S", "$wan / tcp 1>2 S"), []string{"v.yaml:12", "first", "unknown name $wan"}},
		{change("$lan / tcp 1>2 S", "$lan / tpc 1>2 S"), []string{"v.yaml:12", "unknown layer"}},
		{change("    dropped: nobody wants it\n", ""), []string{"v.yaml:16", "dropped has to say why"}},
		{change("    out:\n", "    dropped: no\n    out:\n"), []string{"v.yaml:12", "something leaves"}},
		{change("    in: {port: 1, packet: \"$lan / tcp 1>2 S\"}\n", ""), []string{"nothing can leave"}},
		{change("use: [local]", "use: [remote]"), []string{"v.yaml:5", "unknown set remote"}},
		{change("use: [local]", "after: [nothing]"), []string{"v.yaml:5", "unknown scene nothing"}},
		{change("name: first", "name: \"\""), []string{"v.yaml:5", "without a name"}},
		{change("program: client_gateway", ""), []string{"program is missing"}},
		{change("base.yaml", "nowhere.yaml"), []string{"v.yaml:3", "nowhere.yaml"}},
		{change("base.yaml", "v.yaml"), []string{"v.yaml:3", "includes itself"}},
		{change("$client>$server", "$lan"), []string{"names stand for each other"}},
		{change("client: 10.1.0.2", "client: [1]"), []string{"base.yaml", "single value"}},
		{change("port: 1, packet", "port: one, packet"), []string{"v.yaml:13:"}},
		{change("- name: first", "-\n- name: first"), []string{"empty vector"}},
		{map[string]string{"v.yaml": "a: 1\n---\nb: 2\n"}, []string{"2 YAML documents"}},
		{map[string]string{"v.yaml": "names: {a: b"}, []string{"v.yaml"}},
	} {
		_, err := Load(fsOf(c.files), "v.yaml")
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("want an error with %q, got %v", want, err)
			}
		}
	}
}
