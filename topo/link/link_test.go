package link

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// arrival is one frame a sink saw: its number and when, counted from the sink's making.
type arrival struct {
	number uint32
	at     time.Duration
}

type sink struct {
	mu    sync.Mutex
	start time.Time
	got   []arrival
}

func newSink() *sink { return &sink{start: time.Now()} }

func (s *sink) receive(frame []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, arrival{binary.BigEndian.Uint32(frame[14:]), time.Since(s.start)})
}

func (s *sink) numbers() []uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var n []uint32
	for _, a := range s.got {
		n = append(n, a.number)
	}
	return n
}

func numbered(n uint32, size int) []byte {
	b := make([]byte, size)
	binary.BigEndian.PutUint32(b[14:], n)
	return b
}

func newFabric(t testing.TB, opts Options) *Fabric {
	t.Helper()
	f, err := NewFabric(opts)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func connect(t testing.TB, f *Fabric, id string, shape Shape, r Receiver) *Link {
	t.Helper()
	l, err := f.Connect(id, "a", "b", shape, r)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// sequence returns 0 … n-1.
func sequence(n int) []uint32 {
	s := make([]uint32, n)
	for i := range s {
		s[i] = uint32(i)
	}
	return s
}

func TestDelayAndScale(t *testing.T) {
	for _, test := range []struct{ scale, want float64 }{{0, 46}, {1, 46}, {0.1, 4.6}, {2, 92}} {
		t.Run(fmt.Sprint(test.scale), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFabric(t, Options{Scale: test.scale})
				defer f.Close()
				s := newSink()
				l := connect(t, f, "l", Shape{Delay: 46 * time.Millisecond}, s.receive)
				if err := l.Send(numbered(7, 60)); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
				synctest.Wait()
				want := []arrival{{7, time.Duration(test.want * float64(time.Millisecond))}}
				if !slices.Equal(s.got, want) {
					t.Errorf("got %v, want %v", s.got, want)
				}
			})
		})
	}
}

// Links of different delay and one that turns its frames round: due times decide, not the order of sending.
func TestOrderAcrossLinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFabric(t, Options{})
		defer f.Close()
		s := newSink()
		slow := connect(t, f, "slow", Shape{Delay: 30 * time.Millisecond}, s.receive)
		fast := connect(t, f, "fast", Shape{Delay: 10 * time.Millisecond}, s.receive)
		back := connect(t, f, "back", Shape{Delay: 10 * time.Millisecond}, s.receive)
		turn := connect(t, f, "turn", Shape{Delay: 10 * time.Millisecond}, func(frame []byte) { back.Send(frame) })
		for i, l := range []*Link{slow, turn, fast} {
			l.Send(numbered(uint32(i), 60))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		ms := time.Millisecond
		want := []arrival{{2, 10 * ms}, {1, 20 * ms}, {0, 30 * ms}}
		if !slices.Equal(s.got, want) {
			t.Errorf("got %v, want %v", s.got, want)
		}
	})
}

// A frame that is due before those in flight is not kept waiting for them, and the sender may use its
// buffer again at once.
func TestEarlierFrameWakesTheFabric(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFabric(t, Options{})
		defer f.Close()
		s := newSink()
		slow := connect(t, f, "slow", Shape{Delay: 500 * time.Millisecond}, s.receive)
		fast := connect(t, f, "fast", Shape{Delay: 10 * time.Millisecond}, s.receive)
		for _, size := range []int{60, 1500, 9000} {
			s.got, s.start = nil, time.Now()
			buffer := numbered(0, size)
			slow.Send(buffer)
			synctest.Wait() // now it sleeps until the slow frame is due
			binary.BigEndian.PutUint32(buffer[14:], 1)
			fast.Send(buffer)
			binary.BigEndian.PutUint32(buffer[14:], 2)
			time.Sleep(time.Second)
			synctest.Wait()
			want := []arrival{{1, 10 * time.Millisecond}, {0, 500 * time.Millisecond}}
			if !slices.Equal(s.got, want) {
				t.Errorf("%d bytes: got %v, want %v", size, s.got, want)
			}
		}
	})
}

// An ordered link stays ordered when its delay shrinks under way.
func TestOrderWhenDelayShrinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFabric(t, Options{})
		defer f.Close()
		s := newSink()
		l := connect(t, f, "l", Shape{Delay: 50 * time.Millisecond}, s.receive)
		l.Send(numbered(0, 60))
		if err := l.SetShape(Shape{Delay: time.Millisecond}); err != nil {
			t.Fatal(err)
		}
		l.Send(numbered(1, 60))
		time.Sleep(time.Second)
		synctest.Wait()
		if want := []uint32{0, 1}; !slices.Equal(s.numbers(), want) {
			t.Errorf("got %v, want %v", s.numbers(), want)
		}
	})
}

func TestImpairments(t *testing.T) {
	const frames = 2000
	ms := time.Millisecond
	for _, test := range []struct {
		name     string
		shape    Shape
		arrive   [2]int // fewest and most frames that arrive
		overtake bool   // some frame arrives before one sent earlier
		spread   [2]time.Duration
	}{
		{"none", Shape{Delay: 20 * ms}, [2]int{frames, frames}, false, [2]time.Duration{20 * ms, 20 * ms}},
		{"loss", Shape{Delay: 20 * ms, Loss: 0.2}, [2]int{1500, 1700}, false, [2]time.Duration{20 * ms, 20 * ms}},
		{"all lost", Shape{Loss: 1}, [2]int{0, 0}, false, [2]time.Duration{}},
		{"jitter", Shape{Delay: 20 * ms, Jitter: 5 * ms}, [2]int{frames, frames}, true, [2]time.Duration{15 * ms, 25 * ms}},
		{"jitter beyond the delay", Shape{Delay: ms, Jitter: 5 * ms}, [2]int{frames, frames}, true, [2]time.Duration{0, 6 * ms}},
		{"duplicate", Shape{Delay: 20 * ms, Duplicate: 0.5}, [2]int{2900, 3100}, false, [2]time.Duration{20 * ms, 20 * ms}},
		{"reorder", Shape{Delay: 20 * ms, Reorder: 0.1}, [2]int{frames, frames}, true, [2]time.Duration{20 * ms, 25 * ms}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFabric(t, Options{Seed: 1})
				defer f.Close()
				s := newSink()
				l := connect(t, f, "l", test.shape, s.receive)
				for i := range frames {
					if err := l.Send(numbered(uint32(i), 60)); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				if n := len(s.got); n < test.arrive[0] || n > test.arrive[1] {
					t.Errorf("%d frames arrived, want %v", n, test.arrive)
				}
				if overtaken := !slices.IsSorted(s.numbers()); overtaken != test.overtake {
					t.Errorf("overtaking %v, want %v", overtaken, test.overtake)
				}
				for _, a := range s.got {
					if a.at < test.spread[0] || a.at > test.spread[1] {
						t.Fatalf("frame %d after %v, want %v", a.number, a.at, test.spread)
					}
				}
				st := l.Stats()
				if st.Sent != frames || st.Delivered != uint64(len(s.got)) || st.Sent+st.Duplicated != st.Delivered+st.Lost {
					t.Errorf("books do not balance: %+v, %d arrived", st, len(s.got))
				}
			})
		})
	}
}

// The same seed gives the same luck, whatever other links do; another seed another.
func TestSeed(t *testing.T) {
	run := func(seed uint64, noise bool) (got []uint32) {
		synctest.Test(t, func(t *testing.T) {
			f := newFabric(t, Options{Seed: seed})
			defer f.Close()
			s := newSink()
			l := connect(t, f, "l", Shape{Loss: 0.5, Jitter: time.Millisecond}, s.receive)
			other := connect(t, f, "other", Shape{Loss: 0.5}, func([]byte) {})
			for i := range 100 {
				l.Send(numbered(uint32(i), 60))
				if noise {
					other.Send(numbered(0, 60))
				}
			}
			time.Sleep(time.Second)
			synctest.Wait()
			got = s.numbers()
		})
		return got
	}
	first := run(1, false)
	if again := run(1, true); !slices.Equal(first, again) {
		t.Errorf("seed 1 gave %v, then %v", first, again)
	}
	if other := run(2, false); slices.Equal(first, other) {
		t.Error("seeds 1 and 2 gave the same")
	}
}

func TestBandwidthAndQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFabric(t, Options{})
		defer f.Close()
		s := newSink()
		// 1,000 bytes take 8 ms on 1 Mbit/s.
		l := connect(t, f, "l", Shape{Delay: 10 * time.Millisecond, Bandwidth: 1e6, Queue: 3}, s.receive)
		var refused int
		for i := range 5 {
			if err := l.Send(numbered(uint32(i), 1000)); errors.Is(err, ErrOverflow) {
				refused++
			}
		}
		time.Sleep(time.Second)
		synctest.Wait()
		ms := time.Millisecond
		want := []arrival{{0, 18 * ms}, {1, 26 * ms}, {2, 34 * ms}}
		if !slices.Equal(s.got, want) {
			t.Errorf("got %v, want %v", s.got, want)
		}
		if refused != 2 || l.Stats().Overflow != 2 {
			t.Errorf("%d refused, %d counted, want 2", refused, l.Stats().Overflow)
		}
		// The line is free again.
		l.Send(numbered(9, 1000))
		time.Sleep(time.Second)
		synctest.Wait()
		if n := s.numbers(); n[len(n)-1] != 9 {
			t.Errorf("last frame is %d, want 9", n[len(n)-1])
		}
	})
}

func TestFabricBounds(t *testing.T) {
	for _, opts := range []Options{{MaxFrames: 10}, {MaxBytes: 1000}} {
		synctest.Test(t, func(t *testing.T) {
			f := newFabric(t, opts)
			defer f.Close()
			s := newSink()
			l := connect(t, f, "l", Shape{Delay: time.Second}, s.receive)
			for i := range 20 {
				if err := l.Send(numbered(uint32(i), 100)); (err != nil) != (i >= 10) {
					t.Errorf("%+v: frame %d: %v", opts, i, err)
				}
			}
			if n, b := f.InFlight(); n != 10 || b != 1000 {
				t.Errorf("%d frames, %d bytes in flight, want 10, 1000", n, b)
			}
			time.Sleep(2 * time.Second)
			synctest.Wait()
			if !slices.Equal(s.numbers(), sequence(10)) {
				t.Errorf("got %v", s.numbers())
			}
			if n, b := f.InFlight(); n != 0 || b != 0 {
				t.Errorf("%d frames, %d bytes left in flight", n, b)
			}
		})
	}
}

func TestDownAndClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFabric(t, Options{})
		s := newSink()
		l := connect(t, f, "l", Shape{Delay: 10 * time.Millisecond}, s.receive)
		l.Send(numbered(0, 60)) // in flight when the link is cut
		l.SetDown(true)
		l.Send(numbered(1, 60))
		time.Sleep(time.Second)
		synctest.Wait()
		l.SetDown(false)
		l.Send(numbered(2, 60))
		time.Sleep(time.Second)
		synctest.Wait()
		if want := []uint32{2}; !slices.Equal(s.numbers(), want) {
			t.Errorf("got %v, want %v", s.numbers(), want)
		}
		if st := l.Stats(); st.Lost != 2 || st.Delivered != 1 {
			t.Errorf("%+v", st)
		}
		l.Send(numbered(3, 60))
		l.Close()
		if err := l.Send(numbered(4, 60)); !errors.Is(err, ErrClosed) {
			t.Errorf("send on a closed link: %v", err)
		}
		open := connect(t, f, "open", Shape{Delay: time.Hour}, s.receive)
		open.Send(numbered(5, 60))
		f.Close()
		if err := open.Send(numbered(6, 60)); !errors.Is(err, ErrClosed) {
			t.Errorf("send on a closed fabric: %v", err)
		}
		if _, err := f.Connect("late", "a", "b", Shape{}, s.receive); !errors.Is(err, ErrClosed) {
			t.Errorf("connect on a closed fabric: %v", err)
		}
		if len(s.got) != 1 {
			t.Errorf("got %v after the end", s.got)
		}
	})
}

func TestRefusals(t *testing.T) {
	f := newFabric(t, Options{})
	defer f.Close()
	l := connect(t, f, "l", Shape{}, func([]byte) {})
	for _, size := range []int{0, minFrame - 1, maxFrame + 1} {
		if err := l.Send(make([]byte, size)); !errors.Is(err, ErrFrameSize) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	if _, err := f.Connect("l", "a", "b", Shape{}, nil); !errors.Is(err, ErrDuplicate) {
		t.Errorf("second link l: %v", err)
	}
	for _, s := range []Shape{{Loss: 1.1}, {Duplicate: -1}, {Reorder: 2}, {Delay: -1}, {Jitter: 48 * time.Hour}, {Bandwidth: -1}, {Queue: -1}} {
		if _, err := f.Connect("bad", "a", "b", s, nil); err == nil {
			t.Errorf("shape %+v accepted", s)
		}
		if err := l.SetShape(s); err == nil {
			t.Errorf("shape %+v set", s)
		}
	}
	if _, err := NewFabric(Options{Scale: -1}); err == nil {
		t.Error("negative scale accepted")
	}
}

// Many senders at once: nothing is lost, each link keeps its order, memory goes back.
func TestConcurrentSenders(t *testing.T) {
	f := newFabric(t, Options{})
	defer f.Close()
	const senders, frames = 8, 2000
	var wg, arrived sync.WaitGroup
	sinks := make([]*sink, senders)
	for i := range senders {
		sinks[i] = newSink()
		arrived.Add(frames)
		l := connect(t, f, fmt.Sprint(i), Shape{Delay: time.Millisecond}, func(b []byte) {
			sinks[i].receive(b)
			arrived.Done()
		})
		wg.Go(func() {
			for n := range frames {
				if err := l.Send(numbered(uint32(n), 60+n%1400)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	arrived.Wait()
	for i, s := range sinks {
		if !slices.Equal(s.numbers(), sequence(frames)) {
			t.Errorf("link %d is out of order", i)
		}
	}
	if n, b := f.InFlight(); n != 0 || b != 0 {
		t.Errorf("%d frames, %d bytes left in flight", n, b)
	}
}
