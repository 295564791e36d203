package link

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gopacket/gopacket/pcapgo"
)

func TestTapSeesEveryFate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFabric(t, Options{})
		defer f.Close()
		l := connect(t, f, "l", Shape{Delay: time.Second, Queue: 2}, func([]byte) {})
		var mu sync.Mutex
		var fates []string
		remove := f.AddTap(func(ev TapEvent) {
			if ev.LinkID != "l" || ev.From != "a" || ev.To != "b" || len(ev.Frame) != 60 || ev.Time.IsZero() {
				t.Errorf("event %+v", ev)
			}
			mu.Lock()
			defer mu.Unlock()
			fates = append(fates, ev.Fate.String())
		})
		var second int
		f.AddTap(func(TapEvent) {
			mu.Lock()
			defer mu.Unlock()
			second++
		})
		for range 3 {
			l.Send(numbered(0, 60))
		}
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		l.Send(numbered(0, 60))
		l.SetDown(true)
		l.Send(numbered(0, 60))
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		want := []string{"sent", "sent", "overflow", "delivered", "delivered", "sent", "lost", "lost"}
		if !slices.Equal(fates, want) {
			t.Errorf("got %v, want %v", fates, want)
		}
		remove()
		l.Send(numbered(0, 60))
		if len(fates) != len(want) || second != len(want)+1 {
			t.Errorf("%d events after removal, the other tap has %d", len(fates), second)
		}
	})
}

func TestCapture(t *testing.T) {
	var file bytes.Buffer
	c, err := NewCapture(&file)
	if err != nil {
		t.Fatal(err)
	}
	when := time.Date(2026, 1, 2, 3, 4, 5, 6789, time.UTC)
	links := []string{"a>b", "b>a", "a>b"}
	for i, id := range links {
		c.Tap(TapEvent{Time: when, LinkID: id, From: "x", To: "y", Fate: Delivered, Frame: numbered(uint32(i), 60+i)})
	}
	c.Tap(TapEvent{Time: when, LinkID: "a>b", Fate: Sent, Frame: numbered(9, 60)})
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c.Tap(TapEvent{Time: when, LinkID: "late", Fate: Delivered, Frame: numbered(9, 60)})

	r, err := pcapgo.NewNgReader(&file, pcapgo.NgReaderOptions{WantMixedLinkType: true})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := 0; ; i++ {
		data, info, err := r.ReadPacketData()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(data, numbered(uint32(i), 60+i)) || !info.Timestamp.Equal(when) {
			t.Errorf("packet %d: %d bytes at %v", i, len(data), info.Timestamp)
		}
		iface, err := r.Interface(info.InterfaceIndex)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, iface.Name)
	}
	if !slices.Equal(got, links) {
		t.Errorf("interfaces %v, want %v", got, links)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestCaptureTellsWriteErrors(t *testing.T) {
	c, err := NewCapture(brokenWriter{})
	if err != nil {
		return // told at once, just as good
	}
	for range 1000 {
		c.Tap(TapEvent{LinkID: "l", Fate: Delivered, Frame: numbered(0, 1500)})
	}
	if err := c.Close(); err == nil {
		t.Error("no error from a broken writer")
	}
	if err := c.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
}
