package link

import "sync"

// Ethernet header, and that with the largest IPv4 packet behind it.
const (
	minFrame = 14
	maxFrame = 14 + 65535
)

// Most frames are acknowledgements or full segments: two pools keep the former from occupying the
// memory of the latter.
const (
	smallFrame = 256
	largeFrame = 2048
)

var (
	smallFrames = sync.Pool{New: func() any { return &frame{data: make([]byte, 0, smallFrame)} }}
	largeFrames = sync.Pool{New: func() any { return &frame{data: make([]byte, 0, largeFrame)} }}
)

// frame is a pooled copy of a frame in flight.
type frame struct{ data []byte }

func copyFrame(data []byte) *frame {
	var f *frame
	switch {
	case len(data) <= smallFrame:
		f = smallFrames.Get().(*frame)
	case len(data) <= largeFrame:
		f = largeFrames.Get().(*frame)
	default:
		f = &frame{}
	}
	f.data = append(f.data[:0], data...)
	return f
}

func (f *frame) release() {
	switch cap(f.data) {
	case smallFrame:
		smallFrames.Put(f)
	case largeFrame:
		largeFrames.Put(f)
	}
}
