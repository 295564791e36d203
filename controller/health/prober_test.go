package health

import (
	"context"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firstack/firstack/controller/config"
)

var settings = config.Health{Interval: 2 * time.Second, Timeout: time.Second, Rise: 2, Fall: 3}

// bench is a prober at work, with what it told.
type bench struct {
	*Prober
	net *fakeNet

	mu      sync.Mutex
	changes []Change
	start   time.Time
}

func newBench(t *testing.T, o Options) *bench {
	b := &bench{net: newFakeNet(), start: time.Now()}
	o.Dial = b.net.dial
	if o.Rand == nil {
		o.Rand = func() float64 { return 0.5 }
	}
	o.OnChange = func(c Change) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.changes = append(b.changes, c)
	}
	b.Prober = New(o)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return b
}

// steps gives the changes so far as the states that were entered.
func (b *bench) steps(target Target) []State {
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []State
	for _, c := range b.changes {
		if c.Target == target {
			list = append(list, c.New)
		}
	}
	return list
}

func TestDiesAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Settings: settings})
		one := target(1)
		b.net.set(one.Address.String(), accept)
		b.SetTargets([]Target{one})
		if s := b.State(one); s != Active {
			t.Errorf("unprobed target is %v, want active", s)
		}
		time.Sleep(10 * time.Second)
		if steps := b.steps(one); steps != nil {
			t.Errorf("live target went through %v", steps)
		}
		b.net.set(one.Address.String(), refuse)
		time.Sleep(2 * settings.Interval)
		if steps := b.steps(one); steps != nil {
			t.Errorf("after two failures: %v, want no change", steps)
		}
		time.Sleep(settings.Interval)
		if steps := b.steps(one); !slices.Equal(steps, []State{Dead}) {
			t.Errorf("after three failures: %v, want dead", steps)
		}
		if s := b.Snapshot()[one]; s.State != Dead || s.Err == nil || s.Since.IsZero() {
			t.Errorf("status %+v, want dead with its error", s)
		}
		b.net.set(one.Address.String(), accept)
		time.Sleep(2 * settings.Interval)
		if steps := b.steps(one); !slices.Equal(steps, []State{Dead, Active}) {
			t.Errorf("after two good ones: %v, want dead, active", steps)
		}
		if s := b.Snapshot()[one]; s.Err != nil || s.Probes < 8 {
			t.Errorf("status %+v, want no error and all probes counted", s)
		}
	})
}

func TestProbesKeepTheirInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Settings: settings})
		one := target(1)
		b.net.set(one.Address.String(), after(700*time.Millisecond))
		b.SetTargets([]Target{one})
		time.Sleep(21 * time.Second)
		synctest.Wait()
		times := b.net.times(one.Address.String())
		if len(times) != 11 || times[0].Sub(b.start) != time.Second {
			t.Fatalf("%d probes from %v, want 11 from 1s", len(times), times[0].Sub(b.start))
		}
		for i := 1; i < len(times); i++ {
			if gap := times[i].Sub(times[i-1]); gap != settings.Interval {
				t.Errorf("probe %d came %v after the one before, want %v", i, gap, settings.Interval)
			}
		}
		if s := b.Snapshot()[one]; s.Delay != 700*time.Millisecond {
			t.Errorf("delay %v, want 700ms", s.Delay)
		}
	})
}

func TestReplacingTargetsDisturbsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Settings: settings})
		stays, goes, comes := target(1), target(2), target(3)
		b.net.set(stays.Address.String(), refuse)
		b.net.set(goes.Address.String(), refuse)
		b.net.set(comes.Address.String(), refuse)
		b.SetTargets([]Target{stays, goes})
		time.Sleep(4 * time.Second) // two failures each
		b.SetTargets([]Target{comes, stays, stays})
		time.Sleep(2 * time.Second)
		if steps := b.steps(stays); !slices.Equal(steps, []State{Dead}) {
			t.Errorf("the one that stays went through %v, want dead after its third failure", steps)
		}
		if steps := b.steps(goes); steps != nil {
			t.Errorf("the one that went is told of: %v", steps)
		}
		if n := len(b.net.times(goes.Address.String())); n != 2 {
			t.Errorf("the one that went was probed %d times, want 2", n)
		}
		if steps := b.steps(comes); steps != nil {
			t.Errorf("the new one went through %v, want nothing yet", steps)
		}
		if n := len(b.net.times(stays.Address.String())); n != 3 {
			t.Errorf("a target listed twice was probed %d times, want 3", n)
		}
		if len(b.Snapshot()) != 2 {
			t.Errorf("snapshot %v, want two targets", b.Snapshot())
		}
		b.SetTargets([]Target{goes, stays})
		if s := b.Snapshot()[stays]; s.State != Dead || s.Probes != 3 {
			t.Errorf("the one that stays has %+v after a replacement, want dead after 3 probes", s)
		}
		if s := b.State(goes); s != Active {
			t.Errorf("a target that comes back is %v, want active", s)
		}
	})
}

func TestTargetGoesDuringItsProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := settings
		o.Fall = 1
		b := newBench(t, Options{Settings: o})
		one := target(1)
		b.net.set(one.Address.String(), hang)
		b.SetTargets([]Target{one})
		time.Sleep(1500 * time.Millisecond) // in the middle of it
		b.SetTargets(nil)
		time.Sleep(time.Minute)
		if steps := b.steps(one); steps != nil || len(b.Snapshot()) != 0 {
			t.Errorf("a target that is gone went through %v; snapshot %v", steps, b.Snapshot())
		}
		if n := len(b.net.times(one.Address.String())); n != 1 {
			t.Errorf("probed %d times, want once", n)
		}
	})
}

func TestTargetGoesBetweenProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Settings: settings})
		one := target(1)
		b.SetTargets([]Target{one})
		time.Sleep(2 * time.Second) // after its first
		b.SetTargets(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := len(b.net.times(one.Address.String())); n != 1 {
			t.Errorf("probed %d times, want once", n)
		}
	})
}

func TestSettingsChangeDuringProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Settings: settings})
		one := target(1)
		b.net.set(one.Address.String(), hang)
		b.SetTargets([]Target{one})
		time.Sleep(1500 * time.Millisecond) // in the middle of its first
		quick := config.Health{Interval: 100 * time.Millisecond, Timeout: 50 * time.Millisecond, Rise: 1, Fall: 3}
		b.SetSettings(quick)
		time.Sleep(1500*time.Millisecond + 160*time.Millisecond) // the second was scheduled when the first began
		if steps := b.steps(one); !slices.Equal(steps, []State{Dead}) {
			t.Errorf("went through %v, want dead after three failures", steps)
		}
	})
}

func TestConcurrencyIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Settings: settings, Concurrent: 4})
		var targets []Target
		for n := range 16 {
			targets = append(targets, target(n))
			b.net.set(target(n).Address.String(), after(100*time.Millisecond))
		}
		b.SetTargets(targets)
		time.Sleep(time.Second + 4*100*time.Millisecond)
		synctest.Wait()
		for _, one := range targets {
			if s := b.Snapshot()[one]; s.Probes != 1 {
				t.Errorf("%v was probed %d times, want once", one, s.Probes)
			}
		}
		if b.net.max != 4 {
			t.Errorf("%d probes at the same time, want 4", b.net.max)
		}
	})
}

func TestOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Settings: settings})
		one := target(1)
		b.SetTargets([]Target{one})
		time.Sleep(6 * time.Second)
		off := settings
		off.Off, off.Interval = true, 0
		b.SetSettings(off)
		if steps := b.steps(one); !slices.Equal(steps, []State{Dead, Active}) {
			t.Errorf("went through %v, want dead, and active when probing goes off", steps)
		}
		before := len(b.net.times(one.Address.String()))
		time.Sleep(time.Minute)
		if n := len(b.net.times(one.Address.String())); n != before {
			t.Errorf("%d probes while off", n-before)
		}
		b.SetSettings(settings)
		time.Sleep(5500 * time.Millisecond)
		if steps := b.steps(one); !slices.Equal(steps, []State{Dead, Active, Dead}) {
			t.Errorf("went through %v, want dead again after three failures", steps)
		}
	})
}

func TestShorterInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := settings
		slow.Interval = time.Hour
		b := newBench(t, Options{Settings: slow})
		one := target(1)
		b.net.set(one.Address.String(), accept)
		b.SetTargets([]Target{one})
		synctest.Wait()
		b.SetSettings(settings)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if n := len(b.net.times(one.Address.String())); n != 3 {
			t.Errorf("%d probes within 5s of an interval of 2s, want 3", n)
		}
	})
}

func TestRunWaitsForItsProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := newFakeNet()
		one := target(1)
		network.set(one.Address.String(), func(ctx context.Context) (net.Conn, error) {
			<-ctx.Done()
			time.Sleep(time.Second) // slow to notice
			return nil, ctx.Err()
		})
		long := settings
		long.Timeout = time.Hour
		p := New(Options{Settings: long, Dial: network.dial, Rand: func() float64 { return 0 }})
		p.SetTargets([]Target{one})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		p.Run(ctx)
		if took := time.Since(start); took != 6*time.Second {
			t.Errorf("Run returned after %v, want 6s, when its probe had ended", took)
		}
	})
}
