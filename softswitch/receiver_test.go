package softswitch_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/firstack/firstack/softswitch"
	"github.com/firstack/firstack/softswitch/ports"
)

// burster is a port that takes bursts, and counts them.
type burster struct {
	sink
	bursts int
}

func (b *burster) SendBurst(frames [][]byte, c *ports.Counters) {
	b.bursts++
	for _, f := range frames {
		c.Sent(len(f), b.Send(f))
	}
}

// TestReceiver: frames that arrive together leave together, in order, and are counted as single ones are.
func TestReceiver(t *testing.T) {
	tapped := 0
	sw := softswitch.New(softswitch.Options{CPUPort: 255, MaxFrame: 100, Tap: func(uint32, bool, []byte) { tapped++ }})
	in, out := &sink{}, &burster{}
	if err := errors.Join(sw.AddPort(7, in), sw.AddPort(8, out)); err != nil {
		t.Fatal(err)
	}
	r, stray := sw.Receiver(7), sw.Receiver(3)
	r.Receive([][]byte{[]byte(frame)}) // no program yet
	json, info := kitchen(t)
	if err := sw.Load(json, info); err != nil {
		t.Fatal(err)
	}
	stray.Receive([][]byte{[]byte(frame), []byte(frame)})
	var want []string
	for round := range 2 {
		burst := [][]byte{nil, bytes.Repeat([]byte("x"), 101)}
		for i := range 5 {
			f := fmt.Sprintf("%s %d %d", frame, round, i)
			burst, want = append(burst, []byte(f)), append(want, f)
		}
		r.Receive(burst)
	}
	if got := out.got(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("port 8 sent %q, want %q", got, want)
	}
	if out.bursts != 2 || tapped != 20 {
		t.Errorf("%d bursts, want 2; %d frames tapped, want 20", out.bursts, tapped)
	}
	l := sw.Lost()
	if l.NoProgram.Load() != 1 || l.Empty.Load() != 2 || l.TooLong.Load() != 2 || l.NoPort.Load() != 2 {
		t.Errorf("losses: program %d, empty %d, long %d, port %d", l.NoProgram.Load(), l.Empty.Load(), l.TooLong.Load(), l.NoPort.Load())
	}
	if p := sw.Ports(); p[0].InFrames != 10 || p[0].InBytes != 10*uint64(len(frame)+4) || p[0].InDiscards != 5 || p[1].OutFrames != 10 {
		t.Errorf("ports: %+v", p)
	}
	if err := sw.RemovePort(8); err != nil {
		t.Fatal(err)
	}
	r.Receive([][]byte{[]byte(frame)}) // to a port that is gone
	if l.NoPort.Load() != 3 {
		t.Error("a frame to a port that is gone is not counted")
	}
	if err := sw.Close(); err != nil {
		t.Fatal(err)
	}
}

// waited is a sink that tells of each frame it has got.
type waited struct {
	sink
	sent chan struct{}
}

func (w *waited) Send(f []byte) error {
	defer func() { w.sent <- struct{}{} }()
	return w.sink.Send(f)
}

// TestReceiverOneByOne: a switch with an input queue takes bursts too.
func TestReceiverOneByOne(t *testing.T) {
	sw := softswitch.New(softswitch.Options{InputQueue: 4})
	out := &waited{sent: make(chan struct{}, 4)}
	json, info := kitchen(t)
	if err := errors.Join(sw.AddPort(7, &sink{}), sw.AddPort(8, out), sw.Load(json, info)); err != nil {
		t.Fatal(err)
	}
	sw.Receiver(7).Receive([][]byte{[]byte(frame), []byte(frame)})
	<-out.sent
	<-out.sent
	if err := sw.Close(); err != nil || len(out.got()) != 2 {
		t.Errorf("sent %q, %v", out.got(), err)
	}
}
