package takeover

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/firstack/firstack/tests/e2e/lab"
	"github.com/firstack/firstack/topo/host"
)

// load is connections that are opened all the time, and some that stay open.
type load struct {
	n      *network
	t      *testing.T
	server netip.AddrPort
	stop   context.CancelFunc
	done   sync.WaitGroup
	opened atomic.Int64
	asked  atomic.Int64 // on connections that stay open
}

// Kinds of load: workers that open one connection after the other, and connections that stay.
const (
	workers = 8
	stay    = 8
)

// startLoad runs until stop. Every connection that fails, or is not served by whoever won it, is an error.
func startLoad(t *testing.T, n *network) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{n: n, t: t, server: n.service(), stop: cancel}
	for w := range workers {
		l.done.Go(func() {
			for ctx.Err() == nil {
				l.fetch(w)
			}
		})
	}
	for range stay {
		l.done.Go(func() { l.hold(ctx) })
	}
	t.Cleanup(l.end)
	return l
}

func (l *load) end() {
	l.stop()
	l.done.Wait()
}

// fetch makes a request over a connection of its own, which lasts for a while.
func (l *load) fetch(worker int) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	i := l.opened.Add(1)
	r, err := l.n.World.Host(lab.Client).Fetch(ctx, host.Request{
		Server: l.server, Size: int64(1000 + 25_000*worker), Seed: uint64(i), Pause: time.Duration(worker) * 20 * time.Millisecond,
	})
	if err != nil {
		l.t.Errorf("connection %d: %v (%+v)", i, err, r)
		return
	}
	l.servedBy(r.Local, r.ServedBy)
}

// servedBy checks that the winner serves.
func (l *load) servedBy(local netip.AddrPort, site string) {
	at := l.n.witness.Winner(local)
	for _, h := range l.n.Plan().Hosts {
		for _, own := range h.All {
			if own == at && h.Site != site {
				l.t.Errorf("%v, won by %s in %s, was served by %s", local, h.Name, h.Site, site)
			}
		}
	}
}

// hold opens a connection and makes requests on it, now and then, to the end.
func (l *load) hold(ctx context.Context) {
	dial, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := l.n.World.Host(lab.Client).Dial(dial, netip.AddrPort{}, l.server)
	if err != nil {
		l.t.Errorf("a connection that should stay: %v", err)
		return
	}
	defer conn.Close()
	reader := bufio.NewReader(conn)
	for ctx.Err() == nil {
		site, err := ask(conn, reader)
		if err != nil {
			l.t.Errorf("a connection that should stay, from %v: %v", conn.Local(), err)
			return
		}
		l.servedBy(conn.Local(), site)
		l.asked.Add(1)
		select {
		case <-time.After(300 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

func ask(conn *host.Conn, reader *bufio.Reader) (site string, err error) {
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintf(conn, "GET /bytes?n=1000&seed=1 HTTP/1.1\r\nHost: server\r\n\r\n"); err != nil {
		return "", err
	}
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	if n, err := io.Copy(io.Discard, response.Body); err != nil || n != 1000 {
		return "", fmt.Errorf("%d bytes: %w", n, err)
	}
	return response.Header.Get(host.HeaderServedBy), nil
}
