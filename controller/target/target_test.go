package target_test

import (
	"strings"
	"testing"
	"time"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"

	"github.com/firstack/firstack/controller/target"
)

func TestTicksRoundUp(t *testing.T) {
	c := target.Named(target.Auto).Clock
	for d, want := range map[time.Duration]uint32{0: 0, 1: 1, c.Tick: 1, c.Tick + 1: 2, 3 * time.Second: 2930, 5 * time.Minute: 292969} {
		if got := c.Ticks(d); got != want {
			t.Errorf("%v is %d ticks, want %d", d, got, want)
		}
	}
	// p4src/arch/tna/slots.p4 has these as constants.
	c = target.Named(target.Tofino).Clock
	for d, want := range map[time.Duration]uint32{3 * time.Second: 2862, 500 * time.Millisecond: 477} {
		if got := c.Ticks(d); got != want {
			t.Errorf("Tofino: %v is %d ticks, want %d", d, got, want)
		}
	}
}

// Times before and after a clock's wrap are as near as they are.
func TestClocksWrap(t *testing.T) {
	for _, name := range []target.Name{target.BMv2, target.Tofino} {
		c := target.Named(name).Clock
		last := uint32(1)<<c.Bits - 1
		for _, x := range []struct {
			a, b uint32
			want int32
		}{{5, 7, 2}, {7, 5, -2}, {last, 0, 1}, {0, last, -1}, {last - 9, 20, 30}, {20, last - 9, -30}, {0, last / 2, int32(last / 2)}} {
			if got := c.Between(x.a, x.b); got != x.want {
				t.Errorf("%s: from %d to %d: %d ticks, want %d", name, x.a, x.b, got, x.want)
			}
		}
	}
}

// A tick and the unit of elapsed are nanoseconds of a power of two on Tofino: its clock is cut, not divided.
func TestTimesOfTofino(t *testing.T) {
	c := target.Named(target.Tofino)
	if got := c.Since(1_000_000); got != 1_024_000*time.Microsecond {
		t.Errorf("elapsed 1000000 is %v", got)
	}
	if got := target.Named(target.BMv2).Since(1_000_000); got != time.Second {
		t.Errorf("on BMv2 %v", got)
	}
	if c.Clock.Tick != 1048576*time.Nanosecond {
		t.Errorf("a tick is %v", c.Clock.Tick)
	}
}

func TestTargetsByArchitecture(t *testing.T) {
	for _, x := range []struct {
		name target.Name
		arch string
		want target.Name
		err  string
	}{
		{target.Auto, "v1model", target.Auto, ""},
		{"", "", target.Auto, ""},
		{target.Auto, "tna", target.Tofino, ""},
		{target.Auto, "t2na", target.Tofino2, ""},
		{target.Tofino, "tna", target.Tofino, ""},
		{target.BMv2, "v1model", target.BMv2, ""},
		{target.Firstack, "", target.Firstack, ""},
		{target.Auto, "psa", "", `"psa", which none of the targets has`},
		{target.Tofino, "t2na", "", `target tofino: the P4Info is for the architecture "t2na", not "tna"`},
		{target.BMv2, "tna", "", `not "v1model"`},
	} {
		c, err := target.Of(x.name, &p4configv1.P4Info{PkgInfo: &p4configv1.PkgInfo{Arch: x.arch}})
		if x.err != "" {
			if err == nil || !strings.Contains(err.Error(), x.err) {
				t.Errorf("%s with %q: error %v, want %s", x.name, x.arch, err, x.err)
			}
		} else if err != nil || c.Name != x.want {
			t.Errorf("%s with %q: %s, %v, want %s", x.name, x.arch, c.Name, err, x.want)
		}
	}
	for _, name := range target.Auto.Values() {
		if got := target.Named(target.Name(name)); string(got.Name) != name || got.Clock.Tick == 0 || got.Digests.MaxTimeout == 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
