package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/firstack/firstack/topo/link"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	macA, macB   = net.HardwareAddr{2, 0, 0, 0, 0, 0xa}, net.HardwareAddr{2, 0, 0, 0, 0, 0xb}
	addrA, addrB = netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	alias        = netip.MustParseAddr("192.0.2.1")
	service      = netip.AddrPortFrom(addrB, 80)
)

// pair is two hosts on one cable, each the other's gateway; b has an alias.
type pair struct {
	a, b   *Host
	ab, ba *link.Link
	fabric *link.Fabric
}

func newPair(t testing.TB, delay time.Duration, arp bool) *pair {
	t.Helper()
	f, err := link.NewFabric(link.Options{})
	if err != nil {
		t.Fatal(err)
	}
	make := func(name string, mac, peer net.HardwareAddr, gateway netip.Addr, addresses ...netip.Addr) *Host {
		if arp {
			peer = nil
		}
		h, err := New(Options{Name: name, MAC: mac, Addresses: addresses, Gateway: gateway, GatewayMAC: peer})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	p := &pair{fabric: f, a: make("a", macA, macB, addrB, addrA), b: make("b", macB, macA, addrA, addrB, alias)}
	connect := func(id string, to *Host) *link.Link {
		l, err := f.Connect(id, id[:1], id[2:], link.Shape{Delay: delay}, to.Receive)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	p.ab, p.ba = connect("a>b", p.b), connect("b>a", p.a)
	p.a.Attach(p.ab)
	p.b.Attach(p.ba)
	t.Cleanup(func() {
		for _, c := range []io.Closer{p.a, p.b, p.fabric} {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return p
}

func serve(t testing.TB, h *Host, at ...netip.AddrPort) *WebServer {
	t.Helper()
	w, err := h.Serve("London", nil, at...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func deadline(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestFetch(t *testing.T) {
	for name, arp := range map[string]bool{"static neighbour": false, "ARP": true} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, 5*time.Millisecond, arp)
			serve(t, p.b, service, netip.AddrPortFrom(alias, 80))
			for _, server := range []netip.AddrPort{service, netip.AddrPortFrom(alias, 80)} {
				r, err := p.a.Fetch(deadline(t, 20*time.Second), Request{Server: server, Size: 300_000, Seed: 5})
				if err != nil {
					t.Fatal(err)
				}
				if r.Bytes != 300_000 || !r.SHA256OK || r.ServedBy != "London" || r.Client != r.Local.String() || r.SYNs != 1 {
					t.Errorf("%+v", r)
				}
				if r.Connect < 10*time.Millisecond || r.FirstByte < r.Connect+10*time.Millisecond || r.Total < r.FirstByte {
					t.Errorf("connected after %v, first byte %v, last %v", r.Connect, r.FirstByte, r.Total)
				}
			}
		})
	}
}

// A SYN that is lost is sent again after a second, and that is told.
func TestRepeatedSYN(t *testing.T) {
	p := newPair(t, time.Millisecond, false)
	serve(t, p.b, service)
	p.ab.SetDown(true)
	var once sync.Once
	defer p.fabric.AddTap(func(ev link.TapEvent) {
		if ev.Fate == link.Lost {
			once.Do(func() { p.ab.SetDown(false) })
		}
	})()
	r, err := p.a.Fetch(deadline(t, 20*time.Second), Request{Server: service, Size: 10})
	if err != nil {
		t.Fatal(err)
	}
	if r.SYNs != 2 || r.Connect < time.Second {
		t.Errorf("%d SYNs, connected after %v", r.SYNs, r.Connect)
	}
}

func TestDialErrors(t *testing.T) {
	p := newPair(t, time.Millisecond, false)
	serve(t, p.b, service)
	local := netip.AddrPortFrom(addrA, 4321)
	first, err := p.a.Dial(t.Context(), local, service)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if first.Local() != local || first.Remote() != service || first.Connect() <= 0 {
		t.Errorf("connection from %s to %s after %v", first.Local(), first.Remote(), first.Connect())
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		name string
		dial func() (*Conn, error)
		want error
	}{
		{"nobody listens", func() (*Conn, error) {
			return p.a.Dial(t.Context(), netip.AddrPort{}, netip.AddrPortFrom(addrB, 81))
		}, syscall.ECONNREFUSED},
		{"port in use", func() (*Conn, error) { return p.a.Dial(t.Context(), local, service) }, syscall.EADDRINUSE},
		{"another's address", func() (*Conn, error) {
			return p.a.Dial(t.Context(), netip.AddrPortFrom(alias, 0), service)
		}, syscall.ENETUNREACH},
		{"over before it began", func() (*Conn, error) { return p.a.Dial(over, netip.AddrPort{}, service) }, context.Canceled},
		{"no answer", func() (*Conn, error) {
			p.ba.SetDown(true)
			defer p.ba.SetDown(false)
			return p.a.Dial(deadline(t, 50*time.Millisecond), netip.AddrPort{}, service)
		}, context.DeadlineExceeded},
	} {
		c, err := test.dial()
		var op *net.OpError
		if !errors.Is(err, test.want) || !errors.As(err, &op) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
		if c != nil {
			c.Close()
		}
	}
	for _, test := range []struct{ network, address string }{
		{"udp", "10.0.0.2:80"}, {"tcp", "server:80"}, {"tcp", "[2001:db8::1]:80"},
	} {
		if _, err := p.a.DialContext(t.Context(), test.network, test.address); err == nil {
			t.Errorf("dialled %s %s", test.network, test.address)
		}
	}
	if len(p.a.card.syns.counts) != 0 {
		t.Errorf("%d flows are still watched", len(p.a.card.syns.counts))
	}
}

// DialContext serves an ordinary http client, as probes use it.
func TestProbe(t *testing.T) {
	p := newPair(t, 0, false)
	w := serve(t, p.b, service)
	transport := &http.Transport{DialContext: p.a.DialContext}
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport, Timeout: 10 * time.Second}
	for _, test := range []struct {
		busy bool
		path string
		want int
		body string
	}{
		{false, "/health", 200, ""},
		{true, "/health", 503, ""},
		{false, "/", 200, page},
		{false, "/bytes?n=x", 400, "\"x\" is no whole number from 0 to 1073741824\n"},
		{false, "/bytes?n=9999999999", 400, "\"9999999999\" is no whole number from 0 to 1073741824\n"},
		{false, "/bytes?seed=-1", 400, "strconv.ParseUint: parsing \"-1\": invalid syntax\n"},
		{false, "/bytes", 200, ""},
		{false, "/other", 404, "404 page not found\n"},
	} {
		w.SetBusy(test.busy)
		r, err := client.Get("http://" + service.String() + test.path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		r.Body.Close()
		if r.StatusCode != test.want || string(body) != test.body || err != nil {
			t.Errorf("%s: %d %q %v", test.path, r.StatusCode, body, err)
		}
	}
	if w.Requests() != 5 {
		t.Errorf("%d requests counted, want 5", w.Requests())
	}
}

// A server that has something else is found out.
func TestWrongContent(t *testing.T) {
	p := newPair(t, 0, false)
	for name, answer := range map[string]struct {
		body string
		want error
	}{
		"another":     {strings.Repeat("x", 100), ErrContent},
		"cut":         {strings.Repeat("x", 99), io.ErrUnexpectedEOF},
		"not a reply": {"", io.ErrUnexpectedEOF},
	} {
		l, err := p.b.Listen(netip.AddrPortFrom(addrB, 0))
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			_, _ = c.Read(make([]byte, 4096))
			if answer.body != "" {
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"+answer.body)
			}
		}()
		at := netip.MustParseAddrPort(l.Addr().String())
		r, err := p.a.Fetch(deadline(t, 10*time.Second), Request{Server: at, Size: 100})
		if !errors.Is(err, answer.want) && !strings.Contains(err.Error(), "EOF") || r.SHA256OK {
			t.Errorf("%s: %v, %+v", name, err, r)
		}
		<-done
		l.Close()
	}
}

// A slow download, to break something in its midst: it ends when server or client go away.
func TestPausedDownload(t *testing.T) {
	p := newPair(t, 0, false)
	w, err := p.b.Serve("London", nil, service)
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.a.Fetch(deadline(t, 20*time.Second), Request{Server: service, Size: 3*chunk + 1, Pause: 20 * time.Millisecond})
	if err != nil || r.Total-r.FirstByte < 60*time.Millisecond {
		t.Errorf("%v, %+v", err, r)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	fetch := func(ctx context.Context) {
		_, err := p.a.Fetch(ctx, Request{Server: service, Size: 100 * chunk, Pause: time.Minute})
		ended <- err
	}
	before := w.Requests()
	go fetch(ctx)
	go fetch(t.Context())
	for w.Requests() < before+2 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err == nil {
		t.Error("complete, though the server went away")
	}
}

func TestPingAndUDP(t *testing.T) {
	p := newPair(t, 3*time.Millisecond, false)
	for _, to := range []netip.Addr{addrB, alias} {
		took, err := p.a.Ping(deadline(t, 10*time.Second), to, 7)
		if err != nil || took < 6*time.Millisecond {
			t.Errorf("ping %s: %v, %v", to, took, err)
		}
	}
	server, err := p.b.DialUDP(netip.AddrPortFrom(addrB, 53), netip.AddrPort{})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	client, err := p.a.DialUDP(netip.AddrPort{}, netip.AddrPortFrom(addrB, 53))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Write([]byte("question")); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 100)
	n, from, err := server.ReadFrom(b)
	if err != nil || string(b[:n]) != "question" {
		t.Fatalf("%q, %v", b[:n], err)
	}
	if _, err := server.WriteTo([]byte("answer"), from); err != nil {
		t.Fatal(err)
	}
	if n, err := client.Read(b); err != nil || string(b[:n]) != "answer" {
		t.Errorf("%q, %v", b[:n], err)
	}
	p.ba.SetDown(true)
	if _, err := p.a.Ping(deadline(t, 20*time.Millisecond), addrB, 8); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("ping without an answer: %v", err)
	}
}

// Closing a host ends what waits on it.
func TestCloseEndsConnections(t *testing.T) {
	p := newPair(t, 0, false)
	l, err := p.b.Listen(service)
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.a.Dial(t.Context(), netip.AddrPort{}, service)
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 3)
	for _, conn := range []net.Conn{c, accepted} {
		go func() {
			_, err := conn.Read(make([]byte, 1))
			ended <- err
		}()
	}
	go func() {
		_, err := l.Accept()
		ended <- err
	}()
	if err := p.b.Close(); err != nil {
		t.Error(err)
	}
	for range 3 {
		if err := <-ended; err == nil {
			t.Error("a call returned without an error")
		}
	}
	if _, err := p.b.Listen(service); err == nil {
		t.Error("a closed host listens")
	}
}

func TestReset(t *testing.T) {
	p := newPair(t, 0, false)
	l, err := p.b.Listen(service)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := p.a.Dial(t.Context(), netip.AddrPort{}, service)
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	c.Reset()
	if _, err := accepted.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("read after a reset: %v", err)
	}
}

func TestContent(t *testing.T) {
	read := func(seed uint64, n int64) []byte {
		b, err := io.ReadAll(Content(seed, n))
		if err != nil || int64(len(b)) != n {
			t.Fatalf("%d bytes, %v", len(b), err)
		}
		return b
	}
	if !bytes.Equal(read(1, 1000), read(1, 2000)[:1000]) {
		t.Error("a longer content begins otherwise")
	}
	if bytes.Equal(read(1, 1000), read(2, 1000)) {
		t.Error("two seeds give the same")
	}
	// Fixed for ever: other programs may compare.
	if got := fmt.Sprintf("%x", read(1, 8)); got != "09b9c7911c2496b2" {
		t.Errorf("seed 1 begins with %s", got)
	}
}

func TestBadOptions(t *testing.T) {
	good := Options{Name: "h", MAC: macA, Addresses: []netip.Addr{addrA}, Gateway: addrB}
	for name, spoil := range map[string]func(*Options){
		"no address":   func(o *Options) { o.Addresses = nil },
		"no MAC":       func(o *Options) { o.MAC = nil },
		"no gateway":   func(o *Options) { o.Gateway = netip.Addr{} },
		"IPv6 address": func(o *Options) { o.Addresses = []netip.Addr{netip.MustParseAddr("::1")} },
		"twice":        func(o *Options) { o.Addresses = []netip.Addr{addrA, addrA} },
	} {
		o := good
		spoil(&o)
		if h, err := New(o); err == nil {
			t.Errorf("%s: accepted", name)
			h.Close()
		}
	}
}

// Frames that are none are ignored; a host that is not attached sends nowhere.
func TestStrangeFrames(t *testing.T) {
	h, err := New(Options{Name: "h", MAC: macA, Addresses: []netip.Addr{addrA}, Gateway: addrB, GatewayMAC: macB})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	for _, f := range [][]byte{nil, make([]byte, 13), make([]byte, 14), append(append([]byte{}, macA...), make([]byte, 60)...)} {
		h.Receive(f)
	}
	if _, err := h.Dial(deadline(t, 10*time.Millisecond), netip.AddrPort{}, service); err == nil {
		t.Error("connected to nobody")
	}
}

// What is for another card is not for this one, as on a LAN; what is sent without a choice comes from
// the first address.
func TestFramesForOthers(t *testing.T) {
	p := newPair(t, 0, false)
	sent := make(chan []byte, 10)
	defer p.fabric.AddTap(func(ev link.TapEvent) {
		if ev.Fate == link.Sent {
			sent <- bytes.Clone(ev.Frame)
		}
	})()
	ask := func() []byte {
		t.Helper()
		if _, err := p.b.Ping(deadline(t, 10*time.Second), addrA, 1); err != nil {
			t.Fatal(err)
		}
		request := <-sent
		<-sent
		return request
	}
	request := ask()
	if source := netip.AddrFrom4([4]byte(request[26:30])); source != addrB {
		t.Errorf("b with its alias sends from %s", source)
	}
	request[5] ^= 1
	p.a.Receive(request)
	ask() // had the first request been answered, its answer would be in the way
	if len(sent) > 0 {
		t.Errorf("%d frames in answer to one for another", len(sent))
	}
}
