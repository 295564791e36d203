package health

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestProbe(t *testing.T) {
	for name, test := range map[string]struct {
		path   string
		server behaviour
		want   State
		err    string
	}{
		"tcp accepted":       {"", accept, Active, ""},
		"tcp refused":        {"", refuse, Dead, "connect to 198.51.100.1:80: connection refused"},
		"tcp black hole":     {"", hang, Dead, "deadline exceeded"},
		"200":                {"/", status(200), Active, ""},
		"301 is not pursued": {"/", answer("HTTP/1.1 301 Moved\r\nLocation: http://203.0.113.1/\r\n\r\n"), Active, ""},
		"404":                {"/healthz", status(404), Active, ""},
		"503":                {"/", status(503), Busy, ""},
		"500":                {"/", status(500), Dead, "probe http://198.51.100.1:80/: status 500"},
		"504":                {"/x", status(504), Dead, "status 504"},
		"interim first":      {"/", answer("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 503 Busy\r\n\r\n"), Busy, ""},
		"interim only":       {"/", answer(strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 9)), Dead, "more than 8 interim"},
		"http refused":       {"/", refuse, Dead, "connect: connection refused"},
		"http black hole":    {"/", hang, Dead, "deadline exceeded"},
		"silence":            {"/", answer(""), Dead, "deadline exceeded"},
		"closed at once":     {"/", accept, Dead, "send request"},
		"not HTTP":           {"/", answer("SSH-2.0-OpenSSH_9.2\r\n"), Dead, "malformed HTTP"},
		"endless header":     {"/", answer("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", maxHeader) + "\r\n\r\n"), Dead, "unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				net := newFakeNet()
				net.set("198.51.100.1:80", test.server)
				p := New(Options{Dial: net.dial})
				settings := p.settings
				settings.Timeout, settings.Path = time.Second, test.path
				o := p.probe(t.Context(), target(1), settings)
				if o.state != test.want || (o.err == nil) != (test.err == "") || o.err != nil && !strings.Contains(o.err.Error(), test.err) {
					t.Errorf("probe found %v, %v; want %v, %q", o.state, o.err, test.want, test.err)
				}
			})
		})
	}
}

func TestProbeGivesUpWithItsContext(t *testing.T) {
	for name, path := range map[string]string{"tcp": "", "http": "/"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				net := newFakeNet()
				net.set("198.51.100.1:80", hang)
				ctx, cancel := context.WithCancel(t.Context())
				p := New(Options{Dial: net.dial})
				settings := p.settings
				settings.Timeout, settings.Path = time.Hour, path
				time.AfterFunc(time.Second, cancel)
				start := time.Now()
				o := p.probe(ctx, target(1), settings)
				if !errors.Is(o.err, context.Canceled) || time.Since(start) != time.Second {
					t.Errorf("probe gave %v after %v; want %v after 1s", o.err, time.Since(start), context.Canceled)
				}
			})
		})
	}
}
