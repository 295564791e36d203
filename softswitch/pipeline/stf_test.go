package pipeline

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/firstack/firstack/softswitch/bmv2json"
	"github.com/firstack/firstack/softswitch/pre"
)

// The vectors in testdata/*.stf are in p4c's "simple test framework" format:
//
//	packet PORT HEX            a frame arrives
//	expect PORT HEX [$]        a frame leaves; * is any digit; without $ a prefix suffices
//	add TABLE [PRIO] FIELD:VALUE... ACTION(PARAM:VALUE, ...)
//	setdefault TABLE ACTION(...)
//	mc_mgrp_create ID, mc_node_create RID PORT..., mc_node_associate ID NODE
//	mirroring_add SESSION PORT, mirroring_add_mc SESSION GROUP
//	register_read NAME INDEX VALUE
//	value_set NAME HEX[&&&HEX]...  the set's members (ours)
//	digest NAME HEX...         a digest was sent (ours)
//
// FIRSTACK_STF names a folder with pairs X.json, X.stf of one's own (p4c's
// samples, compiled) to run as well.

func TestVectors(t *testing.T) {
	runVectors(t, "testdata", "testdata")
}

func TestForeignVectors(t *testing.T) {
	dir := os.Getenv("FIRSTACK_STF")
	if dir == "" {
		t.Skip("FIRSTACK_STF names no folder")
	}
	runVectors(t, dir, dir)
}

func runVectors(t *testing.T, programs, vectors string) {
	files, err := filepath.Glob(filepath.Join(vectors, "*.stf"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors in %s: %v", vectors, err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".stf")
		json := filepath.Join(programs, name+".json")
		if _, err := os.Stat(json); err != nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			s := newSTF(t, json)
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			s.run(string(text))
		})
	}
}

func load0(t testing.TB, file string) *Program {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	src, err := bmv2json.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(src)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

type stf struct {
	t       *testing.T
	pl      *Pipeline
	pre     *pre.Engine
	got     map[uint32][][]byte
	want    map[uint32][]string
	digests []string
	nodes   []node0
	groups  map[uint32][]pre.Copy
	mirrors map[uint32][]pre.Copy
	clock   uint64
}

type node0 struct {
	rid   uint16
	ports []uint32
}

func newSTF(t *testing.T, json string) *stf {
	s := &stf{
		t: t, pre: pre.New(), got: map[uint32][][]byte{}, want: map[uint32][]string{},
		groups: map[uint32][]pre.Copy{}, mirrors: map[uint32][]pre.Copy{},
	}
	s.pl = New(load0(t, json), Env{
		PRE: s.pre,
		Now: func() uint64 { s.clock++; return s.clock },
		Transmit: func(port uint32, frame []byte) {
			s.got[port] = append(s.got[port], bytes.Clone(frame))
		},
		Digest: func(d Digest) {
			text := d.Name
			for _, f := range d.Fields {
				text += " " + hex.EncodeToString(f.Bytes)
			}
			s.digests = append(s.digests, text)
		},
	})
	return s
}

func (s *stf) run(text string) {
	for n, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if err := s.command(words[0], words[1:]); err != nil {
			s.t.Errorf("line %d: %s: %v", n+1, line, err)
		}
	}
	s.check()
	for _, d := range s.digests {
		s.t.Errorf("digest not expected: %s", d)
	}
}

func (s *stf) command(cmd string, a []string) error {
	switch cmd {
	case "packet":
		frame, err := hex.DecodeString(strings.Join(a[1:], ""))
		if err != nil {
			return err
		}
		s.pl.Process(number(a[0]), frame)
	case "expect":
		s.want[number(a[0])] = append(s.want[number(a[0])], strings.ToLower(strings.Join(a[1:], "")))
	case "digest":
		if len(s.digests) == 0 || s.digests[0] != strings.Join(a, " ") {
			return fmt.Errorf("digests are %q", s.digests)
		}
		s.digests = s.digests[1:]
	case "value_set":
		return s.valueSet(a)
	case "add", "setdefault":
		return s.add(cmd, a)
	case "mc_mgrp_create":
		s.groups[number(a[0])] = nil
	case "mc_node_create":
		n := node0{rid: uint16(number(a[0]))}
		for _, p := range a[1:] {
			n.ports = append(n.ports, number(p))
		}
		s.nodes = append(s.nodes, n)
	case "mc_node_associate":
		id, n := number(a[0]), s.nodes[number(a[1])]
		for _, p := range n.ports {
			s.groups[id] = append(s.groups[id], pre.Copy{Port: p, Instance: n.rid})
		}
		return s.pre.SetGroup(id, s.groups[id])
	case "mirroring_add":
		id := number(a[0])
		s.mirrors[id] = append(s.mirrors[id], pre.Copy{Port: number(a[1])})
		return s.pre.SetClone(id, pre.Session{Copies: s.mirrors[id]})
	case "mirroring_add_mc":
		id := number(a[0])
		s.mirrors[id] = append(s.mirrors[id], s.groups[number(a[1])]...)
		return s.pre.SetClone(id, pre.Session{Copies: s.mirrors[id]})
	case "register_read":
		if len(a) < 3 {
			return nil
		}
		return s.register(a)
	case "wait", "mirroring_get", "register_write", "register_reset", "meter_get_rates", "meter_set_rates", "meter_array_set_rates":
	default:
		return fmt.Errorf("unknown command")
	}
	return nil
}

func (s *stf) valueSet(a []string) (err error) {
	var members []SetMember
	for _, w := range a[1:] {
		v, mask, ok := strings.Cut(w, "&&&")
		m := SetMember{Value: bigOf("0x" + v).Bytes()}
		if ok {
			m.Mask = bigOf("0x" + mask).Bytes()
		}
		members = append(members, m)
	}
	s.pl.Do(func() { err = s.pl.ValueSet(a[0]).Set(members) })
	return err
}

func (s *stf) register(a []string) (err error) {
	s.pl.Do(func() {
		var v []byte
		if v, err = s.pl.Register(a[0]).Read(int(number(a[1]))); err == nil {
			if want := new(big.Int).SetUint64(uint64(number(a[2]))); new(big.Int).SetBytes(v).Cmp(want) != 0 {
				err = fmt.Errorf("it is %x", v)
			}
		}
	})
	return err
}

func number(s string) uint32 {
	v, err := strconv.ParseUint(s, 0, 32)
	if err != nil {
		panic(err)
	}
	return uint32(v)
}

var callPattern = regexp.MustCompile(`^([^()]+)\((.*)\)$`)

// add parses the rest of an add or setdefault line.
func (s *stf) add(cmd string, a []string) error {
	t := s.table(a[0])
	if t == nil {
		return fmt.Errorf("no table")
	}
	a = a[1:]
	e := Entry{Key: make([]Field, len(t.def.keys))}
	// The action starts at the first word with a parenthesis and no colon before.
	i := slices.IndexFunc(a, func(w string) bool {
		p := strings.IndexByte(w, '(')
		return p >= 0 && !strings.Contains(w[:p], ":")
	})
	if i < 0 {
		return fmt.Errorf("no action")
	}
	m := callPattern.FindStringSubmatch(strings.Join(a[i:], ""))
	if m == nil {
		return fmt.Errorf("no action")
	}
	call, err := s.call(t, m[1], m[2])
	if err != nil {
		return err
	}
	if cmd == "setdefault" {
		s.pl.Do(func() { err = t.SetDefault(call) })
		return err
	}
	e.Action = *call
	for _, w := range a[:i] {
		name, value, ok := strings.Cut(w, ":")
		if !ok {
			e.Priority = int32(number(w)) + 1
			continue
		}
		if err := setField(t, &e, name, value); err != nil {
			return err
		}
	}
	if t.def.exact || t.def.lpm >= 0 {
		e.Priority = 0
	}
	s.pl.Do(func() { err = t.Insert(e) })
	return err
}

func (s *stf) table(name string) *Table {
	if t := s.pl.Table(name); t != nil {
		return t
	}
	for _, t := range s.pl.tables {
		if strings.HasSuffix(t.Name(), "."+name) || strings.ReplaceAll(t.Name(), ".", "_") == name {
			return t
		}
	}
	return nil
}

func (s *stf) call(t *Table, name, args string) (*Call, error) {
	for _, a := range t.def.actions {
		if a.name != name && !strings.HasSuffix(a.name, "."+name) && strings.ReplaceAll(a.name, ".", "_") != name {
			continue
		}
		c := &Call{Action: a.name, Args: make([][]byte, len(a.params))}
		for _, w := range strings.Split(args, ",") {
			pname, value, ok := strings.Cut(w, ":")
			if !ok {
				continue
			}
			for i := range a.params {
				if a.params[i].name == pname {
					c.Args[i] = bigOf(value).Bytes()
				}
			}
		}
		return c, nil
	}
	return nil, fmt.Errorf("no action %s", name)
}

func bigOf(s string) *big.Int {
	v, ok := new(big.Int).SetString(strings.ReplaceAll(s, "*", "0"), 0)
	if !ok {
		panic(s)
	}
	return v
}

var indexPattern = regexp.MustCompile(`\$([0-9]+)`)

func setField(t *Table, e *Entry, name, value string) error {
	name = indexPattern.ReplaceAllString(name, "[$1]")
	i := slices.IndexFunc(t.def.keys, func(k keyField) bool {
		n := strings.TrimSuffix(k.Name, "$")
		return n == name || strings.HasSuffix(n, "."+name) || n == name+".$valid" || strings.HasSuffix(n, "$valid") && strings.HasSuffix(name, "valid")
	})
	if i < 0 {
		return fmt.Errorf("no key field %s", name)
	}
	f := &e.Key[i]
	f.Present = true
	switch k := t.def.keys[i]; k.Kind {
	case LPM:
		v, prefix, ok := strings.Cut(value, "/")
		f.PrefixLen = k.Width
		if ok {
			f.PrefixLen = int(number(prefix))
		} else if n := strings.Count(v, "*"); n > 0 {
			f.PrefixLen = (len(v) - 2 - n) * 4
		}
		f.Value = bigOf(v).Bytes()
	case Ternary:
		v, mask, ok := strings.Cut(value, "&&&")
		f.Value = bigOf(v).Bytes()
		if ok {
			f.Mask = bigOf(mask).Bytes()
		} else {
			digits := regexp.MustCompile(`[0-9a-fA-F]`).ReplaceAllString(v[2:], "f")
			if strings.HasPrefix(v, "0b") {
				digits = strings.ReplaceAll(digits, "f", "1")
			}
			f.Mask = bigOf(v[:2] + digits).Bytes()
		}
		_, ones := unsignedRange(k.Width)
		f.Mask = new(big.Int).And(new(big.Int).SetBytes(f.Mask), ones).Bytes()
	case Range:
		lo, hi, _ := strings.Cut(value, "->")
		f.Low, f.High = bigOf(lo).Bytes(), bigOf(hi).Bytes()
	default:
		f.Value = bigOf(value).Bytes()
	}
	return nil
}

// check compares what left with what was expected, port by port.
func (s *stf) check() {
	for port, frames := range s.got {
		want := s.want[port]
		delete(s.want, port)
		for i, f := range frames {
			have := hex.EncodeToString(f)
			if i >= len(want) {
				s.t.Errorf("port %d: frame %d not expected: %s", port, i, have)
				continue
			}
			if want[i] != "" && !matches(have, want[i]) {
				s.t.Errorf("port %d frame %d:\n got %s\nwant %s", port, i, have, want[i])
			}
		}
		if len(frames) < len(want) {
			s.t.Errorf("port %d: %d frames, want %d", port, len(frames), len(want))
		}
	}
	for port, want := range s.want {
		s.t.Errorf("port %d: no frames, want %d", port, len(want))
	}
}

func matches(have, want string) bool {
	want, exact := strings.CutSuffix(want, "$")
	if len(have) < len(want) || exact && len(have) != len(want) {
		return false
	}
	for i := range want {
		if want[i] != '*' && want[i] != have[i] {
			return false
		}
	}
	return true
}
