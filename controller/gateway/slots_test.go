package gateway

import (
	"testing"
	"time"

	"github.com/firstack/firstack/controller/target"
)

// A slot is live while its expiry lies ahead, by no more than a slot's life; ticks wrap.
func TestLiveSlot(t *testing.T) {
	const life = 1000
	for _, c := range []struct {
		expiry, now uint32
		want        bool
	}{
		{0, 5000, false},            // never taken
		{5001, 5000, true},          // expires next
		{5000, 5000, false},         // expires now
		{4999, 5000, false},         // expired
		{6000, 5000, true},          // just renewed
		{6100, 5000, true},          // renewed while it was read
		{1 << 31, 5000, false},      // expired long ago
		{500, 0xffff_ff00, true},    // over the turn of the clock
		{0xffff_ff00, 0x100, false}, // likewise, expired
	} {
		if got := liveSlot(c.expiry, c.now, life); got != c.want {
			t.Errorf("expires at %#x, seen at %#x: live %v", c.expiry, c.now, got)
		}
	}
}

// The switch's time is that of the digest that was the least on its way of late.
func TestSwitchClock(t *testing.T) {
	unit := target.Named(target.Auto).Clock
	c := switchClock{unit: unit}
	at := func(ticks int) time.Duration { return time.Duration(ticks) * unit.Tick }
	c.hear(0xffff_fff0, at(100)) // 0 at 116
	if got := c.tick(at(120)); got != 4 {
		t.Errorf("at 120: %d", got)
	}
	c.hear(2, at(200)) // late: it would be 0 at 198
	if got := c.tick(at(216)); got != 100 {
		t.Errorf("after a late digest, at 216: %d", got)
	}
	c.hear(106, at(216)) // was faster: 0 at 110
	if got := c.tick(at(220)); got != 110 {
		t.Errorf("after a faster digest, at 220: %d", got)
	}
	later := 300 + int(clockHolds/unit.Tick)
	c.hear(7, at(later)) // the old one has been good for long enough
	if got := c.tick(at(later + 1)); got != 8 {
		t.Errorf("after a minute: %d", got)
	}
}
