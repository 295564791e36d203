package host

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"sync/atomic"
	"time"
)

// Request is what a client asks of a web server: Size bytes of content, over a connection of its own.
type Request struct {
	Server netip.AddrPort
	Size   int64
	Seed   uint64
	Pause  time.Duration  // after every 64 KiB; whole milliseconds
	Local  netip.AddrPort // to send from; zero lets the stack choose
}

// Result is what became of a request. Times count from the call, and are not corrected by a network's
// time scale.
type Result struct {
	Local     netip.AddrPort
	Connect   time.Duration // until the connection was established
	FirstByte time.Duration // until the answer's first byte
	Total     time.Duration // until its last
	SYNs      int           // SYNs sent
	Bytes     int64         // of the body
	SHA256    [sha256.Size]byte
	SHA256OK  bool   // the body is that of Content
	ServedBy  string // site of the server that answered
	Client    string // address and port that server saw
}

// Fetch makes one request over a new connection. With an error the result tells how far it came.
func (h *Host) Fetch(ctx context.Context, r Request) (Result, error) {
	var result Result
	start := time.Now()
	c, err := h.Dial(ctx, r.Local, r.Server)
	if err != nil {
		result.Total = time.Since(start)
		return result, fmt.Errorf("host %s: %w", h.name, err)
	}
	result.Connect, result.Local, result.SYNs = time.Since(start), c.Local(), c.SYNs()
	transport := &http.Transport{
		DisableKeepAlives: true, DisableCompression: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) { return c, nil },
	}
	defer c.Close()

	var firstByte atomic.Int64 // the trace is called from the transport's goroutine
	trace := &httptrace.ClientTrace{GotFirstResponseByte: func() { firstByte.Store(int64(time.Since(start))) }}
	url := fmt.Sprintf("http://%s/bytes?n=%d&seed=%d&pause_ms=%d", r.Server, r.Size, r.Seed, r.Pause.Milliseconds())
	request, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), http.MethodGet, url, nil)
	if err != nil {
		return result, fmt.Errorf("host %s: get %s: %w", h.name, url, err)
	}
	response, err := transport.RoundTrip(request)
	result.FirstByte = time.Duration(firstByte.Load())
	if err != nil {
		result.Total = time.Since(start)
		return result, fmt.Errorf("host %s: get %s: %w", h.name, url, err)
	}
	defer response.Body.Close()
	result.ServedBy, result.Client = response.Header.Get(HeaderServedBy), response.Header.Get(HeaderClient)
	sum := sha256.New()
	result.Bytes, err = io.Copy(sum, response.Body)
	result.Total = time.Since(start)
	sum.Sum(result.SHA256[:0])
	switch {
	case err != nil:
		return result, fmt.Errorf("host %s: get %s: after %d bytes: %w", h.name, url, result.Bytes, err)
	case response.StatusCode != http.StatusOK:
		return result, fmt.Errorf("host %s: get %s: %s", h.name, url, response.Status)
	}
	want, err := contentSum(sha256.New(), r)
	result.SHA256OK = err == nil && result.SHA256 == want
	if !result.SHA256OK {
		return result, errors.Join(fmt.Errorf("host %s: get %s: %w", h.name, url, ErrContent), err)
	}
	return result, nil
}

// ErrContent tells of an answer that is complete but not what every server has.
var ErrContent = errors.New("the content is not what it should be")

func contentSum(h hash.Hash, r Request) (sum [sha256.Size]byte, err error) {
	_, err = io.Copy(h, Content(r.Seed, r.Size))
	h.Sum(sum[:0])
	return sum, err
}
