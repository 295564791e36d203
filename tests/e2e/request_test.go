package e2e

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/firstack/firstack/tests/e2e/lab"
	"github.com/firstack/firstack/topo/host"
)

// ask makes a request over a connection that stays open, and fails the test unless the answer is right. It returns the
// site that served it.
func ask(t testing.TB, conn *host.Conn, size int64) string {
	t.Helper()
	site, err := tryAsk(conn, size)
	if err != nil {
		t.Fatalf("%v: %v", conn.Local(), err)
	}
	return site
}

func tryAsk(conn *host.Conn, size int64) (string, error) {
	if err := conn.SetDeadline(time.Now().Add(lab.Patience)); err != nil {
		return "", err
	}
	const seed = 11
	if _, err := fmt.Fprintf(conn, "GET /bytes?n=%d&seed=%d HTTP/1.1\r\nHost: server\r\n\r\n", size, seed); err != nil {
		return "", err
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	got, want := sha256.New(), sha256.New()
	if _, err := io.Copy(got, response.Body); err != nil {
		return "", err
	}
	if _, err := io.Copy(want, host.Content(seed, size)); err != nil {
		return "", err
	}
	if string(got.Sum(nil)) != string(want.Sum(nil)) {
		return "", host.ErrContent
	}
	return response.Header.Get(host.HeaderServedBy), nil
}
