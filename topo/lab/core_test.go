package lab

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// card is a network interface in memory.
type card struct {
	name    string
	sent    chan []byte
	receive func([]byte)
	failed  func(error)
	started chan struct{}
	refuses error
}

func newCard(name string) *card {
	return &card{name: name, sent: make(chan []byte, 16), started: make(chan struct{})}
}

func (c *card) Name() string { return c.name }
func (c *card) Close() error { return nil }
func (c *card) Send(frame []byte) error {
	if c.refuses == nil {
		c.sent <- bytes.Clone(frame)
	}
	return c.refuses
}
func (c *card) Start(receive func([]byte), failed func(error)) {
	c.receive, c.failed = receive, failed
	close(c.started)
}

// runCore runs the core of a layout between cards until the test ends, and returns them by their names.
func runCore(t *testing.T, l *Layout, log *slog.Logger) (cards map[string]*card, stop func() error) {
	t.Helper()
	cards = map[string]*card{}
	for _, i := range l.Core.Interfaces {
		cards[i.Interface] = newCard(i.Interface)
	}
	for _, w := range l.Core.Wires {
		cards[w.Near], cards[w.Far] = newCard(w.Near), newCard(w.Far)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- RunCore(ctx, l, func(name string) (Card, error) { return cards[name], nil }, log)
	}()
	for _, c := range cards {
		<-c.started
	}
	stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { _ = stop() })
	return cards, stop
}

func mustMAC(text string) []byte {
	mac, err := net.ParseMAC(text)
	if err != nil {
		panic(err)
	}
	return mac
}

// A packet from one gateway leaves at another, later by the path's delay.
func TestCoreForwardsAndDelays(t *testing.T) {
	_, l, err := prepare(t, ", loss: 0.25, jitter_ms: 2", "")
	if err != nil {
		t.Fatal(err)
	}
	cards, _ := runCore(t, l, slog.New(slog.DiscardHandler))
	f := ipv4Frame("02:46:41:00:00:01", "02:46:41:01:00:01", [4]byte{10, 1, 0, 10}, [4]byte{198, 51, 100, 7})
	start := time.Now()
	cards["wan1"].receive(f)
	got := <-cards["wan3"].sent
	if d := time.Since(start); d < 2500*time.Microsecond { // half of 5 ms, by time_scale
		t.Errorf("forwarded after %v", d)
	}
	want := ipv4Frame("02:46:41:01:00:03", "02:46:41:00:00:03", [4]byte{10, 1, 0, 10}, [4]byte{198, 51, 100, 7})
	want[14+8]--
	putIPv4Checksum(want)
	if !bytes.Equal(got, want) {
		t.Errorf("got\n%x\nwant\n%x", got, want)
	}
	if n := len(cards["wan2"].sent); n != 0 {
		t.Errorf("%d frames left elsewhere", n)
	}
}

// A wire carries any frame both ways as it is.
func TestWiresCarryFrames(t *testing.T) {
	_, l, err := prepare(t, "lan: {mtu: 1400}", "lan: {delay_ms: 4}")
	if err != nil {
		t.Fatal(err)
	}
	cards, _ := runCore(t, l, slog.New(slog.DiscardHandler))
	for _, way := range [][2]string{{"host2", "lan2"}, {"lan2", "host2"}} {
		f := append(bytes.Repeat([]byte{0xff}, 14), []byte(way[0])...)
		start := time.Now()
		cards[way[0]].receive(f)
		if got := <-cards[way[1]].sent; !bytes.Equal(got, f) {
			t.Errorf("%v: got %x, want %x", way, got, f)
		}
		if d := time.Since(start); d < 2*time.Millisecond {
			t.Errorf("%v: carried after %v", way, d)
		}
	}
}

func TestCoreEndsWhenAnInterfaceFails(t *testing.T) {
	_, l, err := prepare(t, "", "")
	if err != nil {
		t.Fatal(err)
	}
	cards := map[string]*card{}
	ended := make(chan error, 1)
	for _, i := range l.Core.Interfaces {
		cards[i.Interface] = newCard(i.Interface)
	}
	go func() {
		ended <- RunCore(t.Context(), l, func(name string) (Card, error) { return cards[name], nil }, slog.New(slog.DiscardHandler))
	}()
	gone := errors.New("the cable is gone")
	<-cards["wan2"].started
	cards["wan2"].failed(gone)
	if err := <-ended; !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
}

func TestCoreSaysWhichInterfaceIsMissing(t *testing.T) {
	_, l, err := prepare(t, "", "")
	if err != nil {
		t.Fatal(err)
	}
	missing := errors.New("wan2 is missing")
	err = RunCore(t.Context(), l, func(name string) (Card, error) {
		if name == "wan2" {
			return nil, missing
		}
		return newCard(name), nil
	}, slog.New(slog.DiscardHandler))
	if !errors.Is(err, missing) {
		t.Errorf("got %v", err)
	}
}

// What an interface does not take is lost, and said once.
func TestCoreWarnsOfWhatAnInterfaceRefuses(t *testing.T) {
	_, l, err := prepare(t, ", loss: 0.25, jitter_ms: 2", "")
	if err != nil {
		t.Fatal(err)
	}
	var log lockedBuffer
	cards, stop := runCore(t, l, slog.New(slog.NewTextHandler(&log, nil)))
	cards["wan3"].refuses = errors.New("no room")
	for range 3 {
		cards["wan1"].receive(ipv4Frame("02:46:41:00:00:01", "02:46:41:01:00:01", [4]byte{10, 1, 0, 10}, [4]byte{198, 51, 100, 7}))
	}
	// The one behind them, on the same path to another gateway of the same delay, tells that they are through.
	cards["wan1"].receive(ipv4Frame("02:46:41:00:00:01", "02:46:41:01:00:01", [4]byte{10, 1, 0, 10}, [4]byte{10, 2, 0, 10}))
	<-cards["wan2"].sent
	if err := stop(); err != nil {
		t.Error(err)
	}
	if n := strings.Count(log.String(), "frame lost"); n != 1 || !strings.Contains(log.String(), "interface=wan3") {
		t.Errorf("said %d times:\n%s", n, log.String())
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func ipv4Frame(dst, src string, from, to [4]byte) []byte {
	f := slices.Concat(mustMAC(dst), mustMAC(src), []byte{8, 0}, []byte{0x45, 0, 0, 24, 0, 1, 0x40, 0, 64, 17, 0, 0}, from[:], to[:], []byte("data"))
	putIPv4Checksum(f)
	return f
}

func putIPv4Checksum(f []byte) {
	h := f[14:34]
	h[10], h[11] = 0, 0
	var sum uint32
	for i := 0; i < 20; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(h[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(h[10:], ^uint16(sum))
}
