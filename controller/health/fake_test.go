package health

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errRefused = errors.New("connection refused")

// fakeNet is a network in memory, so that a test's clock may be synctest's. Servers answer as their behaviour says.
type fakeNet struct {
	mu       sync.Mutex
	servers  map[string]behaviour
	dials    map[string][]time.Time
	now, max int // dials that are under way, and how many there were at most
}

// behaviour takes part in a dial: it may wait, fail, or serve the connection.
type behaviour func(ctx context.Context) (net.Conn, error)

func newFakeNet() *fakeNet {
	return &fakeNet{servers: map[string]behaviour{}, dials: map[string][]time.Time{}}
}

func (f *fakeNet) set(address string, b behaviour) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.servers[address] = b
}

func (f *fakeNet) times(address string) []time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]time.Time(nil), f.dials[address]...)
}

func (f *fakeNet) dial(ctx context.Context, network, address string) (net.Conn, error) {
	f.mu.Lock()
	f.dials[address] = append(f.dials[address], time.Now())
	f.now++
	f.max = max(f.max, f.now)
	b := f.servers[address]
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.now--
	}()
	if network != "tcp" || b == nil {
		return nil, errRefused
	}
	return b(ctx)
}

func accept(context.Context) (net.Conn, error) {
	client, server := net.Pipe()
	_ = server.Close()
	return client, nil
}

func refuse(context.Context) (net.Conn, error) { return nil, errRefused }

// hang is a server behind a black hole.
func hang(ctx context.Context) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// after takes its time to accept.
func after(d time.Duration) behaviour {
	return func(ctx context.Context) (net.Conn, error) {
		select {
		case <-time.After(d):
			return accept(ctx)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// answer reads a request and gives text for an answer, then keeps the connection open until the other side ends it.
func answer(text string) behaviour {
	return func(context.Context) (net.Conn, error) {
		client, server := net.Pipe()
		go func() {
			defer server.Close()
			buffer := make([]byte, 4096)
			if _, err := server.Read(buffer); err != nil {
				return
			}
			if _, err := server.Write([]byte(text)); err != nil {
				return
			}
			for {
				if _, err := server.Read(buffer); err != nil {
					return
				}
			}
		}()
		return client, nil
	}
}

func status(code int) behaviour {
	return answer(fmt.Sprintf("HTTP/1.1 %d Text\r\nContent-Length: 1000000\r\n\r\n", code))
}

// target n is the n-th server of a service.
func target(n int) Target {
	return Target{"web", fmt.Sprintf("r%d", n), netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(n)}), 80)}
}
