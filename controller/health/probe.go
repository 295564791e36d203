package health

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
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

// What is read of an answer at most, and how many interim responses (RFC 9110 section 15.2) may precede it.
const (
	maxHeader  = 64 << 10
	maxInterim = 8
)

// get is the probe by HTTP: below 500 is active, 503 (RFC 9110 section 15.6.4) is busy. It follows no redirection,
// for the answer of the target itself is what counts, and it speaks over its one connection without net/http's
// transport, which would go on dialling for others when a probe is given up.
func get(ctx context.Context, dial Dial, address, path string) outcome {
	start := time.Now()
	status, err := request(ctx, dial, address, path)
	delay := time.Since(start)
	switch {
	case err != nil:
		return outcome{state: Dead, err: fmt.Errorf("probe http://%s%s: %w", address, path, err)}
	case status == http.StatusServiceUnavailable:
		return outcome{state: Busy, delay: delay}
	case status >= 500:
		return outcome{state: Dead, err: fmt.Errorf("probe http://%s%s: status %d", address, path, status)}
	}
	return outcome{state: Active, delay: delay}
}

// request gives the status of the answer.
func request(ctx context.Context, dial Dial, address, path string) (int, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return 0, fmt.Errorf("make request: %w", err)
	}
	r.Header.Set("User-Agent", "firstack-health")
	r.Close = true
	conn, err := dial(ctx, "tcp", address)
	if err != nil {
		return 0, fmt.Errorf("connect: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // ends the reading and writing below
	defer func() {
		if stop() {
			_ = conn.Close() // what was to be read has been read
		}
	}()
	if err := r.Write(conn); err != nil {
		return 0, fmt.Errorf("send request: %w", cmp.Or(ctx.Err(), err))
	}
	in := bufio.NewReader(io.LimitReader(conn, maxHeader))
	for range maxInterim {
		response, err := http.ReadResponse(in, r)
		if err != nil {
			return 0, fmt.Errorf("read answer: %w", cmp.Or(ctx.Err(), err))
		}
		// The status says it all; the body goes with the connection, for to close it is to read it.
		if response.StatusCode >= 200 || response.StatusCode == http.StatusSwitchingProtocols {
			return response.StatusCode, nil
		}
	}
	return 0, fmt.Errorf("read answer: more than %d interim responses", maxInterim)
}
