package host

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"
)

// Headers of a web server's answers.
const (
	HeaderServedBy = "X-Served-By" // the server's site
	HeaderClient   = "X-Client"    // the client's address and port as the server saw them
)

// page is the answer to "/": the same on every server, as replicas are.
const page = "This page is the same on every server that has it.\nSee /bytes?n=1048576&seed=1 for more.\n"

// chunk is how much of a content is sent before a pause.
const chunk = 64 << 10

// WebServer is an http server on a host.
//
//	/                    a short text
//	/bytes?n=N&seed=S    N bytes of Content(S, N); with pause_ms=P it waits P ms after every 64 KiB
//	/health              200, or 503 while busy
type WebServer struct {
	site     string
	busy     atomic.Bool
	requests atomic.Int64
	server   http.Server
	stop     chan struct{}
	done     chan struct{}
}

// Serve starts a web server on these addresses of the host; Close stops it. The site is what it tells
// of itself. The logger may be nil.
func (h *Host) Serve(site string, logger *slog.Logger, at ...netip.AddrPort) (*WebServer, error) {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	w := &WebServer{site: site, stop: make(chan struct{}), done: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", w.page)
	mux.HandleFunc("GET /bytes", w.bytes)
	mux.HandleFunc("GET /health", w.health)
	w.server = http.Server{
		Handler: mux, ReadHeaderTimeout: time.Minute,
		ErrorLog: slog.NewLogLogger(logger.With("host", h.name).Handler(), slog.LevelDebug),
	}
	listeners := make([]net.Listener, 0, len(at))
	for _, a := range at {
		l, err := h.Listen(a)
		if err != nil {
			for _, open := range listeners {
				_ = open.Close()
			}
			return nil, err
		}
		listeners = append(listeners, l)
	}
	ended := make(chan struct{}, len(listeners))
	for _, l := range listeners {
		go func() {
			if err := w.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				logger.Error("web server ended", "host", h.name, "address", l.Addr(), "err", err)
			}
			ended <- struct{}{}
		}()
	}
	go func() {
		defer close(w.done)
		for range listeners {
			<-ended
		}
	}()
	return w, nil
}

// SetBusy makes /health answer 503, or 200 again. Other requests are answered all the same: a busy
// server is spared by those who ask.
func (w *WebServer) SetBusy(busy bool) { w.busy.Store(busy) }

// Requests returns how many requests for "/" and "/bytes" came in.
func (w *WebServer) Requests() int64 { return w.requests.Load() }

// Close breaks the server's connections and waits for its listeners to end.
func (w *WebServer) Close() error {
	close(w.stop)
	err := w.server.Close()
	<-w.done
	if err != nil {
		return fmt.Errorf("close web server: %w", err)
	}
	return nil
}

func (w *WebServer) sign(rw http.ResponseWriter, r *http.Request) {
	w.requests.Add(1)
	rw.Header().Set(HeaderServedBy, w.site)
	rw.Header().Set(HeaderClient, r.RemoteAddr)
}

func (w *WebServer) page(rw http.ResponseWriter, r *http.Request) {
	w.sign(rw, r)
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(rw, page)
}

func (w *WebServer) health(rw http.ResponseWriter, _ *http.Request) {
	rw.Header().Set(HeaderServedBy, w.site)
	if w.busy.Load() {
		rw.WriteHeader(http.StatusServiceUnavailable)
	}
}

func (w *WebServer) bytes(rw http.ResponseWriter, r *http.Request) {
	w.sign(rw, r)
	q := r.URL.Query()
	n, errN := number(q.Get("n"), MaxContent)
	pause, errPause := number(q.Get("pause_ms"), 60_000)
	seed, errSeed := uint64(0), error(nil)
	if s := q.Get("seed"); s != "" {
		seed, errSeed = strconv.ParseUint(s, 10, 64)
	}
	if err := errors.Join(errN, errPause, errSeed); err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	rw.Header().Set("Content-Type", "application/octet-stream")
	rw.Header().Set("Content-Length", strconv.FormatInt(n, 10))
	content := Content(seed, n)
	if pause == 0 {
		_, _ = io.Copy(rw, content)
		return
	}
	for {
		sent, err := io.CopyN(rw, content, chunk)
		if err != nil || sent < chunk || http.NewResponseController(rw).Flush() != nil {
			return
		}
		select {
		case <-time.After(time.Duration(pause) * time.Millisecond):
		case <-r.Context().Done():
			return
		case <-w.stop:
			return
		}
	}
}

// number reads a whole number from 0 to most; none is 0.
func number(text string, most int64) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > most {
		return 0, fmt.Errorf("%q is no whole number from 0 to %d", text, most)
	}
	return n, nil
}
