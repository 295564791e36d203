package pipeline

import (
	"errors"
	"testing"
)

// TestMeter marks packets of one unit at given times.
func TestMeter(t *testing.T) {
	now := uint64(0)
	pl := newPipeline(t, "externs", Env{Now: func() uint64 { return now }})
	m := pl.Meter("Ing.rate")
	pl.Do(func() {
		for name, err := range map[string]error{
			"index":        m.SetConfig(4, &MeterConfig{}),
			"rates":        m.SetConfig(0, &MeterConfig{CIR: 2, PIR: 1}),
			"negative":     m.SetConfig(0, &MeterConfig{CIR: -1}),
			"burst":        m.SetConfig(0, &MeterConfig{CBurst: maxBurst + 1}),
			"index of nil": m.SetConfig(-1, nil),
		} {
			if !errors.Is(err, ErrInvalid) && !errors.Is(err, ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		want := MeterConfig{CIR: 10, CBurst: 2, PIR: 20, PBurst: 4}
		must(t, m.SetConfig(1, &want))
		if got, err := m.Config(1); err != nil || *got != want {
			t.Errorf("config %v %v", got, err)
		}
	})
	p := pl.packet(&run{})
	for _, c := range []struct {
		at   uint64 // microseconds
		want string // colours of five packets
	}{
		{0, "00112"},          // two committed, two more of the peak bucket
		{0, "22222"},          // nothing comes in without time
		{50_000, "12222"},     // one peak token; half a committed one
		{100_000, "02222"},    // one of each
		{10_000_000, "00112"}, // both full, no more than full
		{99_000_000_000, "00112"},
	} {
		now = c.at
		got := ""
		for range 5 {
			got += string(rune('0' + m.execute(1, p)))
		}
		if got != c.want {
			t.Errorf("at %d: %s, want %s", c.at, got, c.want)
		}
	}
	if got := m.execute(0, p); got != Green {
		t.Errorf("never configured: %d", got)
	}
}
