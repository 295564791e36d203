package flow

import (
	"testing"
	"time"
)

func TestLag(t *testing.T) {
	var l lag
	const second = 977 // ticks, about
	for _, c := range []struct {
		tick uint32
		at   time.Duration
		want time.Duration
	}{
		{^uint32(0) - 10, time.Hour, 0},                                    // the clocks' zeros differ
		{second - 11, time.Hour + time.Second, 0},                          // and ticks wrap
		{second - 11, time.Hour + 4*time.Second, 3 * time.Second},          // held up
		{5*second - 11, time.Hour + 5*time.Second, 0},                      //
		{65*second - 11, time.Hour + 65*time.Second, 0},                    //
		{180*second - 11, time.Hour + 180*time.Second + 500e6, 500e6},      // against the minute before
		{5000*second - 11, time.Hour + 5000*time.Second + 1500e6, 0},       // a slow clock, after a pause
		{5001*second - 11, time.Hour + 5003*time.Second + 1500e6, 2 * 1e9}, //
	} {
		got := l.of(v1model, c.tick, c.at)
		if d := got - c.want; d < -100*time.Millisecond || d > 100*time.Millisecond {
			t.Errorf("tick %d at %v: lag %v, want about %v", c.tick, c.at, got, c.want)
		}
	}
}
