package pipeline

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func newPipeline(t testing.TB, program string, env Env) *Pipeline {
	return New(load0(t, "testdata/"+program+".json"), env)
}

// TestTableErrors: every refusal is of the right kind, names table and key, and
// changes nothing.
func TestTableErrors(t *testing.T) {
	pl := newPipeline(t, "match", Env{})
	set := Call{"Ing.set", [][]byte{{1}}}
	wide := bytes.Repeat([]byte{0xff}, 17)
	for _, c := range []struct {
		name, table string
		run         func(t *Table) error
		want        error
		text        string
	}{
		{"missing exact field", "Ing.exacts", func(t *Table) error {
			return t.Insert(Entry{Key: []Field{{Value: []byte{1}, Present: true}, {}}, Action: set})
		}, ErrInvalid, "h.k.c"},
		{"too few fields", "Ing.exacts", func(t *Table) error { return t.Insert(Entry{Key: exactly([]byte{1}), Action: set}) }, ErrInvalid, "key fields"},
		{"value too wide", "Ing.exacts", func(t *Table) error { return t.Insert(Entry{Key: exactly([]byte{1}, wide), Action: set}) }, ErrInvalid, "h.k.c"},
		{"priority in exact", "Ing.exacts", func(t *Table) error {
			return t.Insert(Entry{Key: exactly([]byte{1}, []byte{1}), Priority: 3, Action: set})
		}, ErrInvalid, "priority"},
		{"unknown action", "Ing.exacts", func(t *Table) error {
			return t.Insert(Entry{Key: exactly([]byte{1}, []byte{1}), Action: Call{Action: "Ing.drop"}})
		}, ErrInvalid, "Ing.drop"},
		{"argument too wide", "Ing.exacts", func(t *Table) error {
			return t.Insert(Entry{Key: exactly([]byte{1}, []byte{1}), Action: Call{"Ing.set", [][]byte{{1, 0}}}})
		}, ErrInvalid, "parameter v"},
		{"arguments missing", "Ing.exacts", func(t *Table) error {
			return t.Insert(Entry{Key: exactly([]byte{1}, []byte{1}), Action: Call{Action: "Ing.set"}})
		}, ErrInvalid, "arguments"},
		{"timeout without support", "Ing.exacts", func(t *Table) error {
			return t.Insert(Entry{Key: exactly([]byte{1}, []byte{1}), Action: set, IdleTimeout: time.Second})
		}, ErrInvalid, "idle timeout"},
		{"meter without one", "Ing.exacts", func(t *Table) error {
			return t.Insert(Entry{Key: exactly([]byte{1}, []byte{1}), Action: set, Meter: &MeterConfig{}})
		}, ErrInvalid, "meter"},
		{"prefix too long", "Ing.prefixes", func(t *Table) error {
			return t.Insert(Entry{Key: []Field{{Value: []byte{1}, PrefixLen: 129, Present: true}, {Value: []byte{1}, Present: true}}, Action: set})
		}, ErrInvalid, "prefix"},
		{"range reversed", "Ing.ranges", func(t *Table) error {
			return t.Insert(Entry{Key: []Field{{Low: []byte{9}, High: []byte{3}, Present: true}, {}}, Action: set})
		}, ErrInvalid, "low end"},
		{"constant entries", "Ing.fixed", func(t *Table) error {
			return t.Insert(Entry{Key: []Field{{}, {}}, Priority: 1, Action: set})
		}, ErrConst, "Ing.fixed"},
		{"constant entries, delete", "Ing.fixed_exact", func(t *Table) error { return t.Delete(Key{Fields: exactly([]byte{1})}) }, ErrConst, "Ing.fixed_exact"},
		{"constant default", "Ing.fixed", func(t *Table) error { return t.SetDefault(&set) }, ErrConst, "default"},
		{"default of another table", "Ing.exacts", func(t *Table) error { return t.SetDefault(&Call{Action: "NoAction"}) }, ErrInvalid, "NoAction"},
		{"modify what is not there", "Ing.exacts", func(t *Table) error { return t.Modify(Entry{Key: exactly([]byte{1}, []byte{1}), Action: set}) }, ErrNotFound, "h.k.a=01"},
		{"delete what is not there", "Ing.masks", func(t *Table) error { return t.Delete(Key{Fields: []Field{{}, {}, {}}, Priority: 1}) }, ErrNotFound, "Ing.masks"},
		{"action in an indirect table", "Ing.through", func(t *Table) error { return t.Insert(Entry{Key: exactly([]byte{1}), Action: set}) }, ErrInvalid, "action profile"},
		{"unknown member", "Ing.through", func(t *Table) error { return t.Insert(Entry{Key: exactly([]byte{1}), Member: 5}) }, ErrNotFound, "member 5"},
		{"member in a direct table", "Ing.exacts", func(t *Table) error {
			return t.Insert(Entry{Key: exactly([]byte{1}, []byte{1}), Member: 5})
		}, ErrInvalid, "member"},
		{"direct counter without one", "Ing.fixed_exact", func(t *Table) error {
			return t.SetCounter(Key{Fields: exactly([]byte{1})}, CounterData{})
		}, ErrInvalid, "counter"},
	} {
		t.Run(c.name, func(t *testing.T) {
			pl.Do(func() {
				tbl := pl.Table(c.table)
				before := tbl.Len()
				err := c.run(tbl)
				if !errors.Is(err, c.want) || !strings.Contains(fmt.Sprint(err), c.text) || !strings.Contains(fmt.Sprint(err), c.table) {
					t.Errorf("got %v, want %v with %q", err, c.want, c.text)
				}
				if tbl.Len() != before {
					t.Errorf("%d entries, before %d", tbl.Len(), before)
				}
			})
		})
	}
}

// TestEntryRoundTrip: what is written reads back, canonical in width.
func TestEntryRoundTrip(t *testing.T) {
	pl := newPipeline(t, "match", Env{Now: func() uint64 { return 77 }})
	set := Call{"Ing.set", [][]byte{{9}}}
	zeros, ones := make([]byte, 16), bytes.Repeat([]byte{0xff}, 16)
	for _, c := range []struct {
		table     string
		in, want  Entry
		duplicate Entry
	}{
		{
			"Ing.exacts",
			Entry{Key: exactly([]byte{0, 0, 1}, []byte{2}), Action: set, Metadata: []byte("cookie")},
			Entry{Key: exactly([]byte{1}, append(zeros[:15:15], 2)), Action: set, Metadata: []byte("cookie")},
			Entry{Key: exactly([]byte{1}, []byte{2}), Action: set},
		},
		{
			"Ing.prefixes",
			Entry{Key: []Field{{Value: ones, PrefixLen: 9, Present: true}, {Value: []byte{1}, Present: true}}, Action: set, IdleTimeout: time.Minute},
			Entry{Key: []Field{{Value: append([]byte{0xff, 0x80}, zeros[:14]...), PrefixLen: 9, Present: true}, {Value: []byte{1}, Present: true}}, Action: set, IdleTimeout: time.Minute, LastHit: 77},
			Entry{Key: []Field{{Value: append([]byte{0xff, 0x81}, zeros[:14]...), PrefixLen: 9, Present: true}, {Value: []byte{1}, Present: true}}, Action: set},
		},
		{
			"Ing.masks",
			Entry{Key: []Field{{Value: []byte{0xff}, Mask: []byte{0xf0}, Present: true}, {Value: []byte{3}, Present: true}, {Value: ones, Mask: []byte{}, Present: true}}, Priority: 5, Action: set},
			Entry{Key: []Field{{Value: []byte{0xf0}, Mask: []byte{0xf0}, Present: true}, {Value: []byte{0, 3}, Mask: []byte{0xff, 0xff}, Present: true}, {}}, Priority: 5, Action: set},
			Entry{Key: []Field{{Value: []byte{0xf7}, Mask: []byte{0xf0}, Present: true}, {Value: []byte{3}, Present: true}, {}}, Priority: 5, Action: set},
		},
		{
			"Ing.ranges",
			Entry{Key: []Field{{Low: []byte{3}, High: []byte{7}, Present: true}, {Low: []byte{0}, High: []byte{0xff, 0xff}, Present: true}}, Priority: 2, Action: set},
			Entry{Key: []Field{{Low: []byte{3}, High: []byte{7}, Present: true}, {}}, Priority: 2, Action: set},
			Entry{Key: []Field{{Low: []byte{3}, High: []byte{7}, Present: true}, {}}, Priority: 2, Action: set},
		},
	} {
		t.Run(c.table, func(t *testing.T) {
			pl.Do(func() {
				tbl := pl.Table(c.table)
				if err := tbl.Insert(c.in); err != nil {
					t.Fatal(err)
				}
				got, ok := tbl.Get(c.in.KeyOf())
				if !ok {
					t.Fatal("not found")
				}
				if d := cmp.Diff(&c.want, got); d != "" {
					t.Errorf("-want +got:\n%s", d)
				}
				if err := tbl.Insert(c.duplicate); !errors.Is(err, ErrExists) {
					t.Errorf("duplicate: %v", err)
				}
				if err := tbl.Delete(c.duplicate.KeyOf()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestFull: a table takes as many as it was declared for.
func TestFull(t *testing.T) {
	pl := newPipeline(t, "match", Env{})
	pl.Do(func() {
		tbl := pl.Table("Ing.exacts")
		for i := range byte(5) {
			err := tbl.Insert(Entry{Key: exactly([]byte{i}, []byte{i}), Action: Call{"Ing.set", [][]byte{{i}}}})
			if want := i == 4; errors.Is(err, ErrFull) != want {
				t.Errorf("entry %d: %v", i, err)
			}
		}
	})
}

// TestConstEntries reads the program's entries back as P4Runtime shows them.
func TestConstEntries(t *testing.T) {
	pl := newPipeline(t, "match", Env{})
	pl.Do(func() {
		prio := map[byte]int32{}
		pl.Table("Ing.fixed").Range(func(e *Entry) bool {
			if !e.Const {
				t.Error("an entry is not constant")
			}
			prio[e.Action.Args[0][0]] = e.Priority
			return true
		})
		if d := cmp.Diff(map[byte]int32{1: 3, 2: 2, 3: 1}, prio); d != "" {
			t.Errorf("priorities, -want +got:\n%s", d)
		}
	})
}

// TestDefaultAction sets and resets a default action.
func TestDefaultAction(t *testing.T) {
	var out []byte
	pl := newPipeline(t, "match", Env{Transmit: func(_ uint32, f []byte) { out = bytes.Clone(f) }})
	send := func() byte {
		pl.Process(0, append([]byte{1}, make([]byte, 20)...))
		return out[20]
	}
	tbl := pl.Table("Ing.exacts")
	if got := send(); got != 0xdd {
		t.Fatalf("default: %x", got)
	}
	pl.Do(func() {
		if err := tbl.SetDefault(&Call{"Ing.set", [][]byte{{0x42}}}); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(&Call{"Ing.set", [][]byte{{0x42}}}, tbl.Default()); d != "" {
			t.Error(d)
		}
	})
	if got := send(); got != 0x42 {
		t.Errorf("after SetDefault: %x", got)
	}
	pl.Do(func() {
		if err := tbl.ResetDefault(); err != nil {
			t.Fatal(err)
		}
	})
	if got := send(); got != 0xdd {
		t.Errorf("after ResetDefault: %x", got)
	}
}

// TestDirectResources: counters and meters of entries, and of the default
// action.
func TestDirectResources(t *testing.T) {
	now := uint64(0)
	var out []byte
	pl := newPipeline(t, "externs", Env{
		Now:      func() uint64 { return now },
		Transmit: func(_ uint32, f []byte) { out = bytes.Clone(f) },
	})
	tbl := pl.Table("Ing.t")
	key := Key{Fields: exactly([]byte{7})}
	pl.Do(func() {
		if err := tbl.Insert(Entry{Key: key.Fields, Action: Call{"Ing.meet", [][]byte{{5}}}, Meter: &MeterConfig{CIR: 4, CBurst: 4, PIR: 8, PBurst: 8}}); err != nil {
			t.Fatal(err)
		}
	})
	colours := ""
	for range 4 {
		pl.Process(0, []byte{5, 0, 0, 7})
		colours += fmt.Sprint(out[3])
	}
	pl.Process(0, []byte{5, 0, 0, 8})
	// 4 bytes a packet: the committed bucket holds one, the peak bucket two.
	if colours != "0122" {
		t.Errorf("colours %s", colours)
	}
	now = 1_000_000
	pl.Process(0, []byte{5, 0, 0, 7})
	if out[3] != Green {
		t.Errorf("after a second: %d", out[3])
	}
	pl.Do(func() {
		e, _ := tbl.Get(key)
		if e.Packets != 5 || e.Bytes != 20 {
			t.Errorf("counter %d packets %d bytes", e.Packets, e.Bytes)
		}
		if d := tbl.DefaultCounter(); d != (CounterData{1, 4}) {
			t.Errorf("default counter %v", d)
		}
		if err := tbl.SetCounter(key, CounterData{1, 2}); err != nil {
			t.Fatal(err)
		}
		if err := tbl.Modify(Entry{Key: key.Fields, Action: Call{"Ing.meet", [][]byte{{6}}}}); err != nil {
			t.Fatal(err)
		}
		e, _ = tbl.Get(key)
		if e.Packets != 1 || e.Bytes != 2 || e.Meter == nil || e.Meter.PIR != 8 {
			t.Errorf("after Modify: %+v", e)
		}
		if err := tbl.SetMeter(key, nil); err != nil {
			t.Fatal(err)
		}
		if e, _ = tbl.Get(key); e.Meter != nil {
			t.Error("meter still there")
		}
	})
}
