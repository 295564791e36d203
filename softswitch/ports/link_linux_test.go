package ports

import (
	"testing"
	"time"
)

// TestWatchLink follows a port whose peer goes down and comes up, and that goes down and away itself.
func TestWatchLink(t *testing.T) {
	h := newHosts(t)
	p := openInside(t, h.middle, "port-a", InterfaceOptions{})
	told := make(chan Link, 16)
	inside(t, h.middle, func() error { return p.WatchLink(func(l Link) { told <- l }) })
	want := func(when string, up bool) {
		t.Helper()
		began, deadline := time.Now(), time.After(10*time.Second)
		for {
			select {
			case l := <-told:
				if l.Up == up {
					t.Logf("%s: told after %v: %+v", when, time.Since(began), l)
					if up && (len(l.MAC) != 6 || l.MTU == 0) {
						t.Errorf("%s: %+v", when, l)
					}
					return
				}
			case <-deadline:
				t.Fatalf("%s: nobody told that the link is up: %v", when, up)
			}
		}
	}
	want("at first", true)
	run(t, "ip -n %s link set dev eth0 down", h.a)
	want("the peer is down", false)
	run(t, "ip -n %s link set dev eth0 up", h.a)
	want("the peer is up again", true)
	run(t, "ip -n %s link set dev port-a down", h.middle)
	want("the port is down", false)
	run(t, "ip -n %s link set dev port-a up", h.middle)
	want("the port is up again", true)
	run(t, "ip -n %s link del dev eth0", h.a)
	want("the port has gone", false)
}
