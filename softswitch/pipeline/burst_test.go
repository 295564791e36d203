package pipeline

import (
	"fmt"
	"testing"
)

// TestBurst: a burst makes of its frames what they become one by one, counters and digests included.
func TestBurst(t *testing.T) {
	type sent struct {
		port  uint32
		frame string
	}
	var single, together []sent
	var digests [2]int
	one := translateRig(t, 100, Env{
		Transmit: func(port uint32, frame []byte) { single = append(single, sent{port, string(frame)}) },
		Digest:   func(Digest) { digests[0]++ },
	})
	many := translateRig(t, 100, Env{Digest: func(Digest) { digests[1]++ }})
	var b Burst
	for round := range 3 {
		var frames [][]byte
		for i := range 50 {
			f := tcpFrame(round*40 + i) // some have no translation
			if i%7 == 3 {
				f = f[:30] // a short one
			}
			frames = append(frames, f)
		}
		for _, f := range frames {
			one.Process(1, f)
		}
		many.ProcessBurst(&b, 1, frames)
		for i := range b.Len() {
			port, frame := b.Out(i)
			together = append(together, sent{port, string(frame)})
		}
	}
	if len(single) == 0 || fmt.Sprintf("%x", single) != fmt.Sprintf("%x", together) {
		t.Errorf("one by one %d frames, together %d, or other ones", len(single), len(together))
	}
	if one.Stats() != many.Stats() || digests[0] != digests[1] {
		t.Errorf("one by one %+v, %d digests; together %+v, %d", one.Stats(), digests[0], many.Stats(), digests[1])
	}
}

// TestBurstMemory: a burst allocates nothing once its memory is there.
func TestBurstMemory(t *testing.T) {
	pl := translateRig(t, 100, Env{})
	var b Burst
	frames := [][]byte{tcpFrame(1), tcpFrame(2), tcpFrame(3)}
	pl.ProcessBurst(&b, 1, frames)
	if n := testing.AllocsPerRun(100, func() { pl.ProcessBurst(&b, 1, frames) }); n > 0 {
		t.Errorf("%v allocations a burst", n)
	}
}
