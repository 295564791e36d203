package health

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Dial opens a connection; network is "tcp" and address has a numeric host. It has to give up when ctx is done.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// connect is the probe by TCP: whoever completes the handshake is active.
func connect(ctx context.Context, dial Dial, address string) outcome {
	start := time.Now()
	conn, err := dial(ctx, "tcp", address)
	if err != nil {
		return outcome{state: Dead, err: fmt.Errorf("connect to %s: %w", address, err)}
	}
	delay := time.Since(start)
	_ = conn.Close() // nothing was written that could be lost
	return outcome{state: Active, delay: delay}
}

// newClient gives a client that opens one connection per request and follows no redirection: the answer of the
// target itself is what counts.
func newClient(dial Dial) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext:            dial,
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// get is the probe by HTTP: below 500 is active, 503 (RFC 9110 section 15.6.4) is busy.
func get(ctx context.Context, client *http.Client, address, path string) outcome {
	start := time.Now()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return outcome{state: Dead, err: fmt.Errorf("probe %s: %w", address, err)}
	}
	request.Header.Set("User-Agent", "firstack-health")
	response, err := client.Do(request)
	if err != nil {
		return outcome{state: Dead, err: fmt.Errorf("probe %s: %w", address, err)}
	}
	delay := time.Since(start)
	_ = response.Body.Close() // the status said it all
	switch {
	case response.StatusCode == http.StatusServiceUnavailable:
		return outcome{state: Busy, delay: delay}
	case response.StatusCode >= 500:
		return outcome{state: Dead, err: fmt.Errorf("probe %s: status %s", address, response.Status)}
	}
	return outcome{state: Active, delay: delay}
}
