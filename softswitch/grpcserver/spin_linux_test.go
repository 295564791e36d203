package grpcserver

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// tcpPair is both ends of a connection over loopback; the first spins.
func tcpPair(t *testing.T) (*spinningConn, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	s := spinning(server).(*spinningConn)
	t.Cleanup(func() { _, _ = client.Close(), s.Close() })
	return s, client
}

// TestSpinningRests: a reader spins the more rarely the more often it is in vain, and again when it was not.
func TestSpinningRests(t *testing.T) {
	s, client := tcpPair(t)
	s.time = 0 // in vain
	spun := 0
	for range 600 {
		if s.begin(make([]byte, 1)); !s.sleeps {
			spun++
		}
		var got bool
		if err := s.raw.Control(func(fd uintptr) { got = s.receive(fd) }); err != nil || got || !s.sleeps {
			t.Fatalf("%v; got something: %v, sleeps: %v", err, got, s.sleeps)
		}
	}
	// 2, 4, 8 ... 256 rest, and 256 again.
	if spun != 9 || s.fails != 9 {
		t.Errorf("%d of 600 reads spun, %d in vain", spun, s.fails)
	}
	s.time, s.rest = time.Hour, 0 // not in vain
	done := make(chan error)
	go func() {
		b := make([]byte, 8)
		for i := range 1000 {
			n, err := s.Read(b)
			if err == nil && (n != 1 || b[0] != byte(i)) {
				err = errors.New("something else was read")
			}
			done <- err
		}
	}()
	for i := range 1000 {
		if _, err := client.Write([]byte{byte(i)}); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if s.fails != 0 || s.rest != 0 {
		t.Errorf("in vain %d times in a row, %d reads sleep at once", s.fails, s.rest)
	}
}

// TestSpinningEnds: deadlines, the client's end and the own one end a read.
func TestSpinningEnds(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(s *spinningConn, client net.Conn) error
		want error
	}{
		"deadline": {func(s *spinningConn, _ net.Conn) error { return s.SetReadDeadline(time.Now()) }, os.ErrDeadlineExceeded},
		"client":   {func(_ *spinningConn, client net.Conn) error { return client.Close() }, io.EOF},
		"closed":   {func(s *spinningConn, _ net.Conn) error { return s.Close() }, net.ErrClosed},
	} {
		t.Run(name, func(t *testing.T) {
			s, client := tcpPair(t)
			read := make(chan error, 1)
			go func() {
				_, err := s.Read(make([]byte, 1))
				read <- err
			}()
			if err := c.end(s, client); err != nil {
				t.Fatal(err)
			}
			if err := <-read; !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}
