package main

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// TestBusyListener: polled connections read what others do, and end as others do.
func TestBusyListener(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := busyListener{inner}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 8)
	for _, text := range []string{"one", "two"} {
		read := make(chan string, 1)
		go func() { // before there is anything to read
			n, err := conn.Read(buf)
			if err != nil {
				t.Error(err)
			}
			read <- string(buf[:n])
		}()
		if _, err := client.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if got := <-read; got != text {
			t.Errorf("read %q, want %q", got, text)
		}
	}
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("after the deadline: %v", err)
	}
	if err := errors.Join(conn.SetReadDeadline(time.Time{}), client.Close()); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(buf); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("after the end: %d bytes, %v", n, err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(buf); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
