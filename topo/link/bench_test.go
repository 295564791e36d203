package link

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// One op is one frame from Send to the receiver.
func BenchmarkLink(b *testing.B) {
	for _, test := range []struct {
		name  string
		size  int
		shape Shape
	}{
		{"ack", 66, Shape{}},
		{"segment", 1514, Shape{}},
		{"segment/5ms", 1514, Shape{Delay: 5 * time.Millisecond}},
		{"segment/5ms/impaired", 1514, Shape{Delay: 5 * time.Millisecond, Jitter: time.Millisecond, Loss: 0.01, Duplicate: 0.01, Reorder: 0.01}},
	} {
		b.Run(test.name, func(b *testing.B) {
			f := newFabric(b, Options{})
			defer f.Close()
			var arrived atomic.Int64
			l := connect(b, f, "l", test.shape, func([]byte) { arrived.Add(1) })
			frame := make([]byte, test.size)
			b.ReportAllocs()
			b.SetBytes(int64(test.size))
			for b.Loop() {
				for l.Send(frame) != nil {
					runtime.Gosched() // the window of frames in flight is full
				}
			}
			for n, _ := f.InFlight(); n > 0; n, _ = f.InFlight() {
				runtime.Gosched()
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
		})
	}
}
