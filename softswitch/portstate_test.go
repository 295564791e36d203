package softswitch_test

import (
	"testing"
	"time"

	"github.com/firstack/firstack/softswitch"
	"github.com/firstack/firstack/softswitch/ports"
)

// changed waits for the next change of ports.
func changed(t *testing.T, next <-chan struct{}) {
	t.Helper()
	select {
	case <-next:
	case <-time.After(10 * time.Second):
		t.Fatal("nobody told of the change")
	}
}

func port(t *testing.T, sw *softswitch.Switch, id uint32) softswitch.PortInfo {
	t.Helper()
	for _, p := range sw.Ports() {
		if p.ID == id {
			return p
		}
	}
	t.Fatalf("there is no port %d", id)
	return softswitch.PortInfo{}
}

// A disabled port neither takes nor sends frames, and counts them.
func TestDisabledPort(t *testing.T) {
	sw := softswitch.New(softswitch.Options{CPUPort: 255})
	defer sw.Close()
	a, b := &sink{}, &sink{}
	for id, p := range map[uint32]*sink{7: a, 8: b} {
		if err := sw.AddPort(id, p); err != nil {
			t.Fatal(err)
		}
	}
	if err := sw.Load(kitchen(t)); err != nil {
		t.Fatal(err)
	}
	receivers := map[uint32]*softswitch.Receiver{7: sw.Receiver(7), 8: sw.Receiver(8)}
	forward := func(from uint32) {
		sw.Receive(from, []byte(frame))
		receivers[from].Receive([][]byte{[]byte(frame)})
	}
	next := sw.PortsChanged()
	if err := sw.SetPortEnabled(8, false); err != nil {
		t.Fatal(err)
	}
	changed(t, next)
	forward(7)
	forward(8)
	if p := port(t, sw, 8); len(a.got())+len(b.got()) != 0 || p.Enabled || p.Up || !p.Link.Up || p.OutDiscards != 2 || p.InDiscards != 2 || p.InFrames != 0 {
		t.Errorf("disabled: %+v; sent %q and %q", p, a.got(), b.got())
	}
	if err := sw.SetPortEnabled(8, true); err != nil {
		t.Fatal(err)
	}
	forward(7)
	forward(8)
	if p := port(t, sw, 8); len(a.got()) != 2 || len(b.got()) != 2 || !p.Up || p.OutFrames != 2 || p.InFrames != 2 {
		t.Errorf("enabled again: %+v; sent %q and %q", p, a.got(), b.got())
	}
	if err := sw.SetPortEnabled(9, true); err == nil {
		t.Error("a port that there is not was enabled")
	}
}

// What others tell of a port's state is told on, once for each change; what comes and goes too.
func TestPortsChanged(t *testing.T) {
	sw := softswitch.New(softswitch.Options{})
	defer sw.Close()
	next := sw.PortsChanged()
	if err := sw.AddPort(1, &sink{}); err != nil {
		t.Fatal(err)
	}
	changed(t, next)
	first := port(t, sw, 1)
	if !first.Up || !first.Enabled {
		t.Errorf("at first %+v", first)
	}
	for _, link := range []ports.Link{{}, {MTU: 9000}, {Up: true, MTU: 9000}} {
		next = sw.PortsChanged()
		if err := sw.SetPortLink(1, link); err != nil {
			t.Fatal(err)
		}
		changed(t, next)
		if p := port(t, sw, 1); p.Up != link.Up || !p.Link.Equal(link) || !p.Changed.After(first.Changed) {
			t.Errorf("after %+v: %+v", link, p)
		}
		next = sw.PortsChanged()
		if err := sw.SetPortLink(1, link); err != nil {
			t.Fatal(err)
		}
		select {
		case <-next:
			t.Error("told of what did not change")
		default:
		}
	}
	if err := sw.RemovePort(1); err != nil {
		t.Fatal(err)
	}
	changed(t, next)
	if err := sw.SetPortLink(1, ports.Link{}); err == nil {
		t.Error("a port that has gone has a link")
	}
}
