package digest

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

const learn = 1

type bench struct {
	*Book
	clock time.Time
	lists []string // "id:message,message"
	full  bool
}

func newBench(cfg Config) *bench {
	b := &bench{clock: time.Unix(1000, 0)}
	b.Book = New(func(l List) bool {
		if !b.full {
			b.lists = append(b.lists, fmt.Sprintf("%d:%s", l.ID, strings.Join(l.Messages, ",")))
		}
		return !b.full
	}, func() time.Time { return b.clock })
	b.Enable(learn, cfg)
	return b
}

func (b *bench) add(messages string) {
	for _, m := range strings.Fields(messages) {
		b.Add(learn, []byte(m))
	}
}

// after lets time pass and runs what is due.
func (b *bench) after(d time.Duration) (time.Time, bool) {
	b.clock = b.clock.Add(d)
	return b.Tick()
}

func (b *bench) want(t *testing.T, lists ...string) {
	t.Helper()
	if !slices.Equal(b.lists, lists) {
		t.Errorf("sent %q, want %q", b.lists, lists)
	}
	b.lists = nil
}

func TestListIsFull(t *testing.T) {
	b := newBench(Config{MaxTimeout: time.Second, MaxList: 2, AckTimeout: time.Second})
	b.add("a a a")
	b.want(t)
	b.add("b c")
	b.want(t, "1:a,b")
	b.after(time.Second)
	b.want(t, "2:c")
}

func TestTimeoutCountsFromFirstMessage(t *testing.T) {
	b := newBench(Config{MaxTimeout: 100 * time.Millisecond, AckTimeout: time.Second})
	b.add("a")
	next, ok := b.after(60 * time.Millisecond)
	if !ok || next.Sub(b.clock) != 40*time.Millisecond {
		t.Errorf("next tick in %v, %v", next.Sub(b.clock), ok)
	}
	b.add("b")
	b.want(t)
	b.after(40 * time.Millisecond)
	b.want(t, "1:a,b")
}

func TestImmediate(t *testing.T) {
	for _, cfg := range []Config{
		{MaxTimeout: 0, MaxList: 0, AckTimeout: time.Second},
		{MaxTimeout: time.Second, MaxList: 1, AckTimeout: time.Second},
	} {
		b := newBench(cfg)
		b.add("a b a")
		b.want(t, "1:a", "2:b")
	}
}

func TestSuppressedUntilAck(t *testing.T) {
	b := newBench(Config{MaxList: 1, AckTimeout: time.Second})
	b.add("a b")
	b.want(t, "1:a", "2:b")
	if b.Ack(learn, 9) || b.Ack(2, 1) {
		t.Error("an acknowledgement of nothing was taken")
	}
	if !b.Ack(learn, 1) || b.Ack(learn, 1) {
		t.Error("the acknowledgement of list 1 must be taken once")
	}
	b.add("a b")
	b.want(t, "3:a")
	if s := b.Stats(); s.Sent != 3 || s.Suppressed != 1 {
		t.Errorf("stats %+v", s)
	}
}

func TestSuppressedUntilAckTimeout(t *testing.T) {
	b := newBench(Config{MaxList: 1, AckTimeout: time.Second})
	b.add("a")
	b.after(500 * time.Millisecond)
	b.add("b a")
	b.after(499 * time.Millisecond)
	b.add("a")
	b.want(t, "1:a", "2:b")
	next, ok := b.after(time.Millisecond)
	if !ok || next.Sub(b.clock) != 500*time.Millisecond {
		t.Errorf("next tick in %v, %v, want that of b", next.Sub(b.clock), ok)
	}
	b.add("a b")
	b.want(t, "3:a")
	// The late acknowledgement of list 1 must not release the message of list 3.
	b.Ack(learn, 1)
	b.add("a")
	b.want(t)
}

func TestNoAckTimeoutNoCache(t *testing.T) {
	b := newBench(Config{MaxList: 1})
	b.add("a a")
	b.want(t, "1:a", "2:a")
}

func TestNoRoom(t *testing.T) {
	b := newBench(Config{MaxList: 1, AckTimeout: time.Hour})
	b.full = true
	b.add("a")
	b.full = false
	b.add("a")
	b.want(t, "2:a")
	if s := b.Stats(); s.Dropped != 1 || s.Sent != 1 {
		t.Errorf("stats %+v", s)
	}
}

func TestDisabledAndForgotten(t *testing.T) {
	b := newBench(Config{MaxList: 1, AckTimeout: time.Hour})
	b.add("a")
	b.Forget()
	b.add("a")
	b.want(t, "1:a", "2:a")
	if cfg, ok := b.Enabled(learn); !ok || cfg.AckTimeout != time.Hour {
		t.Error("the configuration was forgotten too")
	}
	b.Disable(learn)
	b.add("a")
	b.want(t)
	if _, ok := b.Enabled(learn); ok || b.Stats().Disabled != 1 {
		t.Errorf("a disabled digest works on: %+v", b.Stats())
	}
	if _, ok := b.Tick(); ok {
		t.Error("something waits though nothing is enabled")
	}
}

// TestBounded: a client that never acknowledges, with a timeout that never ends.
func TestBounded(t *testing.T) {
	b := newBench(Config{MaxTimeout: time.Hour, AckTimeout: time.Hour})
	var m [4]byte
	for i := range uint32(3 * MaxCached) {
		binary.BigEndian.PutUint32(m[:], i)
		b.Add(learn, m[:])
	}
	s := b.digests[learn]
	if s.nSent > MaxCached || len(s.known) > MaxCached+MaxList {
		t.Errorf("%d messages cached, %d known", s.nSent, len(s.known))
	}
}

func BenchmarkAddRepeat(b *testing.B) {
	book := New(func(List) bool { return true }, nil)
	book.Enable(learn, Config{MaxList: 1, AckTimeout: time.Hour})
	m := []byte("some message of a digest")
	b.ReportAllocs()
	for b.Loop() {
		book.Add(learn, m)
	}
}
