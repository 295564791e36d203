package ports

import (
	"errors"
	"fmt"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCable(t *testing.T) {
	a, b := NewPair("a", "b", 64)
	got := make(chan string, 64)
	a.Start(func(f []byte) { got <- "a:" + string(f) })
	b.Start(func(f []byte) {
		got <- "b:" + string(f)
		if err := b.Send(f); err != nil {
			t.Error(err)
		}
	})
	buf := make([]byte, 1)
	for i := range 10 {
		buf[0] = byte('0' + i) // the cable must not keep the caller's memory
		if err := a.Send(buf); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[byte]int{'a': 0, 'b': 0}
	for range 20 {
		s := <-got
		if want := fmt.Sprintf("%c:%d", s[0], seen[s[0]]); s != want {
			t.Errorf("got %s, want %s: frames must arrive in order", s, want)
		}
		seen[s[0]]++
	}
	if err := errors.Join(a.Close(), b.Close(), a.Close()); err != nil {
		t.Fatal(err)
	}
	if err := b.Send(buf); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestCableFull(t *testing.T) {
	a, b := NewPair("a", "b", 2)
	var c Counters
	for range 3 {
		c.Sent(5, a.Send([]byte("hello")))
	}
	if s := c.Snapshot(); s.OutFrames != 2 || s.OutBytes != 10 || s.OutDiscards != 1 || s.OutErrors != 0 {
		t.Errorf("counters %+v", s)
	}
	if err := errors.Join(a.Close(), b.Close()); err != nil {
		t.Fatal(err)
	}
}
